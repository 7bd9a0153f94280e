"""The boot loaders of the stick: signed ones for Secure Boot, our own GRUB cores for the rest.

BIOS gets a core image that is embedded in the BIOS boot partition without grub-bios-setup (GRUB's
boot.S and diskboot.S give the offsets); 32-bit UEFI an unsigned GRUB, since no signed one exists.
"""

import shutil
import struct
from pathlib import Path

from imagebuilder.toolsroot import run_tool, tools_root

SECTOR_BYTES = 512

_MODULES = [
    *("part_gpt", "fat", "normal", "linux", "echo", "test", "configfile", "ls", "search"),
    *("serial", "terminal", "minicmd", "sleep", "reboot"),
    *("all_video", "video", "video_fb", "gfxterm"),
]
_BIOS_MODULES = ["biosdisk", "vbe"]
_EFI_MODULES = ["efi_gop", "efi_uga"]


def make(place: Path) -> None:
    """All loaders into the directory `place`."""
    place.mkdir()
    core = [
        "grub-mkimage",
        "-O",
        "i386-pc",
        "-p",
        "(,gpt2)/boot/grub",
        "-o",
        str(place / "core.img"),
    ]
    run_tool([*core, *_MODULES, *_BIOS_MODULES])
    ia32 = ["grub-mkimage", "-O", "i386-efi", "-p", "/boot/grub"]
    run_tool([*ia32, "-o", place / "BOOTIA32.EFI", *_MODULES, *_EFI_MODULES])
    root = tools_root()
    for source, name in (
        ("usr/lib/grub/i386-pc/boot.img", "boot.img"),
        ("usr/lib/shim/shimx64.efi.signed", "BOOTX64.EFI"),
        ("usr/lib/shim/mmx64.efi.signed", "mmx64.efi"),
        ("usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed", "grubx64.efi"),
    ):
        shutil.copyfile(root / source, place / name)


def embedded_core(core: bytes, first_sector: int) -> bytes:
    """GRUB's BIOS core as it lies on a disk from `first_sector` on, its block list filled in.

    The first sector (diskboot.img) ends in the list of what it loads: at 0x1f4 the sector, the
    number of sectors and the segment (0x820, as grub-bios-setup writes it).
    """
    data = bytearray(core)
    data += b"\0" * (-len(data) % SECTOR_BYTES)
    sectors = len(data) // SECTOR_BYTES - 1
    struct.pack_into("<QHH", data, 0x1F4, first_sector + 1, sectors, 0x820)
    return bytes(data)


def boot_record(current: bytes, boot: bytes, core_sector: int) -> bytes:
    """The first sector: GRUB's boot code before the partition table that `current` holds.

    0x5c: the core's sector; 0x64: the boot drive, 0xff = the one that the BIOS names; 0x66: a
    jump that only floppies need, overwritten by two NOPs.
    """
    record = bytearray(current)
    record[:440] = boot[:440]
    struct.pack_into("<Q", record, 0x5C, core_sector)
    record[0x64] = 0xFF
    record[0x66:0x68] = b"\x90\x90"
    return bytes(record)
