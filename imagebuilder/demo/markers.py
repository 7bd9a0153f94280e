"""Marker strings: what the demo plants on donated disks and looks for afterwards.

All begin with the same 16 characters, derived from a hash so that they stand in no file of ours
(nor of anybody's); half of them are written as UTF-16, as Windows writes names and texts. A hit on
those 16 characters counts, even where the rest of the marker is gone. Never changes what it reads.
"""

import base64
import hashlib
import mmap
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from imagebuilder.vm.drive import takes_direct

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
    """Every marker on a raw disk, in order of their offsets. Holes of a sparse file hold none.

    One buffer and no page cache, where the file system takes O_DIRECT: gigabytes that are read
    once would push out what others still need.
    """
    needles = [(PREFIX.encode("ascii"), False), (PREFIX.encode("utf-16-le"), True)]
    overlap = MARKER_CHARS * 2
    hits: dict[int, Hit] = {}
    descriptor = os.open(path, os.O_RDONLY | (os.O_DIRECT if takes_direct(path) else 0))
    try:
        with mmap.mmap(-1, _CHUNK) as chunk:
            for begin, end in data_extents(descriptor):
                position = _aligned(max(0, begin - overlap))
                while position < end:
                    got = os.preadv(descriptor, [chunk], position)
                    for needle, utf16 in needles:
                        for found in _finds(chunk, needle, got):
                            raw = chunk[found : found + MARKER_CHARS * (2 if utf16 else 1)]
                            text = raw.decode("utf-16-le" if utf16 else "ascii", errors="replace")
                            offset = position + found
                            # Found again in the next chunk, it may be whole there.
                            hits[offset] = Hit(offset=offset, text=text, utf16=utf16)
                    if position + got >= end:
                        break
                    # A chunk repeats the last bytes of the one before: a marker may lie across.
                    position = _aligned(position + got - overlap)
    finally:
        os.close(descriptor)
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


def _aligned(offset: int) -> int:
    return offset - offset % mmap.PAGESIZE


def _finds(chunk: mmap.mmap, needle: bytes, end: int) -> Iterator[int]:
    found = chunk.find(needle, 0, end)
    while found >= 0:
        yield found
        found = chunk.find(needle, found + 1, end)
