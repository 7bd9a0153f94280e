"""Reading back finds every block that is not as it should be, and names no other.

The liars and the unreadable are loop devices over a file that lies or fails; what is
looked at is the check that the statement will quote.
"""

from __future__ import annotations

import contextlib
import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.erasure.judging import SourceJudge
from appliance.erasure.overwrite import overwrite
from appliance.erasure.ranges import sample_ranges, total_bytes
from appliance.erasure.readback import verify_constant, verify_source
from appliance.erasure.stream import Keystream, Pattern
from appliance.model import ByteRange, Check, from_json, to_json
from tests.unit.faultydisk import Faults, faulty_disk, loop_device

MIB = 1 << 20
STREAM = Keystream("aes-256-ctr", bytes(range(32)))
OLD = b"letters of the donor "


@contextlib.contextmanager
def opened(path: Path, flags: int = os.O_RDWR | os.O_DIRECT | os.O_EXCL) -> Iterator[int]:
    fd = os.open(path, flags)
    try:
        yield fd
    finally:
        os.close(fd)


@contextlib.contextmanager
def overwritten(directory: Path, size_bytes: int, faults: Faults) -> Iterator[int]:
    """A faulty disk with old data, after a pass of the stream."""
    with faulty_disk(directory, size_bytes, faults, old_data=OLD) as device, opened(device) as fd:
        overwrite(fd, STREAM)
        yield fd


def found(check: Check) -> list[tuple[str, int, int, str]]:
    return [(m.kind, m.range.offset, m.range.length, m.detail) for m in check.mismatches]


@pytest.mark.parametrize(
    ("size_bytes", "sector_bytes"), [(512, 512), (10 * MIB + 512, 512), (9 * MIB + 4096, 4096)]
)
def test_an_overwritten_drive_holds_the_stream(
    tmp_path: Path, size_bytes: int, sector_bytes: int
) -> None:
    file = tmp_path / "disk"
    file.write_bytes(bytes(size_bytes))
    with loop_device(file, sector_bytes) as device, opened(device) as fd:
        assert overwrite(fd, STREAM).good
        check = verify_source(fd, STREAM)
    assert check.good
    assert (check.kind, check.scope) == ("keyed-stream", "full")
    assert check.planned_bytes == check.read_bytes == check.expected_bytes == size_bytes
    assert from_json(Check, to_json(check)) == check


def test_another_seed_is_another_stream(tmp_path: Path) -> None:
    with overwritten(tmp_path, 4 * MIB, Faults()) as fd:
        check = verify_source(fd, Keystream.fresh("aes-256-ctr"))
    assert not check.good
    assert found(check) == [("mismatch", 0, 4 * MIB, "other")]
    assert check.expected_bytes == 0


def test_old_data_in_one_place_is_named_to_the_block(tmp_path: Path) -> None:
    frozen = ((10 * MIB + 512, 64 << 10), (4 * MIB - 512, 1024))
    with overwritten(tmp_path, 16 * MIB, Faults(frozen=frozen)) as fd:
        check = verify_source(fd, STREAM)
    assert not check.good
    assert check.complete
    assert found(check) == [
        ("mismatch", 4 * MIB - 512, 1024, "other"),
        ("mismatch", 10 * MIB + 512, 64 << 10, "other"),
    ]
    assert check.read_bytes - check.expected_bytes == 1024 + (64 << 10)


def test_one_flipped_byte_is_found(tmp_path: Path) -> None:
    with overwritten(tmp_path, 8 * MIB, Faults(flips=(5 * MIB + 1234,))) as fd:
        check = verify_source(fd, STREAM)
    assert found(check) == [("mismatch", 5 * MIB + 1024, 512, "other")]


def test_writes_that_were_ignored_show_what_stands_there_instead(tmp_path: Path) -> None:
    faults = Faults(frozen=((MIB, MIB),))
    with faulty_disk(tmp_path, 4 * MIB, faults) as device, opened(device) as fd:
        assert overwrite(fd, STREAM).good
        check = verify_source(fd, STREAM)
    assert found(check) == [("mismatch", MIB, MIB, "zeros")]


def test_a_fake_capacity_is_unmasked(tmp_path: Path) -> None:
    faults = Faults(wraps_at=6 * MIB)
    with faulty_disk(tmp_path, 16 * MIB, faults) as device, opened(device) as fd:
        assert overwrite(fd, STREAM).good  # all that the drive says is "written"
        check = verify_source(fd, STREAM)
    assert not check.good
    assert check.complete
    # At most what was written last into each true address is right.
    assert check.expected_bytes <= 7 * MIB


def test_unreadable_blocks_are_named_the_rest_is_read_and_the_check_is_never_good(
    tmp_path: Path,
) -> None:
    bad = ((6 * MIB + 1024, 512), (21 * MIB, 4096))
    with overwritten(tmp_path, 32 * MIB, Faults(bad_reads=bad)) as fd:
        check = verify_source(fd, STREAM)
    assert not check.good
    assert not check.complete
    assert found(check) == [("unreadable", at, length, "EIO") for at, length in bad]
    assert check.read_bytes == check.expected_bytes == 32 * MIB - 512 - 4096


def test_a_bad_stretch_does_not_keep_us_from_what_lies_around_it(tmp_path: Path) -> None:
    bad = ((8 * MIB + 4096, 3 * MIB),)
    with overwritten(tmp_path, 32 * MIB, Faults(bad_reads=bad)) as fd:
        check = verify_source(fd, STREAM, block_bytes=MIB // 4, patience_s=30)
    assert check.read_bytes == check.expected_bytes == 29 * MIB
    assert found(check) == [("unreadable", 8 * MIB + 4096, 3 * MIB, "EIO")]


def test_when_patience_ends_what_is_left_is_listed(tmp_path: Path) -> None:
    with overwritten(tmp_path, 12 * MIB, Faults(bad_reads=((4 * MIB, 512),))) as fd:
        check = verify_source(fd, STREAM, patience_s=0)
    assert not check.good
    listed = check.planned_bytes - check.read_bytes
    assert listed == sum(length for _, _, length, _ in found(check))
    # On a busy machine what comes behind it is not read either, and is one range with it.
    (why,) = [why for kind, at, _, why in found(check) if (kind, at) == ("unreadable", 4 * MIB)]
    assert "not-retried" in why


def test_a_drive_that_costs_too_much_time_is_given_up(tmp_path: Path) -> None:
    with overwritten(tmp_path, 32 * MIB, Faults(bad_reads=((4 * MIB, 512),))) as fd:
        check = verify_source(fd, STREAM, give_up_s=0)
    assert check.detail["end"] == "gave-up"
    assert not check.complete
    assert not check.good


def test_a_device_that_vanishes_ends_the_reading(tmp_path: Path) -> None:
    with overwritten(tmp_path, 64 * MIB, Faults(gone_after_reading=16 * MIB)) as fd:
        check = verify_source(fd, STREAM, block_bytes=MIB)
    assert not check.good
    assert not check.complete
    assert check.detail["end"] == "device-gone"
    assert 0 < check.read_bytes < 64 * MIB


def test_a_cancelled_reading_is_not_complete(tmp_path: Path) -> None:
    with overwritten(tmp_path, 64 * MIB, Faults(slow_s=0.01)) as fd:
        seen: list[int] = []
        check = verify_source(
            fd,
            STREAM,
            block_bytes=MIB // 2,
            report=lambda headway: seen.append(headway.done_bytes),
            cancelled=lambda: bool(seen),
        )
    assert check.detail["end"] == "cancelled"
    assert not check.complete
    assert not check.good


def test_reading_an_empty_device_proves_nothing(tmp_path: Path) -> None:
    file = tmp_path / "empty"
    file.touch()
    with opened(file, os.O_RDONLY) as fd:
        assert not verify_source(fd, STREAM).good


def test_reading_writes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "disk"
    file.write_bytes(OLD * 100_000)
    os.truncate(file, 2 * MIB)
    before = file.read_bytes()
    with opened(file, os.O_RDONLY) as fd:
        verify_source(fd, STREAM)
        verify_constant(fd)
    assert file.read_bytes() == before


def test_a_sample_reads_its_ranges_and_no_more(tmp_path: Path) -> None:
    size = 32 * MIB
    ranges = sample_ranges(size, 512, random.Random(7))
    outside = ByteRange(offset=ranges[3].end, length=ranges[4].offset - ranges[3].end)
    inside = ranges[500]
    faults = Faults(bad_reads=((outside.offset, outside.length),), frozen=((inside.offset, 512),))
    with overwritten(tmp_path, size, faults) as fd:
        check = verify_source(fd, STREAM, ranges=ranges)
    assert check.scope == "sampled"
    assert check.complete
    assert check.planned_bytes == check.read_bytes == total_bytes(ranges)
    assert found(check) == [("mismatch", inside.offset, 512, "other")]


def test_ranges_that_are_no_blocks_of_the_drive_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "disk"
    file.write_bytes(bytes(MIB))
    with opened(file, os.O_RDONLY) as fd:
        for offset, length in ((100, 512), (0, 100), (MIB, 512)):
            with pytest.raises(ValueError, match="blocks of the drive"):
                verify_source(fd, STREAM, ranges=[ByteRange(offset=offset, length=length)])


def test_zeros_and_ones_are_told_apart_and_counted(tmp_path: Path) -> None:
    file = tmp_path / "disk"
    file.write_bytes(bytes(3 * MIB) + b"\xff" * MIB)
    with opened(file, os.O_RDONLY) as fd:
        both = verify_constant(fd)
        zeros = verify_constant(fd, allowed=(0,))
    assert both.good
    assert (both.detail["bytes_00"], both.detail["bytes_ff"]) == (3 * MIB, MIB)
    assert found(zeros) == [("not-constant", 3 * MIB, MIB, "")]


def test_a_block_of_mixed_zeros_and_ones_is_not_constant(tmp_path: Path) -> None:
    file = tmp_path / "disk"
    data = bytearray(MIB)
    data[5000:5100] = b"\xff" * 100
    file.write_bytes(data)
    with opened(file, os.O_RDONLY) as fd:
        check = verify_constant(fd)
    assert found(check) == [("not-constant", 4608, 512, "")]
    assert check.expected_bytes == MIB - 512
    assert check.detail["bytes_00"] == MIB - 512


def test_a_pattern_is_verified_like_a_stream(tmp_path: Path) -> None:
    source = Pattern(b"\x92\x49\x24")
    file = tmp_path / "disk"
    file.write_bytes(bytes(5 * MIB + 512))
    with opened(file, os.O_RDWR) as fd:
        assert overwrite(fd, source).good
        assert verify_source(fd, source).good
        os.pwrite(fd, b"x", 3 * MIB)
        check = verify_source(fd, source)
    assert check.kind == "pattern"
    assert found(check) == [("mismatch", 3 * MIB, 512, "other")]


@settings(deadline=None)
@given(
    blocks=st.integers(1, 600),
    wrong=st.sets(st.integers(0, 600 * 512 - 1), max_size=6),
    unit=st.sampled_from([512, 4096]),
)
def test_exactly_the_blocks_with_a_wrong_byte_are_named(
    blocks: int, wrong: set[int], unit: int
) -> None:
    size = -(-blocks * 512 // unit) * unit
    data = bytearray(STREAM.block(4 * MIB, size))
    wrong = {at for at in wrong if at < size}
    for at in wrong:
        data[at] ^= 0x10
    named = {
        block
        for where, _ in SourceJudge(STREAM, unit).differences(memoryview(data), 4 * MIB)
        for block in range((where.offset - 4 * MIB) // unit, (where.end - 4 * MIB) // unit)
    }
    assert named == {at // unit for at in wrong}
