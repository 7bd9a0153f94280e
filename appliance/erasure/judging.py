"""Looking at bytes that were read from a drive: are they what they should be, block for block?

Pure comparison, no I/O. Each thread of a reading has a judge of its own. Differences come
in whole logical blocks; only where a drive is wrong all over are they named more widely.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from appliance.erasure.stream import Prepared, Source
from appliance.model import ByteRange

# What is compared at once: small enough to stay in the CPU's cache from making to comparing.
_CHUNK_BYTES = 256 << 10
_EXACT_BYTES = 256 << 20
"""So much wrong data is named to the logical block; beyond it, by the piece."""
_PIECE_BYTES = 64 << 10
_ZEROS = bytes(_CHUNK_BYTES)
_ONES = b"\xff" * _CHUNK_BYTES

Difference = tuple[ByteRange, str]
"""Where it is wrong, and what stands there: `zeros`, `ones`, `other`, or nothing to say."""


class Judge(Protocol):
    """`kind` names its differences in a check; `offset` is the drive's."""

    @property
    def kind(self) -> str: ...

    def differences(self, data: memoryview, offset: int) -> Iterator[Difference]:
        """The ranges that are not as they should be, in whole logical blocks."""


class SourceJudge:
    """Compares with a source, chunk by chunk."""

    kind = "mismatch"

    def __init__(self, source: Source, logical_block_bytes: int) -> None:
        self._expected = bytearray(_CHUNK_BYTES)
        self._prepared = Prepared(source, self._expected)
        self._unit = logical_block_bytes
        self._found_bytes = 0

    def differences(self, data: memoryview, offset: int) -> Iterator[Difference]:
        """A drive that is wrong all over is named in wider ranges: sooner done, as bad."""
        for at in range(0, len(data), _CHUNK_BYTES):
            chunk = data[at : at + _CHUNK_BYTES]
            self._prepared.at(offset + at, len(chunk))
            # startswith is memcmp on both buffers: no copy, and fifty times as quick as
            # comparing memoryviews.
            if not self._expected.startswith(chunk):
                for start, length in self._halve(chunk, 0, len(chunk)):
                    self._found_bytes += length
                    where = ByteRange(offset=offset + at + start, length=length)
                    yield where, _looks_like(chunk[start : start + length])
        if self._found_bytes > _EXACT_BYTES:
            self._unit = max(self._unit, _PIECE_BYTES)

    def _halve(self, chunk: memoryview, start: int, length: int) -> Iterator[tuple[int, int]]:
        if self._expected.startswith(chunk[start : start + length], start):
            return
        if length <= self._unit:
            yield start, length
            return
        blocks = -(-length // self._unit)
        first = blocks // 2 * self._unit
        yield from self._halve(chunk, start, first)
        yield from self._halve(chunk, start + first, length - first)


class ConstantJudge:
    """Looks for blocks that are one allowed byte repeated, and counts them."""

    kind = "not-constant"

    def __init__(self, allowed: Sequence[int], logical_block_bytes: int) -> None:
        self._models = {value: bytearray([value]) * _CHUNK_BYTES for value in allowed}
        self._unit = logical_block_bytes
        self.found_bytes = dict.fromkeys(allowed, 0)

    def differences(self, data: memoryview, offset: int) -> Iterator[Difference]:
        for at in range(0, len(data), _CHUNK_BYTES):
            chunk = data[at : at + _CHUNK_BYTES]
            if self._is_constant(chunk):
                continue
            for start in range(0, len(chunk), self._unit):
                piece = chunk[start : start + self._unit]
                if not self._is_constant(piece):
                    yield ByteRange(offset=offset + at + start, length=len(piece)), ""

    def _is_constant(self, piece: memoryview) -> bool:
        for value, model in self._models.items():
            if model.startswith(piece):
                self.found_bytes[value] += len(piece)
                return True
        return False


class AnythingJudge:
    """Takes whatever is there, and counts how much of it is zeros, ones, or something else."""

    kind = "anything"

    def __init__(self, logical_block_bytes: int) -> None:
        self._unit = logical_block_bytes
        self.found_bytes = {"zeros": 0, "ones": 0, "other": 0}

    def differences(self, data: memoryview, offset: int) -> Iterator[Difference]:
        for at in range(0, len(data), _CHUNK_BYTES):
            chunk = data[at : at + _CHUNK_BYTES]
            looks = _looks_like(chunk)
            if looks != "other":
                self.found_bytes[looks] += len(chunk)
                continue
            for start in range(0, len(chunk), self._unit):
                piece = chunk[start : start + self._unit]
                self.found_bytes[_looks_like(piece)] += len(piece)
        yield from ()


def _looks_like(data: memoryview) -> str:
    if _ZEROS.startswith(data):
        return "zeros"
    return "ones" if _ONES.startswith(data) else "other"
