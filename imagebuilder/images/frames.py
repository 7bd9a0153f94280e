"""Cut a raw disk into independent zstd frames, and find the slots in it on the way.

Each frame holds the same number of bytes of the disk; concatenated they are an ordinary zstd
file. Compression runs on all processors, the order of frames and their bytes do not depend on
it.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import zstandard

from appliance.imaging.manifest import Frame, Slot
from appliance.model import ByteRange

FRAME_BYTES = 8 << 20
_LEVEL = 3
_GRAIN = 64 << 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Needle:
    """A text that stands for a slot; `lead` bytes before the slot belong to the search only."""

    kind: str
    text: bytes
    lead: int = 0
    pad: str = " "


@dataclass(frozen=True, slots=True, kw_only=True)
class Framed:
    """The frames of a disk, its ranges that are not zeros, and the slots found."""

    frames: tuple[Frame, ...]
    extents: tuple[ByteRange, ...]
    slots: tuple[Slot, ...]
    file_bytes: int


@dataclass(frozen=True, slots=True)
class _Piece:
    compressed: bytes
    sha256: str
    extents: tuple[ByteRange, ...]
    slots: tuple[Slot, ...]


def write_frames(raw: Path, target: Path, needles: tuple[Needle, ...]) -> Framed:
    """Compress `raw` into `target`. The needles must not cross a 4 KiB boundary."""
    frames: list[Frame] = []
    extents: list[ByteRange] = []
    slots: list[Slot] = []
    place = 0
    with target.open("wb") as stream:
        for piece in _pieces(raw, needles):
            stream.write(piece.compressed)
            frames.append(Frame(offset=place, length=len(piece.compressed), sha256=piece.sha256))
            place += len(piece.compressed)
            slots.extend(piece.slots)
            for extent in piece.extents:
                if extents and extents[-1].end == extent.offset:
                    start = extents.pop().offset
                    extent = ByteRange(offset=start, length=extent.end - start)
                extents.append(extent)
    return Framed(
        frames=tuple(frames), extents=tuple(extents), slots=tuple(slots), file_bytes=place
    )


def _pieces(raw: Path, needles: tuple[Needle, ...]) -> Iterator[_Piece]:
    """The pieces in order; at most a few frames for each processor are in memory."""
    workers = os.cpu_count() or 1
    waiting: list[Future[_Piece]] = []
    with ThreadPoolExecutor(workers) as pool, raw.open("rb") as stream:
        offset = 0
        while data := stream.read(FRAME_BYTES):
            waiting.append(pool.submit(_piece, data, offset, needles))
            offset += len(data)
            if len(waiting) > 2 * workers:
                yield waiting.pop(0).result()
        for future in waiting:
            yield future.result()


def _piece(data: bytes, offset: int, needles: tuple[Needle, ...]) -> _Piece:
    return _Piece(
        zstandard.ZstdCompressor(level=_LEVEL, write_content_size=True).compress(data),
        hashlib.sha256(data).hexdigest(),
        tuple(_extents(data, offset)),
        tuple(_slots(data, offset, needles)),
    )


def _extents(data: bytes, offset: int) -> Iterator[ByteRange]:
    zeros = bytes(_GRAIN)
    start: int | None = None
    for place in range(0, len(data), _GRAIN):
        grain = data[place : place + _GRAIN]
        if grain == zeros[: len(grain)]:
            if start is not None:
                yield ByteRange(offset=offset + start, length=place - start)
            start = None
        elif start is None:
            start = place
    if start is not None:
        yield ByteRange(offset=offset + start, length=len(data) - start)


def _slots(data: bytes, offset: int, needles: tuple[Needle, ...]) -> Iterator[Slot]:
    for needle in needles:
        place = data.find(needle.text)
        while place >= 0:
            yield Slot(
                kind=needle.kind,
                offset=offset + place + needle.lead,
                length=len(needle.text) - needle.lead,
                pad=needle.pad,
            )
            place = data.find(needle.text, place + 1)
