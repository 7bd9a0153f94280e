"""Byte ranges of a drive: cut into blocks, handed out, merged, and chosen for samples.

Everything here is arithmetic; nothing touches a drive. What was found bad may be named
too widely when there is very much of it, never too narrowly.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Iterable, Iterator, Sequence

from appliance.model import ByteRange, RangeError

SECTIONS = 1000
"""NIST SP 800-88 Rev. 1, 4.7.2: at least 1000 equal subsections of the address space,"""
SAMPLES_PER_SECTION = 2
"""two samples that do not overlap in each,"""
SAMPLE_SHARE = 20
"""each at least 5 % (one 20th) of its subsection, and the first and last address."""


def cut(ranges: Iterable[ByteRange], step_bytes: int) -> Iterator[ByteRange]:
    """The ranges in pieces that end at multiples of `step_bytes` (or at a range's end)."""
    for whole in ranges:
        at = whole.offset
        while at < whole.end:
            end = min(whole.end, at - at % step_bytes + step_bytes)
            yield ByteRange(offset=at, length=end - at)
            at = end


def total_bytes(ranges: Iterable[ByteRange]) -> int:
    return sum(one.length for one in ranges)


def merged(ranges: Iterable[ByteRange]) -> tuple[ByteRange, ...]:
    """The same bytes as few ranges: sorted, neither touching nor overlapping."""
    found: list[ByteRange] = []
    for one in sorted(ranges, key=lambda item: item.offset):
        if found and one.offset <= found[-1].end:
            start = found[-1].offset
            found[-1] = ByteRange(offset=start, length=max(found[-1].end, one.end) - start)
        elif one.length:
            found.append(one)
    return tuple(found)


def sample_ranges(size_bytes: int, block_bytes: int, rng: random.Random) -> tuple[ByteRange, ...]:
    """What a sampled verification reads of a drive, by the rule of NIST SP 800-88 Rev. 1.

    A drive of so few blocks that two samples of a block each would be more than its
    sections hold is read whole. Sizes in bytes, `block_bytes` the logical block.
    """
    blocks = size_bytes // block_bytes
    if blocks < SECTIONS * SAMPLES_PER_SECTION:
        return (ByteRange(offset=0, length=size_bytes),)
    chosen = [ByteRange(offset=0, length=block_bytes)]
    for section in range(SECTIONS):
        first = blocks * section // SECTIONS
        length = blocks * (section + 1) // SECTIONS - first
        sample = -(-length // SAMPLE_SHARE)
        # Two starts in what is left when both samples are taken out: they cannot overlap.
        slack = length - SAMPLES_PER_SECTION * sample
        low, high = sorted((rng.randint(0, slack), rng.randint(0, slack)))
        for start in (first + low, first + high + sample):
            chosen.append(ByteRange(offset=start * block_bytes, length=sample * block_bytes))
    chosen.append(ByteRange(offset=size_bytes - block_bytes, length=block_bytes))
    return merged(chosen)


class Cursor:
    """Hands out the blocks of some ranges in order, to any number of threads."""

    def __init__(self, ranges: Sequence[ByteRange], block_bytes: int) -> None:
        self._ranges = [one for one in ranges if one.length]
        self._block_bytes = block_bytes
        self._index = 0
        self._at = self._ranges[0].offset if self._ranges else 0
        self._open: set[int] = set()
        self._lock = threading.Lock()

    def take(self) -> ByteRange | None:
        """The next block, which counts as open until `close`; None at the end."""
        with self._lock:
            block = self._next(self._block_bytes)
            if block is not None:
                self._open.add(block.offset)
            return block

    def close(self, block: ByteRange) -> None:
        """Say that a block was dealt with, in whatever way."""
        with self._lock:
            self._open.discard(block.offset)

    def skip(self, limit_bytes: int) -> list[ByteRange]:
        """Leave out up to `limit_bytes` from here on; what was left out."""
        left: list[ByteRange] = []
        with self._lock:
            while limit_bytes > 0:
                part = self._next(self._block_bytes)
                if part is None:
                    break
                left.append(part)
                limit_bytes -= part.length
        return list(merged(left))

    @property
    def low_water(self) -> int:
        """Everything below this offset was dealt with."""
        with self._lock:
            return min((self._at, *self._open))

    def _next(self, limit_bytes: int) -> ByteRange | None:
        if self._index == len(self._ranges):
            return None
        here = self._ranges[self._index]
        end = min(here.end, self._at - self._at % limit_bytes + limit_bytes)
        block = ByteRange(offset=self._at, length=end - self._at)
        self._at = end
        if end == here.end:
            self._index += 1
            if self._index < len(self._ranges):
                self._at = self._ranges[self._index].offset
        return block


class ErrorRanges:
    """Bad ranges as they are found, by any thread; neighbours of one kind become one, with all
    that was said of them.

    More than `limit` ranges are made fewer by also merging across gaps, so that a drive
    with a million bad blocks cannot fill memory and paper; `gap_bytes` says how far.
    """

    def __init__(self, limit: int = 256) -> None:
        self._limit = limit
        self._found: list[RangeError] = []
        self._lock = threading.Lock()
        self.gap_bytes = 0

    def add(self, kind: str, where: ByteRange, detail: str = "") -> None:
        with self._lock:
            self._found.append(RangeError(kind=kind, range=where, detail=detail))
            if len(self._found) > 2 * self._limit:
                self._found = self._merge()
                while len(self._found) > self._limit:
                    self.gap_bytes = max(4096, self.gap_bytes * 4)
                    self._found = self._merge()

    def __len__(self) -> int:
        with self._lock:
            self._found = self._merge()
            return len(self._found)

    def __iter__(self) -> Iterator[RangeError]:
        with self._lock:
            self._found = self._merge()
            return iter(tuple(self._found))

    def _merge(self) -> list[RangeError]:
        done: list[RangeError] = []
        last: dict[str, int] = {}
        for one in sorted(self._found, key=lambda item: item.range.offset):
            before = done[last[one.kind]] if one.kind in last else None
            if before is None or one.range.offset > before.range.end + self.gap_bytes:
                last[one.kind] = len(done)
                done.append(one)
                continue
            length = max(before.range.end, one.range.end) - before.range.offset
            joined = ByteRange(offset=before.range.offset, length=length)
            detail = _both(before.detail, one.detail)
            done[last[one.kind]] = RangeError(kind=one.kind, range=joined, detail=detail)
        return done


def _both(first: str, second: str) -> str:
    """What two neighbours say of themselves, each word once: `other, zeros`."""
    words = {word for text in (first, second) for word in text.split(", ") if word}
    return ", ".join(sorted(words))
