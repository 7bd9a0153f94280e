"""Old samples: what the donor left in some places, looked for again after a firmware command.

Of old data nothing is kept but HMACs under a key that lives and dies with the object;
constant blocks are left out, and below a minimum of places nothing is claimed. Order:
`take_old_samples`, `plant_canaries(avoid=old.ranges)`, the command, `check_canaries`,
`check_old_samples`. Also here: the sample of a sampled verification.
"""

from __future__ import annotations

import hmac
import random
import secrets
import time
from collections.abc import Iterator
from dataclasses import replace

from appliance.erasure.device import Geometry, geometry
from appliance.erasure.places import (
    PATIENCE_S,
    UNIT_BYTES,
    look_again,
    parts,
    read_place,
    split,
    unit,
)
from appliance.erasure.ranges import sample_ranges
from appliance.model import ByteRange, Check

SAMPLE_COUNT = 1024
ENOUGH_SAMPLES = 32
"""Fewer old blocks than this that are not constant prove nothing worth saying."""


class OldSamples:
    """What is remembered of old data: places, and HMAC-SHA256 of each block there."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._macs: dict[int, bytes] = {}
        self._taken: list[ByteRange] = []
        self.block_bytes = 512
        self.unreadable = 0
        self.given_up = False

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
    def representative(self) -> bool:
        """Whether what was read tells of the whole drive."""
        return not self.given_up and self.unreadable <= self.taken

    @property
    def ranges(self) -> tuple[ByteRange, ...]:
        """The places that hold remembered blocks."""
        return tuple(one for one in self._taken if any(self._blocks(one)))

    def remember(self, where: ByteRange, data: bytes) -> None:
        """Keep the blocks of a place that are more than one byte repeated."""
        self._taken.append(where)
        for offset, block in split(where.offset, data, self.block_bytes):
            if block.count(block[0]) != len(block):
                self._macs[offset] = self._mac(offset, block)

    def survivors(self, where: ByteRange, data: bytes) -> list[ByteRange]:
        """The remembered blocks of a place that are there again, or still."""
        return [
            ByteRange(offset=offset, length=len(block))
            for offset, block in split(where.offset, data, self.block_bytes)
            if offset in self._macs
            and hmac.compare_digest(self._macs[offset], self._mac(offset, block))
        ]

    def remembered_bytes(self, where: ByteRange) -> int:
        return sum(self._blocks(where)) * self.block_bytes

    def _blocks(self, where: ByteRange) -> Iterator[bool]:
        return (at in self._macs for at in range(where.offset, where.end, self.block_bytes))

    def _mac(self, offset: int, block: bytes) -> bytes:
        return hmac.digest(self._key, offset.to_bytes(8, "big") + block, "sha256")


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
    for first, length in parts(places, count):
        where = unit(1 + first + rng.randrange(length))
        began = time.monotonic()
        data = read_place(fd, shape, where)
        if isinstance(data, str):
            samples.unreadable += 1
            lost_s += time.monotonic() - began
            if lost_s > patience_s:
                samples.given_up = True
                break
        else:
            samples.remember(where, data)
    return samples


def check_old_samples(fd: int, samples: OldSamples, *, shape: Geometry | None = None) -> Check:
    """Look for the old blocks again (kind `old-samples`): good when none is there.

    Where there was too little old data (`OldSamples.enough`), nothing is claimed: 0 bytes
    planned. A survivor counts always. Places that could not be read before stay a detail, for
    what the erase left there the reading of the whole drive tells; where most could not be
    read, or the looking was given up, nobody knows that there was no data: incomplete.
    """
    check = look_again(
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
        complete=check.complete and samples.representative,
    )
