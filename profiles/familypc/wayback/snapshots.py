"""Snapshots before updates: when one is taken, and which are let go. The decision is pure."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from familypc.wayback import volumes

PREFIX = "@before-"
_NAME = re.compile(rf"{PREFIX}(\d{{4}}-\d\d-\d\d)")
_KEPT = 2
# Old files that updates replace stay on the drive as long as a snapshot has them.
_FREE_BYTES = 3 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """What to do before an update: first delete, then take a snapshot, if it has a name."""

    delete: tuple[str, ...]
    take: str


def steps(names: Iterable[str], today: date, free_bytes: int) -> Steps:
    """One snapshot a day, the newest two kept; none at all where the drive is nearly full."""
    there = before_updates(names)
    new = f"{PREFIX}{today.isoformat()}"
    if free_bytes < _FREE_BYTES:
        return Steps(delete=there, take="")
    if new in there:
        return Steps(delete=there[_KEPT:], take="")
    return Steps(delete=there[_KEPT - 1 :], take=new)


def before_updates(names: Iterable[str]) -> tuple[str, ...]:
    """The snapshots before updates among the names of subvolumes, the newest first."""
    return tuple(sorted((name for name in names if _NAME.fullmatch(name)), reverse=True))


def day(name: str) -> str:
    """The day of a snapshot before an update, as `2026-12-03`."""
    return name.removeprefix(PREFIX)


def before_update(today: date) -> None:
    """Do it; called by apt before it lets dpkg change anything."""
    with volumes.top(volumes.root_device()) as place:
        names = [path.name for path in place.iterdir()]
        todo = steps(names, today, shutil.disk_usage(place).free)
        for name in todo.delete:
            volumes.delete(place / name)
        if todo.take:
            volumes.snapshot(place / "@", place / todo.take, read_only=True)
