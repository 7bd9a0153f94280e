"""A client of the QEMU machine protocol on a Unix socket (QEMU's docs/interop/qmp-spec).

One request at a time; events that arrive meanwhile are kept in order. Never starts anything.
"""

import json
import select
import time
from pathlib import Path
from typing import Any

from imagebuilder.vm.plugs import connected


class QmpError(Exception):
    """QEMU refused a command or closed the connection."""


class Qmp:
    """One connection. Not for several threads."""

    def __init__(self, path: Path) -> None:
        self._socket = connected(path)
        self._pending = b""
        self.events: list[dict[str, Any]] = []
        try:
            self._message(time.monotonic() + 30)
            self.command("qmp_capabilities")
        except BaseException:
            self._socket.close()
            raise

    def command(self, name: str, timeout_s: float = 60, **arguments: Any) -> Any:
        """Execute a command and return its reply; underscores in argument names become dashes."""
        request: dict[str, Any] = {"execute": name}
        if arguments:
            request["arguments"] = {
                key.replace("_", "-"): value for key, value in arguments.items()
            }
        return self.execute(request, timeout_s)

    def execute(self, request: dict[str, Any], timeout_s: float = 60) -> Any:
        """Send a whole request object and return its reply."""
        deadline = time.monotonic() + timeout_s
        try:
            self._socket.sendall(json.dumps(request).encode() + b"\n")
        except OSError as error:
            raise QmpError(f"{request['execute']}: {error}") from error
        while True:
            message = self._message(deadline)
            if message is None:
                raise QmpError(f"{request['execute']}: no reply within {timeout_s} s")
            if "error" in message:
                raise QmpError(f"{request['execute']}: {message['error'].get('desc')}")
            if "return" in message:
                return message["return"]
            self.events.append(message)

    def poll(self) -> None:
        """Take in what has arrived without waiting."""
        while message := self._message(0):
            self.events.append(message)

    def event(self, name: str) -> dict[str, Any] | None:
        """The first event of that name so far."""
        self.poll()
        return next((event for event in self.events if event.get("event") == name), None)

    def close(self) -> None:
        """Close the connection; QEMU goes on."""
        self._socket.close()

    def _message(self, deadline: float) -> dict[str, Any] | None:
        """The next message; None when none is complete at the deadline (0: only what is there)."""
        while b"\n" not in self._pending:
            wait_s = max(0.0, deadline - time.monotonic())
            readable, _, _ = select.select([self._socket], [], [], wait_s)
            if not readable:
                return None
            try:
                data = self._socket.recv(65536)
            except OSError as error:
                raise QmpError(str(error)) from error
            if not data:
                if deadline == 0:
                    return None
                raise QmpError("QEMU has closed the connection")
            self._pending += data
        line, _, self._pending = self._pending.partition(b"\n")
        message: dict[str, Any] = json.loads(line)
        return message
