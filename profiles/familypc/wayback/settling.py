"""The first start: the machine's own ids into a system that carries none, then `@factory`.

Runs before systemd, called by the initramfs. Cut off at any point, it is done again at the next
start: the mark `settled` is the last thing, and only in `@`, so that it is done in every copy
of the factory state, too.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from familypc.wayback import volumes

MARK = "var/lib/tajdeed/settled"
# What laying down put into the space that a btrfs leaves free for boot loaders.
_HOSTNAME_AT, _HOSTNAME_BYTES = 32 << 10, 63
_HOSTNAME = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
_LEFT_OVER = ("@asking", "@new", "@home-new")


def settle(device: str) -> None:
    """Do what is still to do at the first start from `device`."""
    with volumes.top(device) as place:
        if not (place / "@factory").is_dir():
            _write_ids(place / "@", device)
            _sync(place)
            for name in ("@home", "@"):
                target = place / ("@factory" if name == "@" else f"{name}-factory")
                volumes.delete(target)
                volumes.snapshot(place / name, target, read_only=True)
        for name in _LEFT_OVER:
            volumes.delete(place / name)
        mark = place / "@" / MARK
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.touch()
        _sync(place)


def prepare_asking(device: str) -> None:
    """`@asking`, a copy of the factory state that is its own root and has no files of people."""
    with volumes.top(device) as place:
        volumes.delete(place / "@asking")
        volumes.snapshot(place / "@factory", place / "@asking")
        fstab = place / "@asking/etc/fstab"
        fstab.write_text(asking_fstab(fstab.read_text()))
        _sync(place)


def with_ids(fstab: str, root: str, esp: str) -> str:
    """An image's fstab with the ids of this drive's file systems instead of their labels."""
    return fstab.replace("LABEL=system ", f"UUID={root} ").replace("LABEL=ESP ", f"UUID={esp} ")


def with_name(hosts: str, name: str) -> str:
    """/etc/hosts with the machine's own name at its own address."""
    return re.sub(r"(?m)^127\.0\.1\.1 .*$", f"127.0.1.1 {name}", hosts)


def asking_fstab(fstab: str) -> str:
    """The fstab of the copy that asks: itself as root, and no /home."""
    lines = (line for line in fstab.splitlines(keepends=True) if " /home " not in line)
    return "".join(line.replace("subvol=@,", "subvol=@asking,") for line in lines)


def hostname_in(reserved: bytes) -> str:
    """The host name that was put before the file system; empty where there is none."""
    text = reserved.decode("ascii", "replace").strip("\n\0")
    return text if _HOSTNAME.fullmatch(text) else ""


def _write_ids(root: Path, device: str) -> None:
    fstab = root / "etc/fstab"
    fstab.write_text(with_ids(fstab.read_text(), _uuid(device), _uuid(_sibling(device, 2))))
    with open(device, "rb") as stream:
        stream.seek(_HOSTNAME_AT)
        name = hostname_in(stream.read(_HOSTNAME_BYTES))
    if name:
        (root / "etc/hostname").write_text(f"{name}\n")
        hosts = root / "etc/hosts"
        hosts.write_text(with_name(hosts.read_text(), name))


def _uuid(device: str) -> str:
    return volumes.run("blkid", "-p", "-s", "UUID", "-o", "value", device).strip()


def _sibling(device: str, number: int) -> str:
    """Another partition of the same drive, by its number."""
    own = Path("/sys/class/block", Path(device).name).resolve()
    for partition in own.parent.glob("*/partition"):
        if int(partition.read_text()) == number:
            return f"/dev/{partition.parent.name}"
    raise volumes.VolumeError(f"{device}: its drive has no partition {number}")


def _sync(place: Path) -> None:
    fd = os.open(place, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
    volumes.run("btrfs", "-q", "filesystem", "sync", str(place))
