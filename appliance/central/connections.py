"""Connections to the server: no idle one stays, and no single address takes all places.

What a stranger can do without a word of HTTP is bounded here, before TLS where it can be:
so many connections of one address, so many in all, and a time for a request to come in.
Addresses of reverse proxies are not counted: their connections are many people's, and they
must count themselves.
"""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Sequence
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from appliance.central.strangers import sender

# A browser opens six, a stick one; below the 1024 files that a process usually may open.
OF_SENDER = 48
IN_ALL = 400
# Seconds for what must come in next, by the state of the client's side. A statement of 8 MiB
# comes in time from 50 KB/s on, and one of a usual size from a telephone in a cellar.
ALLOWED_S: dict[object, float] = {h11.IDLE: 10.0, h11.SEND_BODY: 180.0}


class Crowd:
    """The open connections, and whether one more may come."""

    def __init__(self, proxies: Sequence[str]) -> None:
        self._proxies = frozenset(proxies)
        self._open: list[tuple[str, socket.socket]] = []

    def admits(self, host: str, connection: socket.socket) -> bool:
        """Whether this connection may stay; it is counted from now until it is closed."""
        self._open = [item for item in self._open if item[1].fileno() != -1]
        whose = sender(host)
        mine = sum(1 for other, _ in self._open if other == whose)
        if len(self._open) >= IN_ALL or (mine >= OF_SENDER and host not in self._proxies):
            return False
        self._open.append((whose, connection))
        return True


class Listener(socket.socket):
    """A listening socket that closes at once what the crowd does not admit."""

    crowd: Crowd

    def accept(self) -> tuple[socket.socket, Any]:
        """As a connection that was given up before it was accepted: asyncio goes on."""
        connection, address = super().accept()
        if not self.crowd.admits(address[0], connection):
            connection.close()
            raise ConnectionAbortedError
        return connection, address


def listeners(host: str, port: int, crowd: Crowd) -> list[Listener]:
    """A listening socket for every address of a host name; OSError where none can be had.

    An address of a family that this machine does not have is left out, as asyncio does it.
    """
    made: list[Listener] = []
    absent: OSError | None = None
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    for family, kind, protocol, _, address in dict.fromkeys(found):
        try:
            listener = Listener(family, kind, protocol)
        except OSError as error:
            absent = error
            continue
        listener.crowd = crowd
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        try:
            listener.bind(address)
        except OSError as error:
            listener.close()
            if error.errno != errno.EADDRNOTAVAIL:
                raise
            absent = error
            continue
        listener.setblocking(False)
        made.append(listener)
    if absent is not None and not made:
        raise absent
    return made


class Patient(H11Protocol):
    """uvicorn's HTTP, which waits for a request only so long. Between two requests that is
    uvicorn's own `timeout_keep_alive`."""

    _awaited: object = None
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._wait()

    def on_response_complete(self) -> None:
        # A second request that came with the first is begun here, without any new byte.
        super().on_response_complete()
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop()
        super().connection_lost(exc)

    def _wait(self) -> None:
        """Let the time run for what is awaited now; more of the same does not prolong it."""
        awaited = self.conn.their_state
        if awaited is self._awaited:
            return
        self._stop()
        self._awaited = awaited
        if awaited in ALLOWED_S:
            # Not closed but aborted: who says nothing does not answer TLS's farewell either.
            self._timer = self.loop.call_later(ALLOWED_S[awaited], self.transport.abort)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._awaited = None
