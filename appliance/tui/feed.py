"""The engine's news and answers, read in threads of their own so that no key ever waits.

It attaches as soon as the engine's socket answers and again whenever the engine comes
back. It keeps nothing: the state that arrives after attaching says everything.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from appliance.errors import TajdeedError
from appliance.job.protocol import EngineGone, call, subscribe
from appliance.job.state import JobState, Progress

RETRY_S = 0.4


@dataclass(frozen=True, slots=True)
class Gone:
    """The engine does not answer at present."""

    error: EngineGone


@dataclass(frozen=True, slots=True)
class Answered:
    """The engine did what was asked for."""

    method: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The engine refused a call, or could not be reached for it."""

    method: str
    error: TajdeedError


News = JobState | Progress | Gone | Answered | Refused


class Feed:
    """The connection to the engine. `wake` is called, from any thread, after each news."""

    def __init__(self, socket: Path, wake: Callable[[], None]) -> None:
        self._socket = socket
        self._wake = wake
        self._news: SimpleQueue[News] = SimpleQueue()

    def start(self) -> None:
        """Begin to follow the job; returns at once."""
        threading.Thread(target=self._follow, name="feed", daemon=True).start()

    def ask(self, method: str, parameters: dict[str, Any]) -> None:
        """Call the engine; the answer arrives as news."""
        threading.Thread(
            target=self._call, args=(method, parameters), name=method, daemon=True
        ).start()

    def take(self) -> list[News]:
        """The news since the last time."""
        items: list[News] = []
        while not self._news.empty():
            items.append(self._news.get())
        return items

    def _put(self, news: News) -> None:
        self._news.put(news)
        self._wake()

    def _follow(self) -> None:
        while True:
            try:
                for news in subscribe(self._socket):
                    self._put(news)
            except EngineGone as error:
                self._put(Gone(error))
            except (TajdeedError, ValueError) as error:
                # Not our protocol (an engine of another version): say so and try again.
                self._put(Gone(EngineGone(str(error))))
            time.sleep(RETRY_S)

    def _call(self, method: str, parameters: dict[str, Any]) -> None:
        try:
            call(method, self._socket, **parameters)
        except TajdeedError as error:
            self._put(Refused(method, error))
        except ValueError as error:
            self._put(Refused(method, EngineGone(str(error))))
        else:
            self._put(Answered(method))
