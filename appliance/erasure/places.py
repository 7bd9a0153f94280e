"""A few small places of a drive, read one by one: shared by canaries and old samples.

Reads go past the host's cache and in whole blocks of the drive as it is now, for a format
may have changed their size since the place was chosen. Nothing is written here.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence

from appliance.erasure.device import (
    Geometry,
    aligned_buffer,
    drop_host_cache,
    error_name,
    geometry,
)
from appliance.model import ByteRange, Check, Facts, RangeError

UNIT_BYTES = 4096
PATIENCE_S = 60.0
"""What failing requests may cost together before the rest is given up."""


def parts(places: int, count: int) -> Iterator[tuple[int, int]]:
    """(first, length) of `count` nearly equal parts, fewer where there are fewer places."""
    count = min(count, places)
    for part in range(count):
        first = places * part // count
        yield first, places * (part + 1) // count - first


def unit(index: int) -> ByteRange:
    """The 4 KiB number `index` of the drive."""
    return ByteRange(offset=index * UNIT_BYTES, length=UNIT_BYTES)


def split(offset: int, data: bytes, step: int) -> Iterator[tuple[int, bytes]]:
    """(offset on the drive, bytes) of each block of a place."""
    for at in range(0, len(data), step):
        yield offset + at, data[at : at + step]


def read_place(fd: int, shape: Geometry, where: ByteRange) -> bytes | str:
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


def look_again(
    fd: int,
    shape: Geometry | None,
    kind: str,
    places: Sequence[ByteRange],
    survivors: Callable[[ByteRange, bytes], list[ByteRange]],
    size_of: Callable[[ByteRange], int],
) -> Check:
    """Read every place again; `survivors` says which blocks of one should be gone and are not.

    `size_of` gives the bytes of a place that count. Never raises for what the drive does,
    if it is told the `shape`; without one, OSError where there is no device any more.
    """
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
        data = read_place(fd, shape, where) if lost_s <= PATIENCE_S else "not-tried"
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
