"""What all firmware models have in common: a clock, a lock, a journal, and moments.

A firmware model knows no transport. A moment is something that happens outside of the drive
(`consent` was given): a personality may change its mind then. The journal tells afterwards what
the drive did, as the drive knows it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from tests.drivelab.clock import Clock


class Firmware:
    """One drive or controller. The transport sets `unplug` and `plug`; `lock` guards everything."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.lock = threading.RLock()
        self.journal: list[str] = []
        self.moments: dict[str, Callable[[], None]] = {}
        self.listener: Callable[[str], None] = self.journal.append
        self.unplug: Callable[[], None] = _not_plugged_in
        self.plug: Callable[[], None] = _not_plugged_in

    def note(self, text: str) -> None:
        """An entry for the journal."""
        self.listener(text)

    def moment(self, name: str) -> None:
        """Something happens around the drive."""
        with self.lock:
            action = self.moments.get(name)
            if action is not None:
                self.note(f"moment {name}")
                action()


def field(value: str | bytes, length: int) -> bytes:
    """A text field of an identify structure: as the maker gave it, padded with spaces."""
    raw = value.encode("ascii") if isinstance(value, str) else value
    if len(raw) > length:
        raise ValueError(f"{value!r} is longer than {length} bytes")
    return raw.ljust(length)


def _not_plugged_in() -> None:
    raise RuntimeError("the drive is in no transport")
