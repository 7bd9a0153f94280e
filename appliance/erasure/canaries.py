"""Canaries: marks planted before a firmware command that wipes by itself, and looked for after.

Random bytes at the start, at the end and spread over the drive, written with FUA and read
back. Not one block of any may be there afterwards. They are ours, not the donor's: their
seed may be logged, so that a worker that starts again can still look for them. Their
being gone says nothing about spare or unmapped cells, and the reading at planting may be
answered from the drive's own cache.
"""

from __future__ import annotations

import hashlib
import os
import random
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass

from appliance.erasure.device import (
    Geometry,
    aligned_buffer,
    drop_host_cache,
    error_name,
    geometry,
)
from appliance.erasure.places import (
    PATIENCE_S,
    UNIT_BYTES,
    look_again,
    parts,
    read_place,
    split,
    unit,
)
from appliance.model import ByteRange, Check, RangeError

CANARY_SPREAD = 64
"""Canaries between the one in the first block and the one in the last."""
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
        found = drop_problem or read_place(fd, shape, where)
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
            for offset, block in split(where.offset, data, canaries.logical_block_bytes)
            if block == planted[offset - where.offset :][: len(block)]
        ]

    return look_again(fd, shape, "canaries", canaries.planted, survivors, lambda one: one.length)


def _canary_places(
    shape: Geometry, rng: random.Random, avoid: Sequence[ByteRange], spread: int
) -> tuple[ByteRange, ...]:
    units = shape.size_bytes // UNIT_BYTES
    if not units:
        return ()
    taken = {one.offset // UNIT_BYTES for one in avoid}
    last = ByteRange(offset=shape.size_bytes - UNIT_BYTES, length=UNIT_BYTES)
    chosen = {0: unit(0)}
    if last.offset >= UNIT_BYTES:
        chosen[last.offset] = last
    for first, length in parts(units - 2, spread):
        # In a part full of old samples there is no place for a canary, and none is needed.
        for _ in range(64):
            index = 1 + first + rng.randrange(length)
            if index not in taken:
                chosen[index * UNIT_BYTES] = unit(index)
                break
    return tuple(chosen[offset] for offset in sorted(chosen))


def _write_through(fd: int, data: memoryview, offset: int) -> str:
    """One write that reaches the medium (FUA) before it returns: "" or the error's name."""
    try:
        written = os.pwritev(fd, [data], offset, os.RWF_DSYNC)
    except OSError as error:
        return error_name(error)
    return "" if written == len(data) else "short-write"
