"""A btrfs root with compressed files, straight from the tree: no loop device, no mount.

Two subvolumes, `@` and `@home`. The file system's id is a metadata_uuid apart from the one that
people and boot loaders see, so that a new id changes the two superblocks alone.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from imagebuilder.toolsroot import run_tool

# Reading costs the same at every level.
_COMPRESSION = "zstd:9"


def make_btrfs(tree: Path, target: Path, size_bytes: int, root_uuid: str) -> int:
    """A btrfs with the tree's files in a new file; the bytes that it takes.

    `size_bytes`: what the files take at most. The tree is as before afterwards.
    """
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
        run_tool(
            [
                *("mkfs.btrfs", "-q", "-L", "system", "--rootdir", top, "--shrink"),
                *("--subvol", "rw:@", "--subvol", "rw:@home", "--compress", _COMPRESSION),
                target,
            ]
        )
        run_tool(["btrfstune", "-f", "-M", root_uuid, target])
        run_tool(["btrfs", "check", "--readonly", target])
    finally:
        if (top / "@home").is_dir():
            home.rmdir()
            (top / "@home").rename(home)
        (top / "@").rename(tree)
        top.rmdir()
    return target.stat().st_size
