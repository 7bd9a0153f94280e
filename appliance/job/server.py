"""The engine's end of the socket: one thread for each face, none of which is waited for."""

from __future__ import annotations

import grp
import json
import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from appliance.errors import TajdeedError
from appliance.job.board import Board
from appliance.job.protocol import MAX_LINE, PREFIX, encoded
from appliance.job.state import Progress
from appliance.model import RecordError, to_json

Handler = Callable[[str, dict[str, Any]], dict[str, Any]]
_THINNING_S = 0.2


class Server:
    """Listens on the Unix socket; calls go to `handler`, which raises what it refuses."""

    def __init__(self, path: Path, board: Board, handler: Handler, group: str = "tajdeed") -> None:
        self._board = board
        self._handler = handler
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.bind(str(path))
        os.chown(path, 0, _group_id(group))
        path.chmod(0o660)
        self._socket.listen(16)

    def start(self) -> None:
        threading.Thread(target=self._accept, name="faces", daemon=True).start()

    def _accept(self) -> None:
        while True:
            connection, _address = self._socket.accept()
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            with connection, connection.makefile("rb") as lines:
                # A face that does not read for so long is gone or hangs.
                connection.settimeout(30)
                while line := lines.readline(MAX_LINE):
                    if self._answer(connection, line):
                        self._stream(connection)
                        return
        except OSError:
            return

    def _answer(self, connection: socket.socket, line: bytes) -> bool:
        """Answer one call; True when the caller subscribed."""
        try:
            message = json.loads(line)
            method = str(message["method"]).removeprefix(PREFIX)
            parameters = message.get("parameters", {})
            if not isinstance(parameters, dict):
                raise TypeError("parameters must be an object")
        except (ValueError, KeyError, TypeError) as error:
            connection.sendall(
                encoded({"error": "call-unreadable", "parameters": {"problem": str(error)}})
            )
            return False
        if method == "Subscribe":
            return True
        try:
            reply: dict[str, Any] = {"parameters": self._handler(method, parameters)}
        except TajdeedError as error:
            reply = {"error": error.code, "parameters": dict(error.facts)}
        except RecordError as error:
            reply = {"error": "call-unreadable", "parameters": {"problem": str(error)}}
        connection.sendall(encoded(reply))
        return False

    def _stream(self, connection: socket.socket) -> None:
        version, shape = -1, -1
        while True:
            version, now, state = self._board.after(version, shape, 5.0)
            if state is None:
                # Nothing to say; find out whether the face is still there.
                connection.sendall(
                    encoded({"parameters": _progress(self._board), "continues": True})
                )
                continue
            if now != shape:
                shape = now
                parameters = {"state": to_json(state)}
            else:
                parameters = _progress(self._board)
            connection.sendall(encoded({"parameters": parameters, "continues": True}))
            threading.Event().wait(_THINNING_S)


def _progress(board: Board) -> dict[str, Any]:
    state = board.state
    now = Progress(drives=state.drives, delivery=state.delivery, late_drives_s=state.late_drives_s)
    return {"progress": to_json(now)}


def _group_id(group: str) -> int:
    try:
        return grp.getgrnam(group).gr_gid
    except KeyError:
        return 0
