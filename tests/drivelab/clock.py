"""Time as a simulated drive feels it: real and faster than life, or moved by hand in unit tests.

Firmware asks a clock, never the system, how late it is; a sanitize of an hour takes a minute
of the laboratory's time and none of a unit test's.
"""

from __future__ import annotations

import heapq
import itertools
import os
import threading
import time
import traceback
from collections.abc import Callable
from typing import Protocol

Action = Callable[[], None]


class Clock(Protocol):
    """`now` in simulated seconds; `after` runs an action once, that many seconds later."""

    def now(self) -> float: ...

    def after(self, seconds: float, action: Action) -> None: ...


class RunningClock:
    """Runs by itself, `speed` times as fast as real time, with one thread for all actions.

    An action that fails is a defect of the laboratory: it is printed, and the process ends, so
    that no test mistakes it for what a drive did.
    """

    def __init__(self, speed: float = 1.0, ended: Callable[[int], object] = os._exit) -> None:
        self._speed = speed
        self._ended = ended
        self._number = itertools.count()
        self._waiting: list[tuple[float, int, Action]] = []
        self._news = threading.Condition()
        threading.Thread(target=self._run, daemon=True, name="clock").start()

    def now(self) -> float:
        return time.monotonic() * self._speed

    def after(self, seconds: float, action: Action) -> None:
        with self._news:
            heapq.heappush(self._waiting, (self.now() + seconds, next(self._number), action))
            self._news.notify()

    def _run(self) -> None:
        while True:
            with self._news:
                while not self._waiting or self._waiting[0][0] > self.now():
                    rest = None
                    if self._waiting:
                        rest = (self._waiting[0][0] - self.now()) / self._speed
                    self._news.wait(rest)
                action = heapq.heappop(self._waiting)[2]
            try:
                action()
            except Exception:
                traceback.print_exc()
                self._ended(70)


class ManualClock:
    """Stands still until `advance`; what falls due on the way happens in order."""

    def __init__(self) -> None:
        self._now = 0.0
        self._number = itertools.count()
        self._waiting: list[tuple[float, int, Action]] = []

    def now(self) -> float:
        return self._now

    def after(self, seconds: float, action: Action) -> None:
        heapq.heappush(self._waiting, (self._now + seconds, next(self._number), action))

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        end = self._now + seconds
        while self._waiting and self._waiting[0][0] <= end:
            self._now, _, action = heapq.heappop(self._waiting)
            action()
        self._now = end
