"""Writes a stick: a file, or a whole USB medium, each with an identity of its own.

Everything is put in place by offset (mkfs.fat, mtools, mke2fs): no loop device, no mount, no
root needed for a file but for the tools root. Trust lies on the ext4 partition only, which no
office PC changes by accident; settings and images on the partition that Windows and macOS open.
"""

import os
import secrets
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from imagebuilder.console import step
from imagebuilder.run import run
from imagebuilder.stick import loaders
from imagebuilder.stick.base import USER_COURIER
from imagebuilder.stick.layout import MIB, SECTOR_BYTES, Layout, Partition, stick_layout
from imagebuilder.toolsroot import run_tool

STATE_MIB = 256
# Free space on the data partition beside what is put there: certificates to read.
_SPARE_MIB = 48

_GRUB_CONFIG = """\
set timeout=0
if [ "$grub_platform" = pc ]; then
  insmod vbe
  set gfxpayload="1280x1024x32;1280x800x32;1280x720x32;1024x768x32;1024x768;800x600x32;800x600"
else
  set gfxpayload=keep
fi
linux /tajdeed/vmlinuz {command_line}
initrd /tajdeed/initrd.img
boot
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What every stick of one build has: kernel, initramfs, layers, boot loaders."""

    base: Path
    app: Path
    initrd: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Personal:
    """What makes a stick somebody's.

    `config`: station.yaml, or a directory with it and other files for the data partition.
    `images`: directories as `dist/images/PROFILE`. `trust`: CA certificates (PEM). `image_keys`:
    public keys of images (PEM). `files`: more files for the data partition, path to content.
    `command_line`: further kernel words. `initrd_extra`: an archive appended to the initramfs
    (tests only).
    """

    config: Path | None = None
    images: Sequence[Path] = ()
    trust: Sequence[Path] = ()
    image_keys: Sequence[Path] = ()
    files: dict[str, bytes] = field(default_factory=dict)
    command_line: str = ""
    initrd_extra: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A stick that was written: its layout, and the bytes that the system itself takes."""

    layout: Layout
    system_bytes: int


def write_stick(
    target: Path, parts: Parts, personal: Personal | None = None, *, data_mib: int | None = None
) -> Written:
    """Write a stick to a file (replaced whole) or to a block device (all of it).

    `data_mib`: size of the data partition; by default what fits its content, or, on a device,
    all that is left. Raises `ValueError` when something does not fit, `ProgramError` when a tool
    fails; a file then stays as it was before.
    """
    personal = personal or Personal()
    with step(f"stick: {target}"), tempfile.TemporaryDirectory(prefix="tajdeed-stick-") as name:
        work = Path(name)
        data = _data_files(work / "data", personal)
        system = _system_files(work / "system", parts)
        device = target.is_block_device()
        # FAT needs some sectors beside its clusters, and a FAT32 at least 33 MiB
        system_mib = max(40, _size_mib(system) + 12)
        need_mib = max(64, _size_mib(data) * 101 // 100 + _SPARE_MIB)
        if device:
            whole_mib = int(run(["blockdev", "--getsize64", target]).text) // MIB
            room_mib = (
                whole_mib
                - stick_layout(data_mib=0, system_mib=system_mib, state_mib=STATE_MIB).total_mib
            )
            data_mib = min(data_mib or room_mib, room_mib)
        data_mib = data_mib or need_mib
        if data_mib < need_mib:
            raise ValueError(f"{target}: {need_mib} MiB are needed for data, {data_mib} are there")
        layout = stick_layout(data_mib=data_mib, system_mib=system_mib, state_mib=STATE_MIB)
        _boot_files(system, parts, personal, layout)
        if device:
            _write(target, layout, data, system, work, parts, personal)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            fresh = target.with_name(f"{target.name}.new")
            fresh.unlink(missing_ok=True)
            with fresh.open("wb") as stream:
                stream.truncate(layout.total_mib * MIB)
            _write(fresh, layout, data, system, work, parts, personal)
            fresh.replace(target)
        written = sum(path.stat().st_size for path in system.rglob("*") if path.is_file())
    return Written(layout=layout, system_bytes=written)


def _write(
    target: Path,
    layout: Layout,
    data: Path,
    system: Path,
    work: Path,
    parts: Parts,
    personal: Personal,
) -> None:
    if target.is_block_device():
        run(["wipefs", "--all", "--quiet", target])
    run_tool(["sfdisk", "--quiet", "--no-reread", target], stdin=layout.table().encode())
    _fat(target, layout.data, "TAJDEED", data)
    _fat(target, layout.system, "TJDBOOT", system)
    _state(target, layout.state, work / "state", personal)
    _bios(target, layout.bios, parts)
    with target.open("rb+") as stream:
        os.fsync(stream.fileno())


def _data_files(place: Path, personal: Personal) -> Path:
    """The data partition's content; images are linked, not copied."""
    for name in ("images", "certificates", "guide"):
        (place / name).mkdir(parents=True)
    if personal.config is not None and personal.config.is_dir():
        shutil.copytree(personal.config, place, dirs_exist_ok=True)
    elif personal.config is not None:
        shutil.copyfile(personal.config, place / "station.yaml")
    for name, content in personal.files.items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    for image in personal.images:
        if not (image / "manifest.jws").is_file():
            raise ValueError(f"{image}: no image (manifest.jws is missing)")
        (place / "images" / image.name).mkdir()
        for path in sorted(image.iterdir()):
            if path.is_file():
                (place / "images" / image.name / path.name).symlink_to(path.resolve())
    return place


def _system_files(place: Path, parts: Parts) -> Path:
    """The system partition's large files (links)."""
    (place / "tajdeed").mkdir(parents=True)
    (place / "tajdeed/vmlinuz").symlink_to(parts.base / "vmlinuz")
    (place / "tajdeed/base.squashfs").symlink_to(parts.base / "system.squashfs")
    (place / "tajdeed/app.squashfs").symlink_to(parts.app)
    return place


def _boot_files(place: Path, parts: Parts, personal: Personal, layout: Layout) -> None:
    """Loaders and their configuration, which names this very stick."""
    words = f"tajdeed.stick={layout.system.guid} console=tty0 quiet loglevel=3"
    # Nothing outside the stick (SMBIOS, say) adds units: systemd.system-credentials(7).
    words += " systemd.import_credentials=no"
    # libata keeps TCG's commands from SATA drives otherwise: their locks could not be seen.
    words += " libata.allow_tpm=1"
    # Huge pages make the kernel hold 45 MB back on a PC of 2 GB (and count 75 MB as not available)
    # so that it can always make one up; nothing here waits for a huge page.
    words += " sysctl.vm.min_free_kbytes=16384"
    command_line = f"{words} {personal.command_line}".strip()
    config = _GRUB_CONFIG.format(command_line=command_line)
    # BIOS and 32-bit UEFI read the first, Debian's signed GRUB the second
    for name in ("boot/grub/grub.cfg", "EFI/debian/grub.cfg"):
        path = place / name
        path.parent.mkdir(parents=True)
        path.write_text(config)
    (place / "EFI/BOOT").mkdir()
    for name in ("BOOTX64.EFI", "grubx64.efi", "mmx64.efi", "BOOTIA32.EFI"):
        (place / "EFI/BOOT" / name).symlink_to(parts.base / "loaders" / name)
    (place / "tajdeed/initrd.img").write_bytes(parts.initrd + personal.initrd_extra)


def _fat(target: Path, partition: Partition, label: str, content: Path) -> None:
    """A FAT32 file system in a partition, with a volume id of its own, filled from a directory."""
    blocks = str(partition.size_mib * 1024)
    volume = f"{secrets.randbits(32):08x}"
    offset = str(partition.offset_bytes // SECTOR_BYTES)
    sectors = "1" if partition.size_mib < 260 else "8"
    make = ["mkfs.fat", "-F", "32", "-s", sectors, "-n", label, "-i", volume, "--offset", offset]
    run_tool([*make, "-h", offset, str(target), blocks])
    if entries := sorted(content.iterdir()):
        image = f"{target}@@{partition.offset_bytes}"
        run_tool(["mcopy", "-s", "-Q", "-i", image, *entries, "::"], env={"MTOOLS_SKIP_CHECK": "1"})


def _state(target: Path, partition: Partition, place: Path, personal: Personal) -> None:
    """The ext4 partition `tajdeed-state` with what the stick trusts."""
    keys = place / "trust/image-keys"
    keys.mkdir(parents=True)
    for number, path in enumerate(personal.trust):
        shutil.copyfile(path, place / f"trust/{number:02d}-{path.stem}.pem")
    for number, path in enumerate(personal.image_keys):
        shutil.copyfile(path, keys / f"{number:02d}-{path.stem}.pem")
    for name, mode, group in (
        ("station", 0o700, 0),
        ("jobs", 0o755, 0),
        ("outbox", 0o750, USER_COURIER),
        ("statements", 0o750, USER_COURIER),
        ("copies", 0o755, 0),
    ):
        (place / name).mkdir(mode=mode)
        (place / name).chmod(mode)
        os.chown(place / name, 0, group)
    for name in ("courier", "courier/receipts", "courier/refused"):
        (place / name).mkdir()
        os.chown(place / name, USER_COURIER, USER_COURIER)
    options = f"offset={partition.offset_bytes},lazy_itable_init=0,lazy_journal_init=0"
    run_tool(
        [
            *("mke2fs", "-q", "-F", "-t", "ext4", "-L", "tajdeed-state", "-m", "0"),
            *("-d", str(place), "-E", options, str(target), f"{partition.size_mib}m"),
        ]
    )


def _bios(target: Path, partition: Partition, parts: Parts) -> None:
    """GRUB for BIOS: its core into p3, its boot code into the first sector."""
    place = parts.base / "loaders"
    sector = partition.offset_bytes // SECTOR_BYTES
    core = loaders.embedded_core((place / "core.img").read_bytes(), sector)
    if len(core) > partition.size_mib * MIB:
        raise ValueError("GRUB's core image does not fit into its partition")
    with target.open("rb+") as stream:
        current = stream.read(SECTOR_BYTES)
        stream.seek(0)
        stream.write(loaders.boot_record(current, (place / "boot.img").read_bytes(), sector))
        stream.seek(partition.offset_bytes)
        stream.write(core)


def _size_mib(place: Path) -> int:
    """What the files below a directory take, links followed, in MiB, rounded up for each file."""
    return (
        sum(
            -(-path.stat().st_size // MIB) + (0 if path.stat().st_size < MIB else 1)
            for path in place.rglob("*")
            if path.is_file()
        )
        or 1
    )
