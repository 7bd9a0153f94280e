"""Marks and old data, looked for again after a firmware command that wipes by itself.

**Canaries** are blocks of random bytes that we write (with FUA) and read back before the
command; **old samples** are blocks of whatever the donor left. Neither may be there
afterwards. Order: `take_old_samples`, `plant_canaries(avoid=old.ranges)`, the command,
`check_canaries`, `check_old_samples`. Of old data nothing is kept but HMACs under a key
that lives and dies with the object; canaries are ours and their seed may be logged, so a
worker that starts again can still look for them. Their being gone says nothing about
spare or unmapped cells; their read-back at planting may come from the drive's own cache.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import random
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from appliance.erasure.device import (
    Geometry,
    aligned_buffer,
    drop_host_cache,
    error_name,
    geometry,
)
from appliance.erasure.ranges import sample_ranges
from appliance.model import ByteRange, Check, Facts, RangeError

UNIT_BYTES = 4096
CANARY_SPREAD = 64
"""Canaries between the one in the first block and the one in the last."""
SAMPLE_COUNT = 1024
ENOUGH_SAMPLES = 32
"""Fewer old blocks than this that are not constant prove nothing worth saying."""
PATIENCE_S = 60.0

_MARKER = b"TAJDEED CANARY\n\0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Canaries:
    """What was planted: `seed` (hex) makes the bytes of every range again.

    `failed` are the places where planting did not work, kind `write`, `unreadable` or
    `mismatch`.
    """

    seed: str
    logical_block_bytes: int
    planted: tuple[ByteRange, ...]
    failed: tuple[RangeError, ...] = ()

    @property
    def usable(self) -> bool:
        """Whether their absence can be evidence: every one was written and read back."""
        return bool(self.planted) and not self.failed

    def content(self, where: ByteRange) -> bytes:
        """The bytes planted in a range."""
        stream = hashlib.shake_256(bytes.fromhex(self.seed) + where.offset.to_bytes(8, "big"))
        return (_MARKER + stream.digest(where.length))[: where.length]


class OldSamples:
    """What is remembered of old data: places, and HMAC-SHA256 of each block there."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._macs: dict[int, bytes] = {}
        self._taken: list[ByteRange] = []
        self.block_bytes = 512
        self.unreadable = 0

    def __repr__(self) -> str:
        return f"OldSamples({len(self)} blocks)"

    def __len__(self) -> int:
        return len(self._macs)

    @property
    def enough(self) -> bool:
        """Whether there was old data in enough places for its absence to be evidence."""
        return len(self.ranges) >= ENOUGH_SAMPLES

    @property
    def taken(self) -> int:
        """How many places were looked at, constant ones included."""
        return len(self._taken)

    @property
    def ranges(self) -> tuple[ByteRange, ...]:
        """The places that hold remembered blocks."""
        return tuple(one for one in self._taken if any(self._blocks(one)))

    def remember(self, where: ByteRange, data: bytes) -> None:
        """Keep the blocks of a place that are more than one byte repeated."""
        self._taken.append(where)
        for offset, block in _split(where.offset, data, self.block_bytes):
            if block.count(block[0]) != len(block):
                self._macs[offset] = self._mac(offset, block)

    def survivors(self, where: ByteRange, data: bytes) -> list[ByteRange]:
        """The remembered blocks of a place that are there again, or still."""
        return [
            ByteRange(offset=offset, length=len(block))
            for offset, block in _split(where.offset, data, self.block_bytes)
            if offset in self._macs
            and hmac.compare_digest(self._macs[offset], self._mac(offset, block))
        ]

    def remembered_bytes(self, where: ByteRange) -> int:
        return sum(self._blocks(where)) * self.block_bytes

    def _blocks(self, where: ByteRange) -> Iterator[bool]:
        return (at in self._macs for at in range(where.offset, where.end, self.block_bytes))

    def _mac(self, offset: int, block: bytes) -> bytes:
        return hmac.digest(self._key, offset.to_bytes(8, "big") + block, "sha256")


def _split(offset: int, data: bytes, step: int) -> Iterator[tuple[int, bytes]]:
    for at in range(0, len(data), step):
        yield offset + at, data[at : at + step]


def sampled_ranges(shape: Geometry) -> tuple[ByteRange, ...]:
    """A fresh sample of the drive for a sampled verification; see `ranges.sample_ranges`."""
    return sample_ranges(shape.size_bytes, shape.logical_block_bytes, secrets.SystemRandom())


def take_old_samples(
    fd: int,
    *,
    rng: random.Random | None = None,
    shape: Geometry | None = None,
    count: int = SAMPLE_COUNT,
    patience_s: float = PATIENCE_S,
) -> OldSamples:
    """Remember one place of 4 KiB in each of `count` equal parts of the drive.

    The first and the last place stay free for canaries. Stops early when failing reads
    have cost `patience_s`; unreadable places are counted.
    """
    shape, rng = shape or geometry(fd), rng or secrets.SystemRandom()
    samples = OldSamples()
    samples.block_bytes = shape.logical_block_bytes
    lost_s = 0.0
    places = max(0, shape.size_bytes // UNIT_BYTES - 2)
    for first, length in _parts(places, count):
        where = _unit(1 + first + rng.randrange(length))
        began = time.monotonic()
        data = _read(fd, shape, where)
        if isinstance(data, str):
            samples.unreadable += 1
            lost_s += time.monotonic() - began
            if lost_s > patience_s:
                break
        else:
            samples.remember(where, data)
    return samples


def plant_canaries(
    fd: int,
    *,
    rng: random.Random | None = None,
    shape: Geometry | None = None,
    avoid: Sequence[ByteRange] = (),
    spread: int = CANARY_SPREAD,
    patience_s: float = PATIENCE_S,
) -> Canaries:
    """Write canaries in the first and last 4 KiB and in `spread` places between, read back.

    `avoid` are the places of old samples. Where the drive refuses, the place is in
    `failed`, and the level that can be claimed is lower: see `Canaries.usable`.
    """
    shape, rng = shape or geometry(fd), rng or secrets.SystemRandom()
    places = _canary_places(shape, rng, avoid, spread)
    seed = secrets.token_bytes(32).hex()
    plan = Canaries(seed=seed, logical_block_bytes=shape.logical_block_bytes, planted=places)
    failed: dict[int, RangeError] = {}
    buffer = aligned_buffer(UNIT_BYTES)
    lost_s = 0.0
    for where in places:
        data = buffer[: where.length]
        data[:] = plan.content(where)
        began = time.monotonic()
        tired = lost_s > patience_s
        problem = "not-tried" if tired else _write_through(fd, data, where.offset)
        if problem:
            lost_s += time.monotonic() - began
            failed[where.offset] = RangeError(kind="write", range=where, detail=problem)
    drop_problem = ""
    try:
        drop_host_cache(fd)
    except OSError as error:
        drop_problem = error_name(error)
    for where in places:
        if where.offset in failed:
            continue
        found = drop_problem or _read(fd, shape, where)
        if isinstance(found, str):
            failed[where.offset] = RangeError(kind="unreadable", range=where, detail=found)
        elif found != plan.content(where):
            failed[where.offset] = RangeError(kind="mismatch", range=where)
    return Canaries(
        seed=seed,
        logical_block_bytes=shape.logical_block_bytes,
        planted=tuple(where for where in places if where.offset not in failed),
        failed=tuple(failed[offset] for offset in sorted(failed)),
    )


def check_canaries(fd: int, canaries: Canaries, *, shape: Geometry | None = None) -> Check:
    """Look for every canary again (kind `canaries`): good when not one block of any is left.

    `expected_bytes` counts bytes that are gone. `shape`: the drive's as it is *now*, which
    a format may have changed. Mismatches: kind `survived` or `unreadable`.
    """

    def survivors(where: ByteRange, data: bytes) -> list[ByteRange]:
        planted = canaries.content(where)
        return [
            ByteRange(offset=offset, length=len(block))
            for offset, block in _split(where.offset, data, canaries.logical_block_bytes)
            if block == planted[offset - where.offset :][: len(block)]
        ]

    return _look(fd, shape, "canaries", canaries.planted, survivors, lambda one: one.length)


def check_old_samples(fd: int, samples: OldSamples, *, shape: Geometry | None = None) -> Check:
    """Look for the old blocks again (kind `old-samples`): good when none is there.

    Where there was too little old data (`OldSamples.enough`), nothing is claimed: 0 bytes
    planned, and complete if every place could be read before. A survivor counts always.
    """
    check = _look(
        fd, shape, "old-samples", samples.ranges, samples.survivors, samples.remembered_bytes
    )
    check.detail["places_looked_at_before"] = samples.taken
    check.detail["unreadable_before"] = samples.unreadable
    if samples.enough or check.mismatches:
        return check
    return replace(
        check,
        planned_bytes=0,
        read_bytes=0,
        expected_bytes=0,
        complete=check.complete and not samples.unreadable,
    )


def _look(
    fd: int,
    shape: Geometry | None,
    kind: str,
    places: Sequence[ByteRange],
    survivors: Callable[[ByteRange, bytes], list[ByteRange]],
    size_of: Callable[[ByteRange], int],
) -> Check:
    shape = shape or geometry(fd)
    drop_problem = ""
    try:
        drop_host_cache(fd)
    except OSError as error:
        drop_problem = error_name(error)
    bad: list[RangeError] = []
    read = left = unreadable = 0
    lost_s = 0.0
    for where in places:
        began = time.monotonic()
        data = _read(fd, shape, where) if lost_s <= PATIENCE_S else "not-tried"
        if isinstance(data, str):
            lost_s += time.monotonic() - began
            unreadable += 1
            bad.append(RangeError(kind="unreadable", range=where, detail=data))
            continue
        read += size_of(where)
        for survivor in survivors(where, data):
            left += survivor.length
            bad.append(RangeError(kind="survived", range=survivor))
    planned = sum(map(size_of, places))
    detail: Facts = {
        "places": len(places),
        "survived_bytes": left,
        "unreadable_places": unreadable,
    }
    if drop_problem:
        detail["host_cache_error"] = drop_problem
    return Check(
        kind=kind,
        scope="sampled",
        planned_bytes=planned,
        read_bytes=read,
        expected_bytes=read - left,
        complete=read == planned and not drop_problem,
        mismatches=tuple(bad),
        detail=detail,
    )


def _canary_places(
    shape: Geometry, rng: random.Random, avoid: Sequence[ByteRange], spread: int
) -> tuple[ByteRange, ...]:
    units = shape.size_bytes // UNIT_BYTES
    if not units:
        return ()
    taken = {one.offset // UNIT_BYTES for one in avoid}
    last = ByteRange(offset=shape.size_bytes - UNIT_BYTES, length=UNIT_BYTES)
    chosen = {0: _unit(0)}
    if last.offset >= UNIT_BYTES:
        chosen[last.offset] = last
    for first, length in _parts(units - 2, spread):
        # In a part full of old samples there is no place for a canary, and none is needed.
        for _ in range(64):
            index = 1 + first + rng.randrange(length)
            if index not in taken:
                chosen[index * UNIT_BYTES] = _unit(index)
                break
    return tuple(chosen[offset] for offset in sorted(chosen))


def _parts(places: int, count: int) -> Iterator[tuple[int, int]]:
    """(first, length) of `count` nearly equal parts, fewer where there are fewer places."""
    count = min(count, places)
    for part in range(count):
        first = places * part // count
        yield first, places * (part + 1) // count - first


def _unit(index: int) -> ByteRange:
    return ByteRange(offset=index * UNIT_BYTES, length=UNIT_BYTES)


def _write_through(fd: int, data: memoryview, offset: int) -> str:
    """One write that reaches the medium (FUA) before it returns: "" or the error's name."""
    try:
        written = os.pwritev(fd, [data], offset, os.RWF_DSYNC)
    except OSError as error:
        return error_name(error)
    return "" if written == len(data) else "short-write"


def _read(fd: int, shape: Geometry, where: ByteRange) -> bytes | str:
    """The bytes of a range, read in whole blocks of the drive as it is now, or the error."""
    block = shape.logical_block_bytes
    start = where.offset - where.offset % block
    end = where.end + -where.end % block
    if end > shape.size_bytes:
        return "beyond-end"
    buffer = aligned_buffer(end - start)
    try:
        moved = os.preadv(fd, [buffer], start)
    except OSError as error:
        return error_name(error)
    if moved != len(buffer):
        return "short-read"
    return bytes(buffer[where.offset - start : where.end - start])
