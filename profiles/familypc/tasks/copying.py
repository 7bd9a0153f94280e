"""Finding the family's files, and copying that is checked.

A file counts as copied when what was read back from the medium is what was read before; until then
the copy that was there before is still there. What cannot be read is told by name, never left out.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import stat
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from familypc.tasks.backup import File, Missing, Plan

_PIECE = 1 << 20
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


@dataclass(frozen=True, slots=True)
class Found:
    """The files of a place, and the paths of what could not be looked at there."""

    files: tuple[File, ...] = ()
    unread: tuple[str, ...] = ()


class NotRead(Exception):
    """The source could not be read; the text is its path."""


class Damaged(Exception):
    """What was read back is not what was written; the text is the path."""


def files_below(place: Path, without: Collection[Path] = ()) -> Found:
    """All files below a directory but hidden ones and those below the directories `without`.

    Links are not followed. A place that is not there is empty.
    """
    files: list[File] = []
    unread: list[str] = []

    def missed(error: OSError) -> None:
        # Gone since it was listed: there is nothing to be read.
        if not isinstance(error, FileNotFoundError):
            unread.append(Path(error.filename or place).relative_to(place).as_posix())

    for directory, names, found in os.walk(place, onerror=missed):
        names[:] = sorted(
            name
            for name in names
            if not name.startswith(".") and Path(directory, name) not in without
        )
        for name in sorted(name for name in found if not name.startswith(".")):
            path = Path(directory, name)
            try:
                seen = path.lstat()
            except OSError as error:
                missed(error)
                continue
            if stat.S_ISREG(seen.st_mode):
                relative = path.relative_to(place).as_posix()
                files.append(File(relative, seen.st_size, seen.st_mtime))
    return Found(tuple(files), tuple(unread))


def copy_file(source: Path, target: Path, gives_way: Callable[[Path], bool]) -> int:
    """Copy one file and read it back from the medium; its bytes.

    `NotRead`, `Damaged`, or `OSError` of the target, and then a file that was there before still
    is. So it is where the target does not give way: `FileExistsError`.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(f".{target.name[:80]}.part")
    try:
        with _opened(source) as reading, fresh.open("wb") as writing:
            seen = os.fstat(reading.fileno())
            if seen.st_size > shutil.disk_usage(target.parent).free:
                # Not found out by filling a slow stick to its end.
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target))
            written = hashlib.sha256()
            for piece in _pieces(reading, source):
                written.update(piece)
                writing.write(piece)
            writing.flush()
            os.fsync(writing.fileno())
            size = writing.tell()
        if _digest_on_medium(fresh) != written.digest():
            raise Damaged(str(target))
        os.utime(fresh, (seen.st_atime, seen.st_mtime))
        if gives_way(target):
            fresh.replace(target)
        else:
            # Fails where there is a file of that name, even one that has just been made.
            os.link(fresh, target)
    finally:
        fresh.unlink(missing_ok=True)
    return size


def _opened(source: Path) -> BinaryIO:
    try:
        return source.open("rb")
    except OSError as error:
        raise NotRead(str(source)) from error


def _pieces(reading: BinaryIO, source: Path) -> Iterator[bytes]:
    while True:
        try:
            piece = reading.read(_PIECE)
        except OSError as error:
            raise NotRead(str(source)) from error
        if not piece:
            return
        yield piece


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
    """How far it is: files and bytes done, and what could not be copied so far."""

    files: int
    bytes: int
    missing: Missing = field(default_factory=Missing)


def carry_out(
    plan: Plan,
    source: Path,
    target: Path,
    tell: Callable[[Progress], None],
    gives_way: Callable[[Path], bool] = lambda _: True,
) -> Progress:
    """Copy all that is planned; a file that fails is noted and the others go on.

    `gives_way`: whether a file that is at the target by then may be replaced. `OSError` only where
    the source or the target itself is gone.
    """
    now = Progress(files=0, bytes=0)
    for copy in plan.copies:
        # Pulled out: no directory of its name must come into being on the PC's own disk.
        source.stat()
        target.stat()
        files, size, missed = now.files, now.bytes, Missing()
        try:
            size += copy_file(source / copy.source, target / copy.target, gives_way)
            files += 1
        except NotRead:
            missed = Missing(unread=(copy.source,))
        except OSError as error:
            full = error.errno in _FULL
            missed = Missing(no_room=(copy.source,)) if full else Missing(failed=(copy.source,))
        except Damaged:
            missed = Missing(failed=(copy.source,))
        now = Progress(files=files, bytes=size, missing=now.missing.and_also(missed))
        tell(now)
    return now
