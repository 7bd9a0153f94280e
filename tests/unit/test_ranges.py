"""Cutting, handing out, merging and sampling of ranges never loses or invents a byte."""

from __future__ import annotations

import itertools
import random

from hypothesis import given
from hypothesis import strategies as st

from appliance.erasure.ranges import (
    SECTIONS,
    Cursor,
    ErrorRanges,
    cut,
    merged,
    sample_ranges,
    total_bytes,
)
from appliance.model import ByteRange, RangeError

RANGES = st.lists(
    st.builds(ByteRange, offset=st.integers(0, 500), length=st.integers(1, 60)), max_size=12
)


def covered(ranges: list[ByteRange] | tuple[ByteRange, ...]) -> set[int]:
    return {at for one in ranges for at in range(one.offset, one.end)}


@given(ranges=RANGES)
def test_merging_keeps_every_byte_and_leaves_no_neighbours(ranges: list[ByteRange]) -> None:
    result = merged(ranges)
    assert covered(result) == covered(ranges)
    assert all(a.end < b.offset for a, b in itertools.pairwise(result))


@given(ranges=RANGES, step=st.integers(1, 40))
def test_cutting_keeps_every_byte_and_ends_at_multiples(ranges: list[ByteRange], step: int) -> None:
    whole = list(merged(ranges))
    pieces = list(cut(whole, step))
    assert covered(pieces) == covered(whole)
    assert total_bytes(pieces) == total_bytes(whole)
    ends = {one.end for one in whole}
    assert all(piece.end % step == 0 or piece.end in ends for piece in pieces)


@given(ranges=RANGES, step=st.integers(1, 40), skip=st.integers(0, 100))
def test_a_cursor_hands_out_everything_once_or_says_what_it_skipped(
    ranges: list[ByteRange], step: int, skip: int
) -> None:
    whole = list(merged(ranges))
    cursor = Cursor(whole, step)
    got: list[ByteRange] = []
    first = cursor.take()
    if first is not None:
        got += [first, *cursor.skip(skip)]
    while (block := cursor.take()) is not None:
        assert cursor.low_water <= got[0].offset
        got.append(block)
        cursor.close(block)
    assert covered(got) == covered(whole)
    assert total_bytes(got) == total_bytes(whole)


def test_the_low_water_mark_is_the_oldest_open_block() -> None:
    cursor = Cursor([ByteRange(offset=0, length=100)], 10)
    first, second = cursor.take(), cursor.take()
    assert first is not None
    assert second is not None
    cursor.close(second)
    assert cursor.low_water == 0
    cursor.close(first)
    assert cursor.low_water == 20


def test_errors_of_one_kind_that_touch_become_one_range() -> None:
    errors = ErrorRanges()
    for at in (1024, 0, 512, 4096):
        errors.add("write", ByteRange(offset=at, length=512), "EIO")
    errors.add("mismatch", ByteRange(offset=1536, length=512))
    assert [(one.kind, one.range.offset, one.range.length) for one in errors] == [
        ("write", 0, 1536),
        ("mismatch", 1536, 512),
        ("write", 4096, 512),
    ]
    assert errors.gap_bytes == 0


def test_very_many_errors_are_named_too_widely_never_too_narrowly() -> None:
    errors = ErrorRanges(limit=16)
    bad = [ByteRange(offset=at * 4096, length=512) for at in range(1000)]
    for one in bad:
        errors.add("write", one)
    found = [one.range for one in errors]
    assert len(found) <= 32
    assert errors.gap_bytes > 0
    assert covered(bad) <= covered(found)


@given(
    blocks=st.integers(1, 3_000_000),
    block_bytes=st.sampled_from([512, 4096]),
    seed=st.integers(0, 1 << 32),
)
def test_a_sample_keeps_the_rule_of_nist_800_88_rev_1(
    blocks: int, block_bytes: int, seed: int
) -> None:
    size = blocks * block_bytes
    ranges = sample_ranges(size, block_bytes, random.Random(seed))
    assert ranges[0].offset == 0
    assert ranges[-1].end == size
    assert total_bytes(ranges) * 10 >= size
    assert all(one.offset % block_bytes == one.length % block_bytes == 0 for one in ranges)
    assert all(a.end < b.offset for a, b in itertools.pairwise(ranges))
    if blocks < 2 * SECTIONS:
        assert total_bytes(ranges) == size


def test_every_section_of_a_large_drive_is_sampled_twice_and_differently_each_time() -> None:
    size = 500 * 10**9 // 512 * 512
    one = sample_ranges(size, 512, random.Random(1))
    assert one != sample_ranges(size, 512, random.Random(2))
    section = size / SECTIONS
    for number in range(SECTIONS):
        low, high = number * section, (number + 1) * section
        inside = sum(max(0.0, min(r.end, high) - max(r.offset, low)) for r in one)
        assert inside >= section / 10 - 1024
    assert total_bytes(one) < size // 9


def test_neighbours_that_look_different_are_one_range_with_both_words() -> None:
    errors = ErrorRanges()
    for number, looks in enumerate(("other", "zeros", "other", "ones")):
        errors.add("mismatch", ByteRange(offset=4096 + 512 * number, length=512), looks)
    assert list(errors) == [
        RangeError(
            kind="mismatch", range=ByteRange(offset=4096, length=2048), detail="ones, other, zeros"
        )
    ]
