"""What depends on the kind of the root file system: how GRUB, the kernel and fstab name it.

On btrfs the system lies in the subvolume `@` and people's files in `@home`, so that one can be put
back without the other.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RootKind:
    """`boot`: the path of /boot for GRUB; `flags`: for the kernel; `fstab`: lines with `{uuid}`.

    `modules`: GRUB's, to read it; `packages`: Debian's, to handle it in the installed system.
    """

    boot: str
    flags: str
    fstab: str
    modules: tuple[str, ...]
    packages: tuple[str, ...]


# btrfs writes a directory anew for each time of reading that it notes: noatime, as is usual there.
_BTRFS = "noatime,compress=zstd:1"

ROOT_KINDS = {
    "ext4": RootKind(
        boot="/boot",
        flags="",
        fstab="UUID={uuid} / ext4 defaults,errors=remount-ro,x-systemd.growfs 0 1\n",
        modules=("ext2",),
        packages=("e2fsprogs",),
    ),
    "btrfs": RootKind(
        boot="/@/boot",
        flags="rootflags=subvol=@ ",
        fstab=f"UUID={{uuid}} / btrfs subvol=@,{_BTRFS},x-systemd.growfs 0 0\n"
        f"UUID={{uuid}} /home btrfs subvol=@home,{_BTRFS} 0 0\n",
        modules=("btrfs",),
        packages=("e2fsprogs", "btrfs-progs"),
    ),
}
