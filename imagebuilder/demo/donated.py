"""The disks of a donated PC: a SATA disk, an NVMe drive, a USB disk that is not part of it.

Raw sparse files with what real ones hold: GPT, FAT, NTFS, ext4, LVM, software RAID, swap, and
remains of deleted files in between. No loop device, no mount, no kernel driver; some ten seconds.
Made once for each recipe; whoever lets a machine write to them takes a copy (`Donated.copied_to`).
"""

import inspect
import json
import random
import shutil
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from imagebuilder.cache import made_once, recipe_key
from imagebuilder.demo import lvm, markers, past, raid, sparse
from imagebuilder.demo.markers import Mint, search
from imagebuilder.demo.past import Family
from imagebuilder.demo.sparse import copy_sparse, make_sparse
from imagebuilder.run import run
from imagebuilder.toolsroot import run_tool

MIB = 1 << 20
SATA, NVME, DECOY, AWKWARD = "sata", "nvme", "decoy", "awkward"

# GPT partition types by sfdisk's aliases and GUIDs: what Windows' and Debian's installers use.
_MSR = "E3C9E316-0B5C-4DB8-817D-F92DF00215AE"
_NVME_DATA_MIB = 640
_BASIC = "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7"


@dataclass(frozen=True, slots=True, kw_only=True)
class Partition:
    """A partition: type as sfdisk takes it, size in MiB, name."""

    kind: str
    size_mib: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Donated:
    """The disks by name (`sata`, `nvme`, `decoy`, `awkward`) and how many markers each holds."""

    directory: Path
    markers: dict[str, int]

    def path(self, name: str) -> Path:
        """The raw file of a disk."""
        return self.directory / f"{name}.raw"

    def copied_to(self, directory: Path, *names: str) -> "Donated":
        """Copies of these disks that a machine may write to; sparse, or shared blocks."""
        directory.mkdir(parents=True, exist_ok=True)
        for name in names:
            target = directory / f"{name}.raw"
            target.unlink(missing_ok=True)
            run(["cp", "--sparse=always", "--reflink=auto", self.path(name), target])
        counts = {name: self.markers[name] for name in names}
        return Donated(directory=directory, markers=counts)


def donated_disks(build: Path, *, sata_mib: int = 8192, nvme_mib: int = 2048) -> Donated:
    """The disks below `build`, made now if they are not there. At least 3 GiB and 768 MiB."""
    modules: tuple[ModuleType, ...] = (lvm, markers, past, raid, sparse)
    sources = [inspect.getsource(module) for module in modules]
    key = recipe_key(Path(__file__).read_bytes(), *sources, f"{sata_mib} {nvme_mib}")

    def make(directory: Path) -> None:
        work = directory / "work"
        work.mkdir()
        issued = {
            SATA: _sata(work, directory / "sata.raw", sata_mib),
            NVME: _nvme(work, directory / "nvme.raw", nvme_mib),
            DECOY: _decoy(work, directory / "decoy.raw"),
            AWKWARD: _awkward(work, directory / "awkward.raw"),
        }
        for name, mint in issued.items():
            found = {hit.text for hit in search(directory / f"{name}.raw")}
            missing = set(mint.issued) - found
            if missing:
                raise RuntimeError(f"{name}: {len(missing)} of its markers are not on the disk")
        shutil.rmtree(work)
        listed = {name: mint.issued for name, mint in issued.items()}
        (directory / "markers.json").write_text(json.dumps(listed, indent=0))

    place = made_once(build / "donated" / key, "disks of a donated PC", make)
    listed: dict[str, list[str]] = json.loads((place / "markers.json").read_text())
    return Donated(directory=place, markers={name: len(texts) for name, texts in listed.items()})


def _sata(work: Path, disk: Path, size_mib: int) -> Mint:
    """Windows beside Linux, an LVM volume group, swap, and deleted files behind them."""
    mint = Mint(SATA)
    parts = _partitioned(
        disk,
        size_mib,
        (
            Partition(kind="uefi", size_mib=100, name="EFI system partition"),
            Partition(kind=_MSR, size_mib=16, name="Microsoft reserved partition"),
            Partition(kind=_BASIC, size_mib=1200, name="Basic data partition"),
            Partition(kind="linux", size_mib=768, name="debian"),
            Partition(kind="swap", size_mib=128, name=""),
            Partition(kind="lvm", size_mib=512, name=""),
        ),
    )
    esp = make_sparse(work / "sata-esp", 100 * MIB)
    _fat(esp, work / "sata-esp-files", mint, "SYSTEM", Family(texts=5, pictures=0, picture_bytes=0))
    windows = make_sparse(work / "sata-windows", 1200 * MIB)
    _ntfs(windows, work, mint, Family(texts=600, pictures=40, picture_bytes=MIB))
    linux = make_sparse(work / "sata-linux", 768 * MIB)
    _ext4(linux, work / "linux", mint, Family(texts=2500, pictures=60, picture_bytes=MIB // 2))
    swap = make_sparse(work / "sata-swap", 128 * MIB)
    _swap(swap, mint)
    volume = make_sparse(work / "sata-volume", 384 * MIB)
    _ext4(volume, work / "volume", mint, Family(texts=800, pictures=30, picture_bytes=MIB // 2))
    group = make_sparse(work / "sata-group", 512 * MIB)
    lvm.write_volume_group(group, name="donor", volume="home", content=volume)
    for content, begin in zip((esp, None, windows, linux, swap, group), parts, strict=True):
        if content is not None:
            copy_sparse(content, disk, begin)
    _remains(disk, parts[-1] + 512 * MIB, mint)
    return mint


def _nvme(work: Path, disk: Path, size_mib: int) -> Mint:
    """A data drive: one big ext4, deleted files behind it."""
    mint = Mint(NVME)
    (begin,) = _partitioned(
        disk, size_mib, (Partition(kind="linux", size_mib=_NVME_DATA_MIB, name="data"),)
    )
    data = make_sparse(work / "nvme-data", _NVME_DATA_MIB * MIB)
    _ext4(data, work / "data", mint, Family(texts=2000, pictures=80, picture_bytes=MIB))
    copy_sparse(data, disk, begin)
    _remains(disk, begin + _NVME_DATA_MIB * MIB, mint)
    return mint


def _decoy(work: Path, disk: Path) -> Mint:
    """Somebody's USB disk that happens to be plugged in."""
    mint = Mint(DECOY)
    (begin,) = _partitioned(disk, 256, (Partition(kind=_BASIC, size_mib=240, name="backup"),))
    volume = make_sparse(work / "decoy", 240 * MIB)
    family = Family(texts=200, pictures=20, picture_bytes=MIB // 2)
    _fat(volume, work / "decoy-files", mint, "BACKUP", family)
    copy_sparse(volume, disk, begin)
    return mint


def _awkward(work: Path, disk: Path) -> Mint:
    """What tempts a system into touching a disk: RAID, LVM, swap, and names of our own stick."""
    mint = Mint(AWKWARD)
    parts = _partitioned(
        disk,
        768,
        (
            Partition(kind="raid", size_mib=100, name=""),
            Partition(kind="raid", size_mib=100, name=""),
            Partition(kind="lvm", size_mib=128, name=""),
            Partition(kind="swap", size_mib=64, name=""),
            Partition(kind=_BASIC, size_mib=64, name="TAJDEED"),
            Partition(kind="linux", size_mib=64, name="tajdeed-state"),
        ),
    )
    small = Family(texts=200, pictures=4, picture_bytes=MIB)
    mirrored = make_sparse(work / "awkward-mirrored", 90 * MIB)
    _ext4(mirrored, work / "mirrored", mint, small)
    halves = [make_sparse(work / f"awkward-half{number}", 100 * MIB) for number in (0, 1)]
    raid.write_mirror(halves, name="0", content=mirrored)
    volume = make_sparse(work / "awkward-volume", 96 * MIB)
    _ext4(volume, work / "awkward-home", mint, small)
    group = make_sparse(work / "awkward-group", 128 * MIB)
    lvm.write_volume_group(group, name="office", volume="root", content=volume)
    swap = make_sparse(work / "awkward-swap", 64 * MIB)
    _swap(swap, mint)
    data = make_sparse(work / "awkward-data", 64 * MIB)
    _fat(data, work / "awkward-data-files", mint, "TAJDEED", small)
    state = make_sparse(work / "awkward-state", 64 * MIB)
    _ext4(state, work / "awkward-state-files", mint, small, label="tajdeed-state")
    for content, begin in zip((*halves, group, swap, data, state), parts, strict=True):
        copy_sparse(content, disk, begin)
    return mint


def _partitioned(disk: Path, size_mib: int, partitions: tuple[Partition, ...]) -> list[int]:
    """An empty disk with a GPT; the partitions' first bytes."""
    make_sparse(disk, size_mib * MIB)
    lines, begins, begin_mib = ["label: gpt"], [], 1
    for part in partitions:
        name = f', name="{part.name}"' if part.name else ""
        lines.append(f"start={begin_mib}MiB, size={part.size_mib}MiB, type={part.kind}{name}")
        begins.append(begin_mib * MIB)
        begin_mib += part.size_mib
    script = "\n".join(lines).encode()
    run_tool(["sfdisk", "--quiet", "--no-reread", "--no-tell-kernel", disk], stdin=script)
    return begins


def _ext4(volume: Path, tree: Path, mint: Mint, family: Family, label: str = "") -> None:
    past.write_tree(tree, mint, family)
    name = ["-L", label] if label else []
    run_tool(["mke2fs", "-q", "-F", "-t", "ext4", *name, "-d", tree, volume])


def _ntfs(volume: Path, work: Path, mint: Mint, family: Family) -> None:
    files = past.write_flat(work / "windows", mint, family)
    listing = "".join(f"{path}\n{name}\n" for name, path in files.items())
    script = (
        'mkntfs -F -Q -q -L Windows "$1" >&2; '
        'while read -r path && read -r name; do ntfscp -q "$1" "$path" "$name"; done'
    )
    run_tool(["sh", "-euc", script, "ntfs", volume], stdin=listing.encode())


def _fat(volume: Path, tree: Path, mint: Mint, label: str, family: Family) -> None:
    past.write_tree(tree, mint, family)
    run_tool(["mkfs.vfat", "-F", "32", "-n", label, volume])
    run_tool(["mcopy", "-s", "-i", volume, tree / "home", "::/"])


def _swap(volume: Path, mint: Mint) -> None:
    """Swap as a session left it: pages of programs, every sixteenth with something personal."""
    run_tool(["mkswap", "-q", volume])
    rng = random.Random(f"swap {volume.name}")  # noqa: S311 - filler, no secret
    with volume.open("r+b") as stream:
        for begin in range(64 * 1024, volume.stat().st_size // 2, 64 * 1024):
            stream.seek(begin)
            stream.write(past.picture(rng, mint, 4096, utf16=False))


def _remains(disk: Path, begin: int, mint: Mint) -> None:
    """Remains of deleted files from `begin` up to the backup GPT, which is the last thing."""
    rng = random.Random(f"remains {disk.name}")  # noqa: S311 - filler, no secret
    size = disk.stat().st_size
    last = size - 33 * 512 - 4096
    with disk.open("r+b") as stream:
        for number, offset in enumerate((*range(begin + 12288, last, 8 * MIB), last)):
            stream.seek(offset)
            stream.write(past.picture(rng, mint, 4096, utf16=number % 2 == 0))
