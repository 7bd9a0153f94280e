"""The family's files to a USB stick and back: what is to be copied, in which order, by what name.

Nothing is ever deleted, on the stick or here, and a file of the PC is never replaced by one of the
stick. Paths begin with the place that they are in, by its name on the stick (`PLACES`).
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import PurePosixPath

# Readable in both languages, the same in both; no texts, for a stick keeps its names when a
# translation changes. What is in home itself is among the others.
PLACES = {
    "documents": "المستندات - Documents",
    "pictures": "الصور - Pictures",
    "desktop": "سطح المكتب - Desktop",
    "downloads": "التنزيلات - Downloads",
    "music": "الموسيقى - Music",
    "videos": "الفيديو - Videos",
    "others": "ملفات أخرى - Other files",
}
# FAT keeps times in steps of two seconds, and some systems in local time.
_TIME_STEP_S = 2
# What must stay free on the stick: directories and tables take space too.
_RESERVE = 16 << 20
FAT32_LARGEST = (1 << 32) - 1
# A film that would take the place of all papers and pictures.
_LARGE_VIDEO = 100 << 20
_VIDEOS = frozenset(
    {
        ".mp4",
        ".mkv",
        ".avi",
        ".mov",
        ".m4v",
        ".3gp",
        ".mpg",
        ".mpeg",
        ".wmv",
        ".webm",
        ".ts",
        ".vob",
    }
)
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
    """One file to be copied, from a path below one place to a path below another.

    `replaced_bytes`: the size of the older copy that gives way to it, afterwards.
    """

    source: str
    target: str
    size_bytes: int
    replaced_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """What is not copied, by its reason; paths of the source.

    `unread`: the source could not be read; `too_large`: no file may be so large there; `no_room`:
    there is no place left for it; `failed`: it could not be written.
    """

    unread: tuple[str, ...] = ()
    too_large: tuple[str, ...] = ()
    no_room: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """How many they are in all."""
        return len(self.unread + self.too_large + self.no_room + self.failed)

    def and_also(self, other: Missing) -> Missing:
        """These and those."""
        return Missing(
            unread=self.unread + other.unread,
            too_large=self.too_large + other.too_large,
            no_room=self.no_room + other.no_room,
            failed=self.failed + other.failed,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be copied, in this order. `same`: how many are there already."""

    copies: tuple[Copy, ...]
    same: int = 0
    missing: Missing = field(default_factory=Missing)

    @property
    def size_bytes(self) -> int:
        """All that is to be copied, in bytes."""
        return sum(copy.size_bytes for copy in self.copies)


def backup_plan(here: Iterable[File], there: Iterable[File], largest_bytes: int | None) -> Plan:
    """What of `here` is not on the stick yet. `largest_bytes`: the largest file it takes."""
    on_stick = {file.path.casefold(): file for file in there}
    copies, too_large, same = [], [], 0
    for file, name in sorted(fitting_names(here), key=lambda found: _turn(found[0])):
        known = on_stick.get(name.casefold())
        if largest_bytes is not None and file.size_bytes > largest_bytes:
            too_large.append(file.path)
        elif known is not None and _alike(file, known):
            same += 1
        else:
            copies.append(Copy(file.path, name, file.size_bytes, known.size_bytes if known else 0))
    return Plan(copies=tuple(copies), same=same, missing=Missing(too_large=tuple(too_large)))


def restore_plan(
    there: Iterable[File],
    here: Iterable[File],
    tongue: str,
    day: date,
    *,
    kinds: Collection[str] = tuple(PLACES),
    untouched: Collection[str] = (),
) -> Plan:
    """What of the stick is missing here. A file that is here and differs stays as it is: the one
    from the stick comes beside it, under a name that says so and that no other file has.

    `kinds`: the places that this PC has; what was in others comes below home. `untouched`: papers
    of here that nobody has written into; these count as not there.
    """
    taken = {file.path: file for file in here if file.path not in untouched}
    remark = f"{_RESTORED[tongue]} {day.isoformat()}"
    places = {PLACES[kind] for kind in kinds}
    copies, same = [], 0
    for file in sorted(there, key=_turn):
        for name in _names_here(file.path, places, remark):
            known = taken.get(name)
            if known is None:
                taken[name] = file
                copies.append(Copy(file.path, name, file.size_bytes))
                break
            if _alike(known, file):
                same += 1
                break
    return Plan(copies=tuple(copies), same=same)


def within(plan: Plan, free_bytes: int) -> Plan:
    """The same plan as far as there is room, and what there is none for.

    A file that is replaced needs room for both meanwhile. What comes first in the plan comes first
    here; a small file may still find room where a larger one before it found none.
    """
    room = free_bytes - _RESERVE
    copies, left_out = [], []
    for copy in plan.copies:
        if copy.size_bytes <= room:
            copies.append(copy)
            room -= copy.size_bytes - copy.replaced_bytes
        else:
            left_out.append(copy.source)
    missing = plan.missing.and_also(Missing(no_room=tuple(left_out)))
    return replace(plan, copies=tuple(copies), missing=missing)


def _turn(file: File) -> tuple[int, File]:
    """Documents first, then pictures, then the rest, and large videos last."""
    path = PurePosixPath(file.path)
    if path.suffix.lower() in _VIDEOS and file.size_bytes >= _LARGE_VIDEO:
        return 3, file
    return {PLACES["documents"]: 0, PLACES["pictures"]: 1}.get(path.parts[0], 2), file


def _names_here(path: str, places: Collection[str], remark: str) -> Iterator[str]:
    """What a file of the stick may be called here, the best first."""
    top, _, rest = path.partition("/")
    if top not in places or not rest:
        path = f"{PLACES['others']}/{path}"
    wanted = "".join(_BACK.get(letter, letter) for letter in path)
    yield wanted
    yield (beside := _beside(wanted, remark))
    for number in itertools.count(2):
        yield _beside(beside, str(number))


def fitting_names(files: Iterable[File]) -> list[tuple[File, str]]:
    """Each file with the path that it gets on a stick of any kind, no two alike but for case."""
    taken: set[str] = set()
    found = []
    for file in sorted(files):
        parts = [fitting(part) for part in PurePosixPath(file.path).parts]
        name = "/".join(parts)
        plain, number = name, 2
        while name.casefold() in taken:
            name = _beside(plain, str(number))
            number += 1
        taken.add(name.casefold())
        found.append((file, name))
    return found


def fitting(part: str) -> str:
    """A name that FAT, exFAT and NTFS take: no signs of theirs, no dot or space at the end."""
    # Bytes that are no UTF-8, which Python reads as lone surrogates, are no letters on FAT either.
    name = "".join(
        "_" if letter < " " or "\ud800" <= letter <= "\udfff" else _LETTERS.get(letter, letter)
        for letter in part
    )
    trimmed = name.rstrip(". ")
    return trimmed + "_" * (len(name) - len(trimmed))


def _beside(name: str, remark: str) -> str:
    """The same path with a remark in brackets before the ending."""
    path = PurePosixPath(name)
    return path.with_name(f"{path.stem} ({remark}){path.suffix}").as_posix()


def _alike(one: File, other: File) -> bool:
    apart_s = abs(one.changed_s - other.changed_s)
    return one.size_bytes == other.size_bytes and apart_s <= _TIME_STEP_S
