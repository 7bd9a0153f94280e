"""The family's files to a USB stick and back: what is to be copied, and copying that is checked.

Nothing is ever deleted, on the stick or here. A file counts as copied when what was read back from
the stick is what was read here; until then the copy that was there before is still there.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path, PurePosixPath

# FAT keeps times in steps of two seconds, and some systems in local time.
_TIME_STEP_S = 2
_PIECE = 1 << 20
# What must stay free on the stick: directories and tables take space too.
_RESERVE = 16 << 20
FAT32_LARGEST = (1 << 32) - 1
# Letters that Windows and FAT do not take, by ones that look alike.
_LETTERS = dict(zip('\\:*?"<>|', "＼：＊？＂＜＞｜", strict=True))
_BACK = {wide: plain for plain, wide in _LETTERS.items()}
_RESTORED = {"ar": "من النسخة", "en": "from the backup"}


@dataclass(frozen=True, slots=True, order=True)
class File:
    """A file: its path below the place that is looked at, bytes, and time of change in seconds."""

    path: str
    size_bytes: int
    changed_s: float


@dataclass(frozen=True, slots=True)
class Copy:
    """One file to be copied, from a path below one place to a path below another."""

    source: str
    target: str
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be copied. `same`: how many are there already; `too_large`: cannot be there."""

    copies: tuple[Copy, ...]
    same: int = 0
    too_large: tuple[str, ...] = ()

    @property
    def size_bytes(self) -> int:
        """All that is to be copied, in bytes."""
        return sum(copy.size_bytes for copy in self.copies)

    def fits(self, free_bytes: int) -> bool:
        """Whether it has room there; a file that is replaced needs room for both meanwhile."""
        return not self.copies or self.size_bytes + _RESERVE <= free_bytes


class Damaged(Exception):
    """What was read back is not what was written; the text is the path."""


def files_below(place: Path) -> Iterator[File]:
    """All files below a directory but hidden ones; links are not followed. Unreadable: left out."""
    for directory, names, files in os.walk(place):
        names[:] = sorted(name for name in names if not name.startswith("."))
        for name in sorted(files):
            path = Path(directory, name)
            if name.startswith(".") or path.is_symlink() or not path.is_file():
                continue
            seen = path.stat()
            yield File(path.relative_to(place).as_posix(), seen.st_size, seen.st_mtime)


def backup_plan(here: Iterable[File], there: Iterable[File], largest_bytes: int | None) -> Plan:
    """What of `here` is not on the stick yet. `largest_bytes`: the largest file it takes."""
    on_stick = {file.path.casefold(): file for file in there}
    copies, too_large, same = [], [], 0
    for file, name in fitting_names(here):
        known = on_stick.get(name.casefold())
        if largest_bytes is not None and file.size_bytes > largest_bytes:
            too_large.append(file.path)
        elif known is not None and _alike(file, known):
            same += 1
        else:
            copies.append(Copy(file.path, name, file.size_bytes))
    return Plan(copies=tuple(copies), same=same, too_large=tuple(too_large))


def restore_plan(there: Iterable[File], here: Iterable[File], tongue: str, day: date) -> Plan:
    """What of the stick is missing here. A file that is here and differs stays as it is: the one
    from the stick comes beside it, under a name that says so.
    """
    taken = {file.path: file for file in here}
    copies, same = [], 0
    for file in sorted(there):
        name = "".join(_BACK.get(letter, letter) for letter in file.path)
        known = taken.get(name)
        if known is not None and _alike(known, file):
            same += 1
            continue
        if known is not None:
            name = _beside(name, f"{_RESTORED[tongue]} {day.isoformat()}")
            if (earlier := taken.get(name)) is not None and _alike(earlier, file):
                same += 1
                continue
        copies.append(Copy(file.path, name, file.size_bytes))
    return Plan(copies=tuple(copies), same=same)


def fitting_names(files: Iterable[File]) -> list[tuple[File, str]]:
    """Each file with the path that it gets on a stick of any kind, no two alike but for case."""
    taken: set[str] = set()
    found = []
    for file in sorted(files):
        parts = [_fitting(part) for part in PurePosixPath(file.path).parts]
        name = "/".join(parts)
        plain, number = name, 2
        while name.casefold() in taken:
            name = _beside(plain, str(number))
            number += 1
        taken.add(name.casefold())
        found.append((file, name))
    return found


def _fitting(part: str) -> str:
    """A name that FAT, exFAT and NTFS take: no signs of theirs, no dot or space at the end."""
    name = "".join("_" if letter < " " else _LETTERS.get(letter, letter) for letter in part)
    trimmed = name.rstrip(". ")
    return trimmed + "_" * (len(name) - len(trimmed))


def _beside(name: str, remark: str) -> str:
    """The same path with a remark in brackets before the ending."""
    path = PurePosixPath(name)
    return path.with_name(f"{path.stem} ({remark}){path.suffix}").as_posix()


def _alike(one: File, other: File) -> bool:
    apart_s = abs(one.changed_s - other.changed_s)
    return one.size_bytes == other.size_bytes and apart_s <= _TIME_STEP_S


def copy_file(source: Path, target: Path) -> int:
    """Copy one file and read it back from the medium; its bytes.

    `OSError` or `Damaged`, and then a file that was there before still is.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(f".{target.name[:80]}.part")
    try:
        with source.open("rb") as reading, fresh.open("wb") as writing:
            written = hashlib.sha256()
            while piece := reading.read(_PIECE):
                written.update(piece)
                writing.write(piece)
            writing.flush()
            os.fsync(writing.fileno())
            size = writing.tell()
            seen = os.fstat(reading.fileno())
        if _digest_on_medium(fresh) != written.digest():
            raise Damaged(str(target))
        os.utime(fresh, (seen.st_atime, seen.st_mtime))
        fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)
    return size


def _digest_on_medium(path: Path) -> bytes:
    """SHA-256 of a file as it is on the medium: what memory still holds of it is given up first."""
    found = hashlib.sha256()
    with path.open("rb") as reading:
        os.posix_fadvise(reading.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        while piece := reading.read(_PIECE):
            found.update(piece)
    return found.digest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far it is: files and bytes done, and those that could not be copied so far."""

    files: int
    bytes: int
    failed: tuple[str, ...] = ()


def carry_out(plan: Plan, source: Path, target: Path, tell: Callable[[Progress], None]) -> Progress:
    """Copy all that is planned; a file that fails is noted and the others go on.

    `OSError` only where the target itself is gone.
    """
    done, size = 0, 0
    failed: list[str] = []
    for copy in plan.copies:
        # Pulled out: no directory of its name must come into being on the PC's own disk.
        target.stat()
        try:
            size += copy_file(source / copy.source, target / copy.target)
            done += 1
        except (OSError, Damaged):
            failed.append(copy.source)
        tell(Progress(files=done, bytes=size, failed=tuple(failed)))
    return Progress(files=done, bytes=size, failed=tuple(failed))


def place_on(stick: Path, person: str) -> Path:
    """Where on a stick that person's copies lie: two people may share one."""
    return stick / "Tajdeed-Backup" / (_fitting(person) or "family")
