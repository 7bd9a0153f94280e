"""How far a pass over a drive has come, how fast it goes, how long it will still take.

The numbers are for people: rates are those of the last seconds, thinned here, so that no
reader of them can slow a wipe down. Nothing is decided by them.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

REPORT_EVERY_S = 0.5
_WINDOW_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Headway:
    """Bytes done of all, bytes per second over the last seconds, seconds left or None.

    `resume_at`: below this byte everything was dealt with; a later run may start there.
    """

    done_bytes: int
    total_bytes: int
    rate_bytes_s: float
    left_s: float | None
    error_ranges: int
    resume_at: int


Report = Callable[[Headway], None]


def no_report(headway: Headway) -> None:
    """For callers who do not want to know."""


class Pace:
    """Counts bytes from any thread; the rate is a mean over the last ten seconds."""

    def __init__(self, total_bytes: int, done_bytes: int = 0) -> None:
        self.total_bytes = total_bytes
        self._done = done_bytes
        self._lock = threading.Lock()
        self._marks: deque[tuple[float, int]] = deque([(time.monotonic(), done_bytes)])

    def add(self, count: int) -> None:
        with self._lock:
            self._done += count

    @property
    def done_bytes(self) -> int:
        with self._lock:
            return self._done

    def headway(self, error_ranges: int, resume_at: int) -> Headway:
        """The state of now; call it in even steps, from one thread."""
        now, done = time.monotonic(), self.done_bytes
        self._marks.append((now, done))
        while len(self._marks) > 2 and now - self._marks[0][0] > _WINDOW_S:
            self._marks.popleft()
        since, before = self._marks[0]
        rate = (done - before) / (now - since) if now > since else 0.0
        left = max(0, self.total_bytes - done)
        return Headway(
            done_bytes=done,
            total_bytes=self.total_bytes,
            rate_bytes_s=rate,
            left_s=left / rate if rate > 0 else (0.0 if not left else None),
            error_ranges=error_ranges,
            resume_at=resume_at,
        )
