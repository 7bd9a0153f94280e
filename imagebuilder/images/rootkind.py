"""What depends on the kind of the root file system: how GRUB, the kernel and fstab name it.

On btrfs the system lies in the subvolume `@` and people's files in `@home`, so that one can be put
back without the other. Its blocks have checksums, so nothing in it can be a slot: fstab and
grub.cfg name it by what is the same on every machine, and the first start puts the machine's own
ids there (profiles/familypc/wayback). The host name waits before the file system until then.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

FAMILY_PC = Path(__file__).resolve().parents[2] / "profiles/familypc"


@dataclass(frozen=True, slots=True, kw_only=True)
class RootKind:
    """What each part of an image calls the root, with `{uuid}` for the file system's id.

    `core`: where a BIOS's GRUB has its configuration; `early`: GRUB's first one, on the EFI
    system partition; `search`, `root`, `boot`, `flags`: for the menu; `modules`, `packages`: GRUB's
    and Debian's own for this kind. `ids_inside`: whether ids may stand in files of the root;
    `slots`: how often each stands in an image; `files`: directories copied over the tree.
    """

    core: str
    early: str
    search: str
    root: str
    boot: str
    flags: str
    fstab: str
    modules: tuple[str, ...]
    packages: tuple[str, ...]
    files: tuple[Path, ...]
    ids_inside: bool
    slots: dict[str, int]


_EXT4 = RootKind(
    core="(,gpt3)/boot/grub",
    early="search.fs_uuid {uuid} root\n"
    "set prefix=($root)'/boot/grub'\n"
    "configfile $prefix/grub.cfg\n",
    search="search --no-floppy --fs-uuid --set=root {uuid}",
    root="{uuid}",
    boot="/boot",
    flags="",
    fstab="UUID={uuid} / ext4 defaults,errors=remount-ro,x-systemd.growfs 0 1\n"
    "UUID={esp} /boot/efi vfat umask=0077,nofail 0 1\n",
    modules=("ext2",),
    packages=("e2fsprogs",),
    files=(),
    ids_inside=True,
    # boot loader on the ESP, grub.cfg three times, fstab
    slots={"root-uuid": 5, "esp-serial": 1, "esp-serial-raw": 2, "hostname": 2},
)

# btrfs writes a directory anew for each time of reading that it notes: noatime, as is usual there.
_BTRFS_OPTIONS = "noatime,compress=zstd:1"

_BTRFS = RootKind(
    # A broken system may have no grub.cfg: what looks for one is not in it, by BIOS either.
    core="(,gpt2)/EFI/debian",
    early="search.fs_uuid {uuid} root\n"
    "set prefix=($root)'/@/boot/grub'\n"
    "if [ ! -f $prefix/grub.cfg ]; then set prefix=($root)'/@factory/boot/grub'; fi\n"
    "configfile $prefix/grub.cfg\n",
    # GRUB shapes Arabic by itself, on a terminal that has a font with its forms.
    search="if loadfont unicode; then\n  insmod gfxterm\n  terminal_output gfxterm\nfi\n"
    "probe --set=root_uuid --fs-uuid $root\nexport root_uuid",
    root="$root_uuid",
    boot="/@/boot",
    flags="rootflags=subvol=@ ",
    fstab=f"LABEL=system / btrfs subvol=@,{_BTRFS_OPTIONS},x-systemd.growfs 0 0\n"
    # It is there, for the root came from it: a PC that is slow to say so must not end in a shell.
    f"LABEL=system /home btrfs subvol=@home,{_BTRFS_OPTIONS},x-systemd.device-timeout=10min 0 0\n"
    "LABEL=ESP /boot/efi vfat umask=0077,nofail 0 1\n",
    modules=("btrfs", "fat", "probe"),
    packages=("btrfs-progs", "e2fsprogs", "python3"),
    files=(FAMILY_PC / "system-btrfs",),
    ids_inside=False,
    slots={"root-uuid": 1, "esp-serial-raw": 2, "hostname": 1, "btrfs-superblock": 2},
)

ROOT_KINDS = {"ext4": _EXT4, "btrfs": _BTRFS}
