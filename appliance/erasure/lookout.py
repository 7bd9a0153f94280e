"""Asks a drive all the time while the program that orders a sanitize is still at it.

An operation can be over before that program has ended: it would never have been seen. And how
long it took is judged (`plausibility`): a busy machine may take seconds for the program, and
those are not the drive's. Decides nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from appliance.erasure.meanwhile import Meanwhile
from appliance.model import Order

_EVERY_S = 0.01


class Lookout(Meanwhile):
    """For the length of a `with` block; `running` is the drive's word, OSError where it gives
    none, which is no sighting."""

    def __init__(self, running: Callable[[], bool]) -> None:
        super().__init__()
        self._running = running
        self.saw_running = False
        # By time.monotonic(): the last answer from before it ran, the first from after it.
        self._not_yet: float | None = None
        self._over_by: float | None = None

    def look(self) -> None:
        while self._over_by is None and not self.over.wait(_EVERY_S):
            asked = time.monotonic()
            try:
                running = self._running()
            except OSError:
                continue
            if self.saw_running and not running:
                self._over_by = time.monotonic()
            elif not self.saw_running and not running:
                self._not_yet = asked
            self.saw_running = self.saw_running or running

    def told(self, order: Order, began: float) -> Order:
        """The order with what was seen here: that it ran, and at most how long (`began`: when
        the program was started, by time.monotonic())."""
        start = began if self._not_yet is None else self._not_yet
        if order.seen and not self.saw_running:
            # It began after the last time that it was asked here, and was seen by the watcher.
            return replace(order, elapsed_s=round(began + order.elapsed_s - start, 3))
        if not self.saw_running:
            return order
        if self._over_by is None:
            longest_s = began + order.elapsed_s - start
        else:
            longest_s = self._over_by - start
        return replace(order, seen="progress", elapsed_s=round(max(longest_s, 0.0), 3))
