"""Who uses a drive: partitions, file systems, swap, LVM, md and dm-crypt above it.

Reads sysfs, /proc/self/mountinfo and /proc/swaps only. The tree is what the plan shows
and what is taken down after consent (`erasure.release`), then looked at again.
"""

from __future__ import annotations

from pathlib import Path

from appliance.hardware.sysfs import SYS, text
from appliance.model import Holder

MOUNTINFO = Path("/proc/self/mountinfo")
SWAPS = Path("/proc/swaps")


def mounts(mountinfo: str) -> dict[str, tuple[str, ...]]:
    """`major:minor` -> where it is mounted, as proc_pid_mountinfo(5) lists it."""
    found: dict[str, tuple[str, ...]] = {}
    for line in mountinfo.splitlines():
        fields = line.split(" ")
        if len(fields) > 5:
            place = fields[4].encode().decode("unicode_escape")
            found[fields[2]] = (*found.get(fields[2], ()), place)
    return found


def swap_paths(swaps: str) -> frozenset[str]:
    """Device paths in /proc/swaps (proc(5))."""
    return frozenset(line.split()[0] for line in swaps.splitlines()[1:] if line.split())


def holder_tree(name: str) -> tuple[Holder, ...]:
    """What uses the whole drive `name` (as in /sys/block), from the partitions upwards.

    A partition that nobody uses is no holder and is left out.
    """
    mounted = mounts(MOUNTINFO.read_text(errors="backslashreplace"))
    swapped = swap_paths(SWAPS.read_text(errors="backslashreplace"))
    root = SYS / "block" / name
    found = []
    if (own := _users(root, mounted, swapped)) is not None:
        found.append(own)
    for part in sorted(root.glob(f"{name}*")):
        if (part / "partition").exists():
            user = _users(part, mounted, swapped)
            if user is not None:
                found.append(user)
    return tuple(found)


def _users(
    sysfs: Path, mounted: dict[str, tuple[str, ...]], swapped: frozenset[str]
) -> Holder | None:
    name = sysfs.name
    places = mounted.get(text(sysfs / "dev") or "", ())
    above = []
    for link in sorted((sysfs / "holders").glob("*")):
        target = SYS / "class/block" / link.name
        held = _users(target.resolve(), mounted, swapped)
        kind = _kind(target)
        above.append(
            Holder(
                path=f"/dev/{link.name}",
                kind=kind,
                label=text(target / "dm/name") or "",
                mountpoints=held.mountpoints if held else (),
                holders=held.holders if held else (),
            )
        )
    is_swap = (
        f"/dev/{name}" in swapped
        or str(Path("/dev/mapper") / (text(sysfs / "dm/name") or "-")) in swapped
    )
    if not places and not above and not is_swap:
        return None
    kind = "swap" if is_swap else "mount" if places else "part"
    return Holder(path=f"/dev/{name}", kind=kind, mountpoints=places, holders=tuple(above))


def _kind(sysfs: Path) -> str:
    uuid = text(sysfs / "dm/uuid") or ""
    if uuid.startswith("LVM-"):
        return "lvm"
    if uuid.startswith("CRYPT-"):
        return "crypt"
    if (sysfs / "md").exists():
        return "md"
    return "dm" if (sysfs / "dm").exists() else "holder"
