"""Where an image's compressed frames come from: a file on the stick's data partition.

A source only reads; what it gives is believed by nobody before its SHA-256 was checked.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Protocol


class Source(Protocol):
    """Where the compressed frames come from, one after the other."""

    def read_at(self, offset: int, length: int) -> bytes:
        """Exactly `length` bytes from `offset`; fewer only where the source ends."""


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
