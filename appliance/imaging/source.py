"""Where an image's compressed frames come from: a mounted medium, or a server by the courier.

A source only reads; what it gives is believed by nobody before its SHA-256 was checked.
"""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from appliance.imaging import relay
from appliance.imaging.errors import ImageSourceError
from appliance.imaging.manifest import DATA_NAME, Manifest
from appliance.model import ImageOffer, Reason

# The courier says at least this often that it still waits; silence means that it is gone.
_SILENCE_S = 120.0
# For how long a courier that is gone may take to come back. (What it tells while it waits for a
# server is a sign of life: how long that may last is for the courier to say.)
_PATIENCE_S = 600.0
_AGAIN_S = 1.0

Waits = Callable[[Reason | None], None]


class Source(Protocol):
    """Where the compressed frames come from, one after the other."""

    def read_at(self, offset: int, length: int) -> bytes:
        """Exactly `length` bytes from `offset`; fewer only where the source ends."""


@contextlib.contextmanager
def opened(
    image: ImageOffer, manifest: Manifest, waits: Waits, socket_path: Path, *, resume: bool
) -> Iterator[Source]:
    """The source of an image. `resume`: frame 0 is read, and later all from some frame on."""
    if relay.is_remote(image.source):
        with contextlib.closing(
            RelaySource(
                socket_path,
                image.source,
                Path(image.path).name,
                manifest.file_bytes,
                runs(manifest, resume=resume),
                waits,
            )
        ) as source:
            yield source
        return
    fd = os.open(Path(image.path) / DATA_NAME, os.O_RDONLY | os.O_CLOEXEC)
    try:
        yield FileSource(fd)
    finally:
        os.close(fd)


def runs(manifest: Manifest, *, resume: bool) -> tuple[tuple[int, int], ...]:
    """The parts of the data file that will be read in one go, as (begin, end)."""
    first, whole = manifest.frames[0].length, manifest.file_bytes
    return ((0, first), (first, whole)) if resume and first < whole else ((0, whole),)


@dataclass(frozen=True, slots=True)
class FileSource:
    """An image's `disk.raw.zst` on a mounted medium, by its open descriptor."""

    fd: int

    def read_at(self, offset: int, length: int) -> bytes:
        pieces = []
        while length:
            piece = os.pread(self.fd, length, offset)
            if not piece:
                break
            pieces.append(piece)
            offset += len(piece)
            length -= len(piece)
        return b"".join(pieces)


class RelaySource:
    """An image's data on a server, as the courier passes it on; one connection for each run.

    A courier that dies is asked again, from the byte that is missing. `waits` is told why
    nothing comes, and None when something comes again. ImageSourceError: what the courier says
    that stays so, or `image-relay-gone`.
    """

    def __init__(
        self,
        path: Path,
        source: str,
        image: str,
        total: int,
        parts: Sequence[tuple[int, int]],
        waits: Waits = lambda reason: None,
        *,
        patience_s: float = _PATIENCE_S,
    ) -> None:
        self._path, self._source, self._image, self._total = path, source, image, total
        self._parts, self._waits, self._patience_s = parts, waits, patience_s
        self._connection: socket.socket | None = None
        self._at = 0
        self._ready = b""
        self._waiting = False
        self._heard = time.monotonic()

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection, self._ready = None, b""

    def read_at(self, offset: int, length: int) -> bytes:
        if offset != self._at:
            self.close()
            self._at = offset
        found = bytearray()
        self._heard = time.monotonic()
        while len(found) < length:
            try:
                more = self._more(offset + length - self._at)
            except (OSError, ValueError) as error:
                self.close()
                if time.monotonic() - self._heard > self._patience_s:
                    raise ImageSourceError(
                        "image-relay-gone", source=self._source, problem=str(error)
                    ) from error
                time.sleep(_AGAIN_S)
                continue
            if not more:
                break
            self._at += len(more)
            found += more
        return bytes(found)

    def _more(self, wanted: int) -> bytes:
        """The next bytes, `wanted` at most; empty where the run is over."""
        while not self._ready:
            if self._connection is None:
                self._connection = self._asked()
            kind, payload = self._message(self._connection)
            self._heard = time.monotonic()
            if kind == relay.DATA:
                self._ready = payload
                self._tell(None)
            elif kind == relay.WAITING:
                self._tell(relay.reason(payload))
            elif kind == relay.ERROR:
                said = relay.reason(payload)
                self.close()
                raise ImageSourceError(said.code, **said.facts)
            else:
                self.close()
                return b""
        more, self._ready = self._ready[:wanted], self._ready[wanted:]
        return more

    def _tell(self, reason: Reason | None) -> None:
        if reason is not None or self._waiting:
            self._waiting = reason is not None
            self._waits(reason)

    def _asked(self) -> socket.socket:
        end = next((end for begin, end in self._parts if begin <= self._at < end), self._total)
        part = relay.Part(
            source=self._source, image=self._image, offset=self._at, end=end, total=self._total
        )
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.settimeout(_SILENCE_S)
            connection.connect(str(self._path))
            connection.sendall(relay.request(part))
        except BaseException:
            connection.close()
            raise
        return connection

    @staticmethod
    def _message(connection: socket.socket) -> tuple[bytes, bytes]:
        kind, length = relay.HEAD.unpack(_exactly(connection, relay.HEAD.size))
        if length > relay.MAX_MESSAGE:
            raise ValueError(f"a message of {length} bytes")
        return kind, _exactly(connection, length)


def _exactly(connection: socket.socket, length: int) -> bytes:
    found = bytearray()
    while len(found) < length:
        piece = connection.recv(length - len(found))
        if not piece:
            raise ConnectionError("the courier ended in the middle")
        found += piece
    return bytes(found)
