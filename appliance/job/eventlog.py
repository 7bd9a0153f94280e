"""The event log: the single record of a job. State is a fold over it; resume is a replay.

JSON lines, each with `n` (from 0), `at` (UTC), `event`, its `data`, and `prev`, the SHA-256 of
the line before (64 zeros for the first). A line is fsynced when it states a fact or an
intention; progress is not logged. A log whose last line was cut by a power cut is read up
to the line before; any other damage is an error, for then nothing in it can be believed.
A line that could not be made durable is taken back, so that a failure never damages the chain.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance.errors import JournalError
from appliance.tools import utc_now

START = "0" * 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One line of a log."""

    n: int
    at: str
    event: str
    data: dict[str, Any]
    prev: str


def _line(event: Event) -> bytes:
    record = {
        "n": event.n,
        "at": event.at,
        "event": event.event,
        "data": event.data,
        "prev": event.prev,
    }
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _hash(line: bytes) -> str:
    return hashlib.sha256(line.rstrip(b"\n")).hexdigest()


class Reader:
    """Reads the events that have been added since the last call; checks the chain."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.head = START
        self._offset = 0
        self._n = 0

    @property
    def offset(self) -> int:
        """Bytes of whole, checked lines."""
        return self._offset

    @property
    def count(self) -> int:
        return self._n

    def new(self) -> Iterator[Event]:
        """The next events; JournalError `log-broken` where the chain does not hold."""
        try:
            with self.path.open("rb") as file:
                file.seek(self._offset)
                raw = file.read()
        except FileNotFoundError:
            return
        for line in raw.splitlines(keepends=True):
            if not line.endswith(b"\n"):
                return
            yield self._checked(line)

    def _checked(self, line: bytes) -> Event:
        try:
            record = json.loads(line)
            event = Event(**record)
        except (ValueError, TypeError) as error:
            raise JournalError("log-broken", file=str(self.path), line=self._n + 1) from error
        if event.n != self._n or event.prev != self.head:
            raise JournalError("log-broken", file=str(self.path), line=self._n + 1)
        self.head = _hash(line)
        self._offset += len(line)
        self._n += 1
        return event


class Writer:
    """Appends to a log, after cutting off a half-written last line."""

    def __init__(self, path: Path) -> None:
        self.path = path
        reader = Reader(path)
        self.events = tuple(reader.new())
        self._n, self.head = reader.count, reader.head
        self._size, self._broken = reader.offset, ""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o640)
        os.ftruncate(self._fd, reader.offset)
        os.lseek(self._fd, reader.offset, os.SEEK_SET)
        directory = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)

    def add(self, event: str, **data: Any) -> Event:
        """Write a fact or an intention; it is on the medium when this returns.

        JournalError `log-not-written` where that fails: no OSError, which callers would take
        for one of the drive that they work on. The log then ends with the line before.
        """
        if self._broken:
            raise self._not_written(self._broken)
        entry = Event(n=self._n, at=utc_now(), event=event, data=data, prev=self.head)
        line = _line(entry)
        view = memoryview(line)
        try:
            while view:
                view = view[os.write(self._fd, view) :]
            os.fsync(self._fd)
        except OSError as error:
            self._take_back()
            raise self._not_written(error.strerror or str(error)) from error
        self._n += 1
        self._size += len(line)
        self.head = _hash(line)
        return entry

    def _take_back(self) -> None:
        """Cut off what was written of a line; where even that fails, nothing more is added."""
        try:
            os.ftruncate(self._fd, self._size)
            os.lseek(self._fd, self._size, os.SEEK_SET)
            os.fsync(self._fd)
        except OSError as error:
            self._broken = error.strerror or str(error)

    def _not_written(self, problem: str) -> JournalError:
        return JournalError("log-not-written", file=str(self.path), problem=problem)

    def close(self) -> None:
        # Once: the number may soon be another file's.
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)


def readable(path: Path) -> tuple[Event, ...]:
    """The events before any damage: enough to say whose log it was, never to certify from."""
    found = []
    with contextlib.suppress(JournalError, OSError):
        for event in Reader(path).new():
            found.append(event)
    return tuple(found)


def events(path: Path) -> tuple[Event, ...]:
    """All whole events of a log; empty where there is no log."""
    return tuple(Reader(path).new())
