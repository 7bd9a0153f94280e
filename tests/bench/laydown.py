"""Laying an image down against bmaptool, partclone and zstd | dd, on a fast and a slow device.

The image is a real file system (the tools root's programs and libraries), 8 MiB frames, zstd -3,
and it lies in the page cache. Every contender runs as a process of its own on all cores, in turn
with the others; medians count, and what it needs to start, measured with a tiny image, is taken
off. A run ends when the device has flushed. Peers that write every byte are set against our
lay-down onto any drive, peers that leave the holes against ours onto a drive known to be blank;
no peer reads back what it wrote, so that time stands in a row of its own. The slow device is a
FUSE file that takes so many bytes a second and no more, behind a loop device like the fast one.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from appliance.imaging.laydown import lay_down
from appliance.imaging.manifest import (
    DATA_NAME,
    FIRST_BYTES,
    SCHEMA,
    SECTOR_BYTES,
    Manifest,
    Needs,
    Partition,
    Title,
)
from appliance.imaging.source import FileSource
from appliance.model import from_json, to_json
from imagebuilder.images.frames import FRAME_BYTES, write_frames
from imagebuilder.toolsroot import in_tools, run_tool, tools_root
from tests.bench.contest import measured, ram_disk
from tests.bench.figures import Figure
from tests.unit.faultydisk import Faults, faulty_disk

ROUNDS = 3
SLOW_BYTES_S = 150_000_000
LEAST_OF_PEER = 1.0
LEAST_OF_DEVICE = 0.95
_MIB = 1 << 20
_ROOT_OFFSET = 4 * _MIB
_FREE_MIB = 192

EVERY_BYTE, NO_HOLES = "every byte", "no holes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """One system in the form that each contender takes; `mapped_bytes`: without the holes."""

    place: Path
    disk_bytes: int
    mapped_bytes: int


Contender = Callable[[Image, Path], float]
"""Called with the image and the device; the seconds that it took."""


def make_image(place: Path, tree: Path, free_mib: int) -> Image:
    """The file system of a directory as a framed disk, with a block map, and for partclone."""
    place.mkdir()
    root, raw, data = place / "root.ext4", place / "disk.raw", place / DATA_NAME
    taken = sum(
        -(-os.lstat(os.path.join(directory, name)).st_size // 4096) * 4096
        for directory, names, files in os.walk(tree)
        for name in (*names, *files)
    )
    root_mib = taken * 107 // 100 // _MIB + free_mib
    run_tool(["mke2fs", "-q", "-t", "ext4", "-b", "4096", "-d", tree, root, f"{root_mib}M"])
    with raw.open("wb") as disk, root.open("rb") as system:
        disk.write(os.urandom(FIRST_BYTES))
        offset = _ROOT_OFFSET
        while chunk := system.read(_MIB):
            if any(chunk):
                disk.seek(offset)
                disk.write(chunk)
            offset += len(chunk)
        disk.truncate(offset + 2 * _MIB)
    framed = write_frames(raw, data, ())
    size = raw.stat().st_size
    manifest = Manifest(
        schema=SCHEMA,
        profile="bench",
        title=Title(ar="", en=""),
        version="",
        release="",
        built_at="",
        support_until="",
        needs=Needs(ram_mib=0, disk_gib=0),
        disk_bytes=size,
        sector_bytes=SECTOR_BYTES,
        frame_bytes=FRAME_BYTES,
        file_bytes=framed.file_bytes,
        frames=framed.frames,
        extents=framed.extents,
        partitions=(
            Partition(number=1, role="bios-boot", first_lba=2048, last_lba=4095),
            Partition(number=2, role="esp", first_lba=4096, last_lba=8191),
            Partition(number=3, role="root", first_lba=8192, last_lba=size // 512 - 4097),
        ),
        root_file_system="ext4",
        slots=(),
        kernel="",
        packages=0,
        recipe="",
    )
    (place / "manifest.json").write_text(json.dumps(to_json(manifest)))
    run_tool(["bmaptool", "--quiet", "create", "-o", place / "disk.bmap", raw])
    clone = place / "root.partclone"
    log = place / "partclone.log"
    run_tool(["partclone.ext4", "-c", "-s", root, "-o", clone, "-L", log, "-q"])
    run_tool(["zstd", "-q", "-3", "--rm", clone])
    raw.unlink()
    root.unlink()
    return Image(
        place=place,
        disk_bytes=size,
        mapped_bytes=sum(extent.length for extent in framed.extents),
    )


def contenders() -> dict[str, Contender]:
    """Name -> a way to bring an image onto a device."""

    def ours(*words: str) -> Contender:
        def run(image: Image, device: Path) -> float:
            told = image.place / "read-back-s"
            words_of_ours = [str(image.place), str(device), str(told), *words]
            wall_s = measured([sys.executable, "-m", "tests.bench.laydown", *words_of_ours]).wall_s
            if "read-back" in words:
                return wall_s
            return wall_s - float(told.read_text())

        return run

    def peer(command: str) -> Contender:
        def run(image: Image, device: Path) -> float:
            environment = [f"image={image.place}", f"device={device}"]
            environment.append(f"bytes={image.disk_bytes}B")
            shell = ["env", *environment, "bash", "-euo", "pipefail", "-c", command]
            return measured(in_tools(shell)).wall_s

        return run

    return {
        "ours": ours(),
        "device": peer(
            'dd if=/dev/zero of="$device" bs=4M count="$bytes" oflag=direct conv=fsync status=none'
        ),
        # Right after the zeros: it reads back what it has not written.
        "ours, blank drive": ours("blank"),
        "ours, read back": ours("read-back"),
        "zstd | dd": peer(
            'zstd -dcq "$image/disk.raw.zst"'
            ' | dd of="$device" bs=4M iflag=fullblock oflag=direct conv=fsync status=none'
        ),
        "bmaptool copy": peer(
            'bmaptool --quiet copy --bmap "$image/disk.bmap" "$image/disk.raw.zst" "$device"'
        ),
        "partclone.restore": peer(
            'zstd -dcq "$image/root.partclone.zst"'
            ' | partclone.restore -q -s - -o "$device" -L "$image/partclone.log"; sync "$device"'
        ),
    }


def measure() -> Iterator[Figure]:
    """All contenders in turn on both devices."""
    with tempfile.TemporaryDirectory(prefix="tajdeed-bench-", dir="/var/tmp") as name:
        directory = Path(name)
        tiny_tree = directory / "tree"
        (tiny_tree / "empty").mkdir(parents=True)
        tiny = make_image(directory / "tiny", tiny_tree, 16)
        image = make_image(directory / "image", tools_root() / "usr", _FREE_MIB)
        room = image.disk_bytes + 8 * _MIB
        with ram_disk(room) as device:
            yield from _figures("memory", tiny, image, device, slow=False)
        with faulty_disk(directory, room, Faults(write_bytes_s=SLOW_BYTES_S)) as device:
            where = f"{SLOW_BYTES_S / 1e6:.0f} MB/s"
            yield from _figures(where, tiny, image, device, slow=True)


def _figures(
    where: str, tiny: Image, image: Image, device: Path, *, slow: bool
) -> Iterator[Figure]:
    starts: dict[str, list[float]] = {}
    wholes: dict[str, list[float]] = {}
    for _ in range(ROUNDS):
        for one, times in ((tiny, starts), (image, wholes)):
            for name, contender in contenders().items():
                times.setdefault(name, []).append(contender(one, device))
    rest = image.disk_bytes - tiny.disk_bytes
    rest_mapped = image.mapped_bytes - tiny.mapped_bytes
    took_s: dict[str, list[float]] = {}
    for name, walls in wholes.items():
        start_s = statistics.median(starts[name])
        took_s[name] = [wall - start_s for wall in walls]
        if min(took_s[name]) <= 0:
            raise RuntimeError(f"this machine is too busy to measure {name}: {took_s[name]} s")
    median_s = {name: statistics.median(found) for name, found in took_s.items()}

    def told(name: str) -> str:
        return f"{median_s[name]:.2f} s ({min(took_s[name]):.2f}-{max(took_s[name]):.2f})"

    for what, own, peer in (
        (f"{rest / 1e9:.2f} GB, {EVERY_BYTE}", "ours", "zstd | dd"),
        (f"{rest_mapped / 1e9:.2f} GB, {NO_HOLES}", "ours, blank drive", "bmaptool copy"),
        (f"{rest_mapped / 1e9:.2f} GB, {NO_HOLES}", "ours, blank drive", "partclone.restore"),
    ):
        ratio = median_s[peer] / median_s[own]
        yield Figure(
            what=f"{where}: {what}",
            ours=told(own),
            peer=f"{peer}: {told(peer)}",
            ratio=f"{ratio:.2f} x",
            limit=f">= {LEAST_OF_PEER} x",
            # Where both wait for the device they tie, and the last milliseconds are chance.
            met=round(ratio, 2) >= LEAST_OF_PEER,
        )
    device_rate = rest / median_s["device"]
    for what, own, written in (
        (f"  rate, {EVERY_BYTE}", "ours", rest),
        (f"  rate, {NO_HOLES}", "ours, blank drive", rest_mapped),
    ):
        ratio = written / median_s[own] / device_rate
        yield Figure(
            what=f"{where}: {what}",
            ours=f"{written / median_s[own] / 1e9:.3f} GB/s",
            peer=f"device (dd of zeros): {device_rate / 1e9:.3f} GB/s",
            ratio=f"{ratio:.2f} x",
            limit=f">= {LEAST_OF_DEVICE} x" if slow else "",
            met=ratio >= LEAST_OF_DEVICE if slow else None,
        )
    yield Figure(what=f"{where}: {EVERY_BYTE}, then all read back", ours=told("ours, read back"))


def run_ours(place: Path, device: Path, told: Path, *words: str) -> None:
    """What the contender `ours` does, in its own process: the engine, as the worker uses it."""
    manifest = from_json(Manifest, json.loads((place / "manifest.json").read_text()))
    data = os.open(place / DATA_NAME, os.O_RDONLY)
    fd = os.open(device, os.O_RDWR | os.O_DIRECT | os.O_EXCL)
    try:
        written = lay_down(
            fd,
            FileSource(data),
            manifest,
            drive_bytes=os.lseek(fd, 0, os.SEEK_END),
            report=lambda progress: None,
            read_back="read-back" in words,
            blank="blank" in words,
        )
    finally:
        os.close(fd)
        os.close(data)
    told.write_text(f"{written.read_back_s}")


if __name__ == "__main__":
    run_ours(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), *sys.argv[4:])
