"""Marker strings: what the demo plants on donated disks and looks for afterwards.

All begin with the same 16 characters, derived from a hash so that they stand in no file of ours
(nor of anybody's); half of them are written as UTF-16, as Windows writes names and texts. A hit on
those 16 characters counts, even where the rest of the marker is gone. Never changes what it reads.
"""

import base64
import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

_CHUNK = 16 << 20


def _letters(text: str) -> str:
    return base64.b32encode(hashlib.sha256(text.encode()).digest()).decode()[:16]


PREFIX = _letters("the past of a donated PC")
MARKER_CHARS = 32


class Mint:
    """Issues the markers of one disk, each of them once, and remembers them."""

    def __init__(self, disk: str) -> None:
        self._disk = disk
        self.issued: list[str] = []

    def marker(self) -> str:
        """A new marker: the common prefix and 16 characters of its own."""
        text = PREFIX + _letters(f"{self._disk} {len(self.issued)}")
        self.issued.append(text)
        return text

    def text(self, *, utf16: bool = False) -> bytes:
        """A new marker as it stands in a file.

        Twice, because NTFS puts two bytes of its own at the end of each sector of its records.
        """
        marker = self.marker()
        line = f"{marker} {marker}\n"
        return line.encode("utf-16-le" if utf16 else "ascii")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """The beginning of a marker at a byte offset of a disk."""

    offset: int
    text: str
    utf16: bool


def search(path: Path) -> list[Hit]:
    """Every marker on a raw disk, in order of their offsets. Holes of a sparse file hold none."""
    needles = [(PREFIX.encode("ascii"), False), (PREFIX.encode("utf-16-le"), True)]
    overlap = MARKER_CHARS * 2
    hits: dict[int, Hit] = {}
    with path.open("rb", buffering=0) as stream:
        for begin, end in data_extents(stream.fileno()):
            position = max(0, begin - overlap)
            while position < end:
                # A chunk repeats the last bytes of the one before: a marker may lie across.
                length = min(_CHUNK, end - position)
                chunk = os.pread(stream.fileno(), length + overlap, position)
                for needle, utf16 in needles:
                    for found in _finds(chunk, needle):
                        raw = chunk[found : found + MARKER_CHARS * (2 if utf16 else 1)]
                        text = raw.decode("utf-16-le" if utf16 else "ascii", errors="replace")
                        offset = position + found
                        hits.setdefault(offset, Hit(offset=offset, text=text, utf16=utf16))
                position += length
    return [hits[offset] for offset in sorted(hits)]


def outside(hits: Sequence[Hit], extents: Sequence[tuple[int, int]]) -> list[Hit]:
    """The hits that lie in none of the extents (first byte, length)."""
    return [
        hit
        for hit in hits
        if not any(begin <= hit.offset < begin + length for begin, length in extents)
    ]


def data_extents(descriptor: int) -> Iterator[tuple[int, int]]:
    """The parts (first byte, end) of a sparse file that are no holes."""
    size = os.fstat(descriptor).st_size
    end = 0
    while end < size:
        try:
            begin = os.lseek(descriptor, end, os.SEEK_DATA)
        except OSError:  # ENXIO: nothing but a hole up to the end
            return
        end = os.lseek(descriptor, begin, os.SEEK_HOLE)
        yield begin, end


def _finds(chunk: bytes, needle: bytes) -> Iterator[int]:
    found = chunk.find(needle)
    while found >= 0:
        yield found
        found = chunk.find(needle, found + 1)
