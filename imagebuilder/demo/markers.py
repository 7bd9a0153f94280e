"""Marker strings: what the demo plants on donated disks and looks for afterwards.

All begin with the same 16 characters, derived from a hash so that they stand in no file of ours
(nor of anybody's); half of them are written as UTF-16, as Windows writes names and texts. A hit on
those 16 characters counts, even where the rest of the marker is gone. Never changes what it reads.
"""

import base64
import hashlib
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

_CHUNK = 16 << 20
_WORTH_A_PROCESS = 1 << 30


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

    By as many processes as there are processors: a virtual PC may be held until this is over.
    """
    with path.open("rb", buffering=0) as stream:
        extents = list(data_extents(stream.fileno()))
    total = sum(end - begin for begin, end in extents)
    workers = min(os.cpu_count() or 1, 1 + total // _WORTH_A_PROCESS)
    parts = _parts(extents, workers)
    if workers == 1:
        found = [_search_part(path, part) for part in parts]
    else:
        # New interpreters: whoever owns a virtual PC has threads, and must not be copied with them.
        with ProcessPoolExecutor(workers, get_context("forkserver")) as pool:
            found = list(pool.map(_search_part, [path] * len(parts), parts))
    hits = {hit.offset: hit for part in found for hit in part}
    return [hits[offset] for offset in sorted(hits)]


Extents = tuple[tuple[int, int], ...]


def _parts(extents: Sequence[tuple[int, int]], count: int) -> list[Extents]:
    """The extents (first byte, end) as so many parts of the same size, cut where need be."""
    share = -(-sum(end - begin for begin, end in extents) // count)
    parts: list[list[tuple[int, int]]] = [[] for _ in range(count)]
    number, room = 0, share
    for begin, end in extents:
        while begin < end:
            step = min(room, end - begin)
            parts[number].append((begin, begin + step))
            begin, room = begin + step, room - step
            if room == 0 and number + 1 < count:
                number, room = number + 1, share
    return [tuple(part) for part in parts if part]


def _search_part(path: Path, extents: Extents) -> list[Hit]:
    """The markers that begin in these extents, or up to a marker's length before them."""
    needles = [(PREFIX.encode("ascii"), False), (PREFIX.encode("utf-16-le"), True)]
    overlap = MARKER_CHARS * 2
    hits: dict[int, Hit] = {}
    with path.open("rb", buffering=0) as stream:
        for begin, end in extents:
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
                        # The chunk that has all of it comes last.
                        hits[offset] = Hit(offset=offset, text=text, utf16=utf16)
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
