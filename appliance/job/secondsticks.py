"""Other USB sticks that images are read from: mounted read-only, and never a target.

Only where the settings say `usb`, and only file systems whose label begins with TAJDEED: no
other partition of the machine is mounted. As every disk but our own stick, they are read-only
in the kernel as well. A stick that was pulled out is let go.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from appliance.errors import ToolError
from appliance.hardware.sysfs import SYS, number
from appliance.model import Bus, Drive, Machine, Reason
from appliance.tools import blkid, mounts

LABEL = "TAJDEED"
IMAGES = "images"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """A partition that was looked at. `plugged`: the kernel's number of this plugging in."""

    plugged: int | None
    holds_images: bool = False
    reason: Reason | None = None


class SecondSticks:
    """The second sticks of this machine, mounted below `root`."""

    def __init__(
        self, root: Path, through: mounts.Run = mounts.for_all, *, sys: Path = SYS
    ) -> None:
        self._root, self._through, self._sys = root, through, sys
        self._known: dict[str, _Seen] = {}

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Which of them cannot be used, and why."""
        return tuple(seen.reason for seen in self._known.values() if seen.reason is not None)

    def look(self, machine: Machine) -> bool:
        """Mount what came, let go what went; whether anything was changed by it."""
        before = self._mounted()
        there = dict(self._partitions(machine))
        for name, seen in list(self._known.items()):
            if name not in there or there[name][1] != seen.plugged:
                del self._known[name]
                self._release(name)
        for name, (drive, plugged) in there.items():
            if name not in self._known:
                self._known[name] = self._taken(name, plugged, drive)
        return self._mounted() != before

    def _mounted(self) -> tuple[str, ...]:
        return tuple(name for name, seen in sorted(self._known.items()) if seen.holds_images)

    def _partitions(self, machine: Machine) -> Iterator[tuple[str, tuple[Drive, int | None]]]:
        for drive in machine.drives:
            if drive.bus is not Bus.USB or drive.is_stick:
                continue
            disk = Path(drive.path).name
            sysfs = self._sys / "block" / disk
            plugged = number(sysfs / "diskseq")
            parts = [part.parent.name for part in sorted(sysfs.glob(f"{disk}*/partition"))]
            for name in parts or [disk]:
                yield name, (drive, plugged)

    def _taken(self, name: str, plugged: int | None, drive: Drive) -> _Seen:
        """Mount a partition if it is one of ours; with a reason where it is and cannot be."""
        place, node = self._root / name, f"/dev/{name}"
        nothing = _Seen(plugged=plugged)
        try:
            found = blkid.file_system(node)
            if not found.label.upper().startswith(LABEL):
                return nothing
            if found.kind not in mounts.READ_ONLY:
                return replace(nothing, reason=_unreadable(drive, found.kind))
            place.mkdir(mode=0o755, parents=True, exist_ok=True)
            # An engine before us may have mounted it.
            if not os.path.ismount(place):
                mounts.mount_read_only(found.kind, node, str(place), self._through)
        except (ToolError, OSError) as error:
            return replace(nothing, reason=_unreadable(drive, str(error)))
        if not (place / IMAGES).is_dir():
            self._release(name)
            return nothing
        return replace(nothing, holds_images=True)

    def _release(self, name: str) -> None:
        if os.path.ismount(self._root / name):
            mounts.let_go(str(self._root / name), self._through)


def places(root: Path) -> tuple[Path, ...]:
    """The images directories of the sticks that are mounted below `root`."""
    found = (place for place in sorted(root.glob("*")) if os.path.ismount(place))
    return tuple(place / IMAGES for place in found if (place / IMAGES).is_dir())


def _unreadable(drive: Drive, problem: str) -> Reason:
    facts: dict[str, str | int | float] = {"drive": drive.label, "problem": problem[:200]}
    return Reason(code="image-usb-unreadable", facts=facts)
