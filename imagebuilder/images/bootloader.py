"""What starts an image, by a BIOS and by UEFI with Secure Boot; written without grub-install.

BIOS: GRUB's boot sector and core with their block lists set by us (the core lies alone in the
BIOS boot partition, at a fixed place). UEFI: Debian's signed shim and GRUB, at the removable
path and at EFI/debian. Later upgrades inside the image run Debian's own update-grub.
"""

from __future__ import annotations

import os
import shutil
import struct
from dataclasses import dataclass
from pathlib import Path

from appliance.imaging import fat
from appliance.imaging.manifest import LARGE_SECTOR_BYTES, SECTOR_BYTES
from imagebuilder.images.chroot import in_tree
from imagebuilder.images.rootkind import RootKind
from imagebuilder.run import ProgramError
from imagebuilder.toolsroot import run_tool

# Modules inside the core: enough to read grub.cfg and to start Linux with a picture.
_CORE_MODULES = tuple(
    "biosdisk part_gpt search search_fs_uuid normal configfile linux echo test ls"  # noqa: SIM905
    " all_video".split()
)

_SHIM = "usr/lib/shim/shimx64.efi.signed"
_MOK_MANAGER = "usr/lib/shim/mmx64.efi.signed"
_SHIM_CSV = "usr/lib/shim/BOOTX64.CSV"
_GRUB = "usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed"

# grub-core/boot/i386/pc/boot.S and diskboot.S of GRUB 2: where the block lists stand.
_BOOT_KERNEL_SECTOR = 0x5C
_BOOT_DRIVE = 0x64
_BOOT_DRIVE_CHECK = 0x66
_CORE_BLOCK_LIST = 0x1F4
_CORE_SEGMENT = 0x820
_BOOT_CODE_BYTES = 440

_GRUB_CFG = """\
# Written by the image builder; the first update-grub replaces it.
set default=0
set timeout_style=hidden
set timeout=1
insmod all_video
set gfxpayload=keep
{search}
menuentry "Debian" {{
  linux {boot}/vmlinuz-{kernel} root=UUID={root} ro {options}
  initrd {boot}/initrd.img-{kernel}
}}
menuentry "Debian (recovery)" {{
  linux {boot}/vmlinuz-{kernel} root=UUID={root} ro {flags}single
  initrd {boot}/initrd.img-{kernel}
}}
{more}"""

# What writes the menu's entry for the way back, now and at every update-grub.
_WAYBACK = "etc/grub.d/11_tajdeed-wayback"


@dataclass(frozen=True, slots=True, kw_only=True)
class BiosBoot:
    """The 440 bytes for the MBR and the whole content of the BIOS boot partition."""

    boot_code: bytes
    core: bytes


def kernel_version(tree: Path) -> str:
    """The version of the tree's one kernel; `ProgramError` unless there is exactly one."""
    kernels = sorted(path.name.removeprefix("vmlinuz-") for path in tree.glob("boot/vmlinuz-*"))
    if len(kernels) != 1 or not (tree / f"boot/initrd.img-{kernels[0]}").is_file():
        raise ProgramError(["kernel"], f"kernels in the tree: {kernels or 'none'}", "")
    return kernels[0]


def settle_grub(tree: Path, kind: RootKind, root_uuid: str, options: str) -> None:
    """GRUB's directory in the tree: configuration and the modules that a BIOS loads."""
    grub = tree / "boot/grub"
    modules = grub / "i386-pc"
    modules.mkdir(parents=True, exist_ok=True)
    for pattern in ("*.mod", "*.lst"):
        for path in (tree / "usr/lib/grub/i386-pc").glob(pattern):
            shutil.copyfile(path, modules / path.name)
    more = ""
    if (tree / _WAYBACK).exists():
        more = in_tree(tree, [f"/{_WAYBACK}"])
        # Its title is Arabic, too.
        (grub / "fonts").mkdir(exist_ok=True)
        shutil.copyfile(tree / "usr/share/grub/unicode.pf2", grub / "fonts/unicode.pf2")
    text = _GRUB_CFG.format(
        search=kind.search.format(uuid=root_uuid),
        root=kind.root.format(uuid=root_uuid),
        boot=kind.boot,
        kernel=kernel_version(tree),
        options=f"{kind.flags}{options}",
        flags=kind.flags,
        more=more,
    )
    (grub / "grub.cfg").write_text("\n".join(line.rstrip() for line in text.split("\n")))


def bios_boot(tree: Path, kind: RootKind, core_lba: int, core_sectors: int) -> BiosBoot:
    """Boot sector and core with their block lists, for a core at `core_lba`."""
    image = "/boot/grub/i386-pc/core.img"
    words = ["grub-mkimage", "-O", "i386-pc", "-p", kind.core, "-o", image]
    in_tree(tree, [*words, *_CORE_MODULES, *kind.modules])
    core = bytearray((tree / image[1:]).read_bytes())
    sectors = -(-len(core) // 512)
    if sectors > core_sectors:
        raise ProgramError(["grub-mkimage"], f"{sectors} sectors do not fit {core_sectors}", "")
    struct.pack_into("<QHH", core, _CORE_BLOCK_LIST, core_lba + 1, sectors - 1, _CORE_SEGMENT)
    boot = bytearray((tree / "usr/lib/grub/i386-pc/boot.img").read_bytes()[:_BOOT_CODE_BYTES])
    struct.pack_into("<Q", boot, _BOOT_KERNEL_SECTOR, core_lba)
    boot[_BOOT_DRIVE] = 0xFF
    # As grub-bios-setup does: two NOPs make the boot sector trust the BIOS's drive number.
    boot[_BOOT_DRIVE_CHECK : _BOOT_DRIVE_CHECK + 2] = b"\x90\x90"
    return BiosBoot(boot_code=bytes(boot), core=bytes(core))


def make_fat(image: Path, size_bytes: int, *, serial: int, epoch: int) -> None:
    """An empty FAT32 that can be given 4 KiB sectors; FatError where it came out otherwise."""
    image.write_bytes(b"")
    with image.open("r+b") as stream:
        stream.truncate(size_bytes)
    layout = ["-S", SECTOR_BYTES, "-s", fat.CLUSTER_BYTES // SECTOR_BYTES]
    layout += ["-R", fat.RESERVED_BYTES // SECTOR_BYTES]
    # A made-up geometry with tracks of 16 KiB: mkfs.vfat takes whole tracks only.
    layout += ["-g", "64/32"]
    words = ["mkfs.vfat", "-F", "32", *map(str, layout), "-n", "ESP", "-i", f"{serial:08x}"]
    run_tool([*words, image], env={"SOURCE_DATE_EPOCH": str(epoch), "TZ": "UTC"})
    with image.open("rb") as stream:
        fat.reserved_area(stream.read(fat.RESERVED_BYTES), LARGE_SECTOR_BYTES)


def make_esp(
    tree: Path, image: Path, size_bytes: int, *, serial: int, early: str, epoch: int
) -> None:
    """An EFI system partition as a file of its own: FAT32, signed shim and GRUB in it.

    `early`: GRUB's configuration there; `epoch`: the time of its directories, in Unix seconds;
    FAT keeps local time, taken as UTC.
    """
    clock = {"SOURCE_DATE_EPOCH": str(epoch), "TZ": "UTC"}
    make_fat(image, size_bytes, serial=serial, epoch=epoch)
    config = image.with_name("esp-grub.cfg")
    config.write_text(early)
    os.utime(config, (epoch, epoch))
    run_tool(["mmd", "-i", image, "::EFI", "::EFI/BOOT", "::EFI/debian"], env=clock)
    for source, target in (
        (tree / _SHIM, "EFI/BOOT/BOOTX64.EFI"),
        (tree / _GRUB, "EFI/BOOT/grubx64.efi"),
        (tree / _MOK_MANAGER, "EFI/BOOT/mmx64.efi"),
        (tree / _SHIM, "EFI/debian/shimx64.efi"),
        (tree / _GRUB, "EFI/debian/grubx64.efi"),
        (tree / _MOK_MANAGER, "EFI/debian/mmx64.efi"),
        (tree / _SHIM_CSV, "EFI/debian/BOOTX64.CSV"),
        (config, "EFI/debian/grub.cfg"),
    ):
        run_tool(["mcopy", "-m", "-i", image, source, f"::{target}"], env=clock)
    config.unlink()
