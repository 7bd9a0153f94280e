"""The engine's socket: JSON lines in varlink's shape, for faces on the same machine.

A call is `{"method": ..., "parameters": {...}}`, with `"more": true` for `Subscribe`.
A reply is `{"parameters": {...}}` (with `"continues": true` while more will come) or
`{"error": CODE, "parameters": {facts}}`. Methods, all under `org.tajdeed.Job.`:

| method | parameters | reply |
| --- | --- | --- |
| Subscribe | | `{"state": JobState}`, then `{"state": ...}` or `{"progress": Progress}` |
| Consent | `{"consent": Consent, "psids": {drive key: PSID}}` | `{}`, or an error that says what \
does not fit; without PSIDs `psids` is left out |
| ConsentByTicket | `{"ticket": JWS}` | `{}`, or an error |
| AttestNoMedia | `{"technician": str}` | `{}` |
| Rescan | | `{}` |
| Suspend | `{"technician": str}` | `{}`; the machine sleeps for seconds, then a new plan follows |
| SetLanguage | `{"language": "ar" or "en"}` | `{}` |
| PowerOff | | `{}` |

This module is both ends' framing and the blocking client; it imports nothing heavy.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from appliance.errors import TajdeedError
from appliance.job.state import JobState, Progress
from appliance.model import from_json

SOCKET = Path("/run/tajdeed/engine.socket")
PREFIX = "org.tajdeed.Job."
MAX_LINE = 4 << 20


class EngineRefused(TajdeedError):
    """The engine answered a call with an error; `code` and `facts` are the engine's."""


class EngineGone(TajdeedError):
    """The engine cannot be reached, or closed the connection; it will be back."""

    def __init__(self, problem: str) -> None:
        super().__init__("engine-gone", problem=problem)


def encoded(message: dict[str, Any]) -> bytes:
    """One line of the wire."""
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


class Connection:
    """A blocking client's connection to the engine."""

    def __init__(self, path: Path = SOCKET, timeout_s: float | None = 10.0) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(timeout_s)
        try:
            self._socket.connect(str(path))
        except OSError as error:
            self._socket.close()
            raise EngineGone(str(error)) from error
        self._file = self._socket.makefile("rb")

    def close(self) -> None:
        self._file.close()
        self._socket.close()

    def fileno(self) -> int:
        return self._socket.fileno()

    def send(self, method: str, *, more: bool = False, **parameters: Any) -> None:
        """Send a call; EngineGone where the engine is not there any more."""
        message: dict[str, Any] = {"method": PREFIX + method, "parameters": parameters}
        if more:
            message["more"] = True
        try:
            self._socket.sendall(encoded(message))
        except OSError as error:
            raise EngineGone(str(error)) from error

    def receive(self) -> dict[str, Any]:
        """The next reply's parameters; EngineRefused for an error reply."""
        try:
            line = self._file.readline(MAX_LINE)
        except OSError as error:
            raise EngineGone(str(error)) from error
        if not line.endswith(b"\n"):
            raise EngineGone("the connection was closed")
        message = json.loads(line)
        if "error" in message:
            raise EngineRefused(message["error"], **message.get("parameters", {}))
        parameters: dict[str, Any] = message.get("parameters", {})
        return parameters


def call(method: str, path: Path = SOCKET, **parameters: Any) -> dict[str, Any]:
    """One call, one reply, over a connection of its own."""
    connection = Connection(path)
    try:
        connection.send(method, **parameters)
        return connection.receive()
    finally:
        connection.close()


def subscribe(path: Path = SOCKET) -> Iterator[JobState | Progress]:
    """The job's state and then its changes, until the engine goes (EngineGone)."""
    connection = Connection(path, timeout_s=None)
    try:
        connection.send("Subscribe", more=True)
        while True:
            reply = connection.receive()
            if "state" in reply:
                yield from_json(JobState, reply["state"], "state")
            else:
                yield from_json(Progress, reply["progress"], "progress")
    finally:
        connection.close()
