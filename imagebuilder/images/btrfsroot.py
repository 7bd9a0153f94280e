"""A btrfs root with compressed files, straight from the tree: no loop device, no mount.

Two subvolumes, `@` and `@home`. The file system's id is a metadata_uuid apart from the one that
people and boot loaders see, so that a new id changes the two superblocks alone.

mkfs.btrfs draws ids and looks at the clock: libfaketime(1) gives it numbers and a time that
belong to the image. In which order it meets the files of a directory, the file system below the
tree decides; so on another machine the same image may come out with the same files in other places.
"""

from __future__ import annotations

import shutil
import uuid
from datetime import UTC, datetime
from pathlib import Path

from imagebuilder.toolsroot import run_tool

# Reading costs the same at every level.
_COMPRESSION = "zstd:9"
# btrfs leaves its first 64 KiB to boot loaders; the first start reads it there
# (profiles/familypc/wayback/settling.py).
HOSTNAME_AT = 32 << 10
_FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"


def make_btrfs(
    tree: Path, target: Path, size_bytes: int, root_uuid: str, hostname: str, epoch: int
) -> int:
    """A btrfs with the tree's files in a new file, and the bytes that it takes.

    `size_bytes`: what the files take at most; `hostname`: what the first start finds before the
    file system; `epoch`: the image's time, in Unix seconds. The tree is as before afterwards.
    """
    own = uuid.UUID(root_uuid)
    trees, device = uuid.uuid5(own, "trees"), uuid.uuid5(own, "device")
    top = tree.with_name(f"{tree.name}-top")
    top.mkdir()
    tree.rename(top / "@")
    home = top / "@/home"
    try:
        home.rename(top / "@home")
        home.mkdir()
        shutil.copystat(top / "@home", home)
        with target.open("wb") as stream:
            stream.truncate(size_bytes)
        _settled(
            own,
            epoch,
            *("mkfs.btrfs", "-q", "-L", "system", "--rootdir", top, "--shrink"),
            *("-U", str(trees), "--device-uuid", str(device)),
            *("--subvol", "rw:@", "--subvol", "rw:@home", "--compress", _COMPRESSION),
            target,
        )
        _settled(own, epoch, "btrfstune", "-f", "-M", root_uuid, target)
        with target.open("r+b") as stream:
            stream.seek(HOSTNAME_AT)
            stream.write(f"{hostname}\n".encode())
        run_tool(["btrfs", "check", "--readonly", target])
    finally:
        if (top / "@home").is_dir():
            home.rmdir()
            (top / "@home").rename(home)
        (top / "@").rename(tree)
        top.rmdir()
    return target.stat().st_size


def _settled(seed: uuid.UUID, epoch: int, *words: str | Path) -> None:
    """Run a tool with one time and one row of random numbers.

    libuuid mixes process ids into what it draws: the tool is the first of a namespace of its own.
    """
    moment = datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%d %H:%M:%S")
    clock = ["TZ=UTC", f"FAKETIME={moment}", f"FAKERANDOM_SEED={seed.int >> 64:#x}"]
    run_tool(["unshare", "--pid", "--fork", "env", f"LD_PRELOAD={_FAKETIME}", *clock, *words])
