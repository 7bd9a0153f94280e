"""What a simulated drive keeps its blocks on: an honest store, and layers that are at fault.

A `Store` is a file or anonymous memory and does what it is told. Each fault is a layer around
another medium, so they combine. The truth is what lies in the store: the laboratory looks
there, past every layer, to find out what really became of a donor's data.
"""

from __future__ import annotations

import mmap
from collections import OrderedDict
from pathlib import Path
from typing import Literal, Protocol

Buffer = bytes | bytearray | memoryview
_SMALL_ZEROS = bytes(1 << 16)


class MediumError(Exception):
    """Blocks that cannot be read or written; `lba` is the first of them."""

    def __init__(self, kind: Literal["unreadable", "unwritable"], lba: int) -> None:
        super().__init__(f"{kind} at block {lba}")
        self.kind = kind
        self.lba = lba


class Medium(Protocol):
    """Blocks numbered from 0. The caller has checked that a range lies within `blocks`."""

    @property
    def blocks(self) -> int: ...

    @property
    def block_bytes(self) -> int: ...

    def read(self, first: int, count: int) -> Buffer: ...

    def write(self, first: int, data: Buffer) -> None: ...

    def zero(self, first: int, count: int) -> None: ...

    def flush(self) -> None: ...

    def power_cut(self) -> None: ...


class Store:
    """Keeps what is written, at once and for good. Without a path: in memory."""

    def __init__(self, blocks: int, block_bytes: int = 512, path: Path | None = None) -> None:
        self.blocks = blocks
        self.block_bytes = block_bytes
        size = blocks * block_bytes
        if path is None:
            self._map = mmap.mmap(-1, size)
        else:
            with path.open("a+b") as stream:
                stream.truncate(size)
                self._map = mmap.mmap(stream.fileno(), size)
        self._view = memoryview(self._map)

    def read(self, first: int, count: int) -> Buffer:
        return self._view[first * self.block_bytes : (first + count) * self.block_bytes]

    def write(self, first: int, data: Buffer) -> None:
        self._view[first * self.block_bytes : first * self.block_bytes + len(data)] = data

    def zero(self, first: int, count: int) -> None:
        at, end = first * self.block_bytes, (first + count) * self.block_bytes
        while at < end:
            step = min(end - at, len(_SMALL_ZEROS))
            self._view[at : at + step] = _SMALL_ZEROS[:step]
            at += step

    def flush(self) -> None:
        """Everything is where it belongs already."""

    def power_cut(self) -> None:
        """Nothing is lost."""


class Layer:
    """Passes everything on; a fault overrides what it breaks."""

    def __init__(self, below: Medium) -> None:
        self.below = below

    @property
    def blocks(self) -> int:
        return self.below.blocks

    @property
    def block_bytes(self) -> int:
        return self.below.block_bytes

    def read(self, first: int, count: int) -> Buffer:
        return self.below.read(first, count)

    def write(self, first: int, data: Buffer) -> None:
        self.below.write(first, data)

    def zero(self, first: int, count: int) -> None:
        self.below.zero(first, count)

    def flush(self) -> None:
        self.below.flush()

    def power_cut(self) -> None:
        self.below.power_cut()


class Unmapped(Layer):
    """After `unmap(tile)`, blocks read as the tile until they are written; below, all stays."""

    def __init__(self, below: Medium) -> None:
        super().__init__(below)
        self._tile = b""
        self._mapped = bytearray(below.blocks)

    def unmap(self, tile: bytes) -> None:
        self._tile = tile * (self.block_bytes // len(tile))
        self._mapped = bytearray(self.blocks)

    def read(self, first: int, count: int) -> Buffer:
        mapped = self._mapped[first : first + count]
        if not self._tile or 0 not in mapped:
            return self.below.read(first, count)
        if 1 not in mapped:
            return self._tile * count
        return b"".join(
            bytes(self.below.read(first + at, 1)) if mapped[at] else self._tile
            for at in range(count)
        )

    def write(self, first: int, data: Buffer) -> None:
        self.below.write(first, data)
        count = len(data) // self.block_bytes
        self._mapped[first : first + count] = b"\1" * count

    def zero(self, first: int, count: int) -> None:
        self.below.zero(first, count)
        self._mapped[first : first + count] = b"\1" * count


class _Ranged(Layer):
    """A fault that sits in `count` blocks from `first`; by default in all of them."""

    def __init__(self, below: Medium, first: int = 0, count: int | None = None) -> None:
        super().__init__(below)
        self._first = first
        self._end = below.blocks if count is None else first + count

    def _hit(self, first: int, count: int) -> int | None:
        """The first faulty block of a range."""
        at = max(first, self._first)
        return at if at < min(first + count, self._end) else None

    def _healthy(self, first: int, count: int) -> list[tuple[int, int]]:
        """The parts (first block, number) of a range that lie outside of the fault."""
        end = first + count
        parts = [(first, min(end, self._first)), (max(first, self._end), end)]
        return [(begin, stop - begin) for begin, stop in parts if stop > begin]


class Unreadable(_Ranged):
    """Reads that touch the range fail; writes are taken."""

    def read(self, first: int, count: int) -> Buffer:
        hit = self._hit(first, count)
        if hit is not None:
            raise MediumError("unreadable", hit)
        return self.below.read(first, count)


class Unwritable(_Ranged):
    """Writes that touch the range fail; what comes before it in the same write is kept."""

    def write(self, first: int, data: Buffer) -> None:
        hit = self._hit(first, len(data) // self.block_bytes)
        if hit is None:
            self.below.write(first, data)
            return
        if hit > first:
            self.below.write(first, data[: (hit - first) * self.block_bytes])
        raise MediumError("unwritable", hit)

    def zero(self, first: int, count: int) -> None:
        for begin, length in self._healthy(first, count):
            self.below.zero(begin, length)


class IgnoresWrites(_Ranged):
    """Writes to the range are reported as done, and the old content stays."""

    def write(self, first: int, data: Buffer) -> None:
        size = self.block_bytes
        for begin, length in self._healthy(first, len(data) // size):
            at = (begin - first) * size
            self.below.write(begin, data[at : at + length * size])

    def zero(self, first: int, count: int) -> None:
        for begin, length in self._healthy(first, count):
            self.below.zero(begin, length)


class WrapsAround(Layer):
    """Claims more blocks than there are: addresses beyond the end start again at block 0."""

    def __init__(self, below: Medium, claimed_blocks: int) -> None:
        super().__init__(below)
        self._claimed = claimed_blocks

    @property
    def blocks(self) -> int:
        return self._claimed

    def read(self, first: int, count: int) -> Buffer:
        return b"".join(self.below.read(at, length) for at, length in self._turns(first, count))

    def write(self, first: int, data: Buffer) -> None:
        size, done = self.block_bytes, 0
        for at, length in self._turns(first, len(data) // size):
            self.below.write(at, data[done : done + length * size])
            done += length * size

    def zero(self, first: int, count: int) -> None:
        for at, length in self._turns(first, count):
            self.below.zero(at, length)

    def _turns(self, first: int, count: int) -> list[tuple[int, int]]:
        turns = []
        while count:
            at = first % self.below.blocks
            length = min(count, self.below.blocks - at)
            turns.append((at, length))
            first, count = first + length, count - length
        return turns


class VolatileCache(Layer):
    """A write cache of `capacity` blocks, lost at a power cut.

    `honest`: what is flushed or squeezed out reaches the medium. A lying one says so and
    drops it: reads are right for as long as the cache remembers.
    """

    def __init__(self, below: Medium, capacity: int, *, honest: bool = True) -> None:
        super().__init__(below)
        self._capacity = capacity
        self._honest = honest
        self._cached: OrderedDict[int, bytes] = OrderedDict()

    def read(self, first: int, count: int) -> Buffer:
        data = bytearray(self.below.read(first, count))
        size = self.block_bytes
        for number in range(count):
            block = self._cached.get(first + number)
            if block is not None:
                data[number * size : (number + 1) * size] = block
        return data

    def write(self, first: int, data: Buffer) -> None:
        size = self.block_bytes
        for number in range(len(data) // size):
            self._cached[first + number] = bytes(data[number * size : (number + 1) * size])
            self._cached.move_to_end(first + number)
        self._squeeze(self._capacity)

    def zero(self, first: int, count: int) -> None:
        for number in range(first, first + count):
            self._cached.pop(number, None)
        if self._honest:
            self.below.zero(first, count)

    def flush(self) -> None:
        if self._honest:
            self._squeeze(0)
        self.below.flush()

    def power_cut(self) -> None:
        self._cached.clear()
        self.below.power_cut()

    def _squeeze(self, capacity: int) -> None:
        while len(self._cached) > capacity:
            lba, block = self._cached.popitem(last=False)
            if self._honest:
                self.below.write(lba, block)
