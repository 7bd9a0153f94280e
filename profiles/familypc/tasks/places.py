"""Where the family's files are on the PC, and where their backups are on a stick.

A backup's place carries the person's name and a mark of the PC: two PCs whose owners have the same
name never share one, and neither does a PC with itself before it was laid down anew.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

from familypc.tasks.backup import PLACES, Plan, fitting
from familypc.tasks.copying import Found, files_below

MACHINE_ID = Path("/etc/machine-id")
ROOT = Path("/")
_ABOVE = "Tajdeed-Backup"
# machine-id(5): it is not to be shown as it is, but hashed with a key of the application's own.
_KEY = b"tajdeed family backup"
_MARKED = re.compile(r"(?P<name>.+) - [0-9a-f]{8}")


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup on a stick: whose, where, and the day of its newest file."""

    name: str
    place: Path
    newest: date


def machine_mark(machine_id: str) -> str:
    """What tells this PC from others with the same names, short and of no use elsewhere."""
    return hmac.new(_KEY, machine_id.strip().encode(), "sha256").hexdigest()[:8]


def place_on(stick: Path, person: str, mark: str) -> Path:
    """Where on a stick that person's copies from the PC with that mark lie."""
    return stick / _ABOVE / f"{fitting(person) or 'family'} - {mark}"


def other_backups(stick: Path, own: Path) -> list[Backup]:
    """All backups on a stick that hold a file, but the own one; the newest first.

    Those of older versions, whose place has no mark, are among them.
    """
    found = []
    above = stick / _ABOVE
    for place in sorted(above.iterdir()) if above.is_dir() else ():
        if place.name.startswith(".") or place == own or not place.is_dir():
            continue
        if files := files_below(place).files:
            newest = datetime.fromtimestamp(max(file.changed_s for file in files), UTC)
            marked = _MARKED.fullmatch(place.name)
            name = marked["name"] if marked else place.name
            found.append(Backup(name, place, newest.astimezone().date()))
    return sorted(found, key=lambda backup: backup.newest, reverse=True)


def family_files(folders: Mapping[str, Path]) -> Found:
    """The family's files on this PC, each once, by its path on a stick."""
    files, unread = [], []
    for kind, place in folders.items():
        found = files_below(place, {other for other in folders.values() if other != place})
        files += [replace(file, path=f"{PLACES[kind]}/{file.path}") for file in found.files]
        unread += [f"{PLACES[kind]}/{path}" for path in found.unread]
    return Found(tuple(files), tuple(unread))


def here(path: str, folders: Mapping[str, Path]) -> Path:
    """Where on this PC a file belongs, by its path on a stick."""
    top, _, rest = path.partition("/")
    return next(folders[kind] for kind, name in PLACES.items() if name == top) / rest


def from_here(plan: Plan, folders: Mapping[str, Path]) -> Plan:
    """A plan to a stick, its sources as paths below the PC's root directory."""
    copies = (replace(copy, source=_below_root(copy.source, folders)) for copy in plan.copies)
    return replace(plan, copies=tuple(copies))


def to_here(plan: Plan, folders: Mapping[str, Path]) -> Plan:
    """A plan from a stick, its targets as paths below the PC's root directory."""
    copies = (replace(copy, target=_below_root(copy.target, folders)) for copy in plan.copies)
    return replace(plan, copies=tuple(copies))


def _below_root(path: str, folders: Mapping[str, Path]) -> str:
    return str(here(path, folders).relative_to(ROOT))
