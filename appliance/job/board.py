"""The board on which the engine puts the job's state, for as many faces as there are.

A face that is slow misses steps in between, never the last one; none can hold the engine up.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

from appliance.job.state import JobState, Progress, advanced


class Board:
    """The state of now with a number for each change; safe from any thread."""

    def __init__(self, state: JobState) -> None:
        self._state = state
        self._shape = 0
        self._version = 0
        self._changed = threading.Condition()

    @property
    def state(self) -> JobState:
        with self._changed:
            return self._state

    def change(self, **fields: Any) -> JobState:
        """Replace fields of the state; everybody is told if that changes anything."""
        with self._changed:
            changed = replace(self._state, **fields)
            if changed != self._state:
                self._state = changed
                self._shape += 1
                self._version += 1
                self._changed.notify_all()
            return self._state

    def progress(self, progress: Progress) -> None:
        """New live numbers; cheaper for faces than a whole state."""
        with self._changed:
            changed = advanced(self._state, progress)
            if changed != self._state:
                self._state = changed
                self._version += 1
                self._changed.notify_all()

    def after(self, version: int, shape: int, timeout_s: float) -> tuple[int, int, JobState | None]:
        """Wait for something newer than `version`; (version, shape, state or None)."""
        with self._changed:
            self._changed.wait_for(lambda: self._version != version, timeout_s)
            if self._version == version:
                return version, shape, None
            return self._version, self._shape, self._state
