"""A pass writes every byte of the drive, or says exactly which ones it could not.

The disks are loop devices; where something fails, it is the kernel that says so.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.erasure.lanes import End
from appliance.erasure.overwrite import overwrite
from appliance.erasure.pace import Headway
from appliance.erasure.readback import verify_source
from appliance.erasure.stream import Keystream, Pattern, Source
from appliance.model import ByteRange
from tests.unit.faultydisk import Faults, faulty_disk, loop_device

MIB = 1 << 20
STREAM = Keystream("chacha20", bytes(range(32)))
OLD = b"letters of the donor "


@contextlib.contextmanager
def opened(path: Path, flags: int = os.O_RDWR | os.O_DIRECT | os.O_EXCL) -> Iterator[int]:
    fd = os.open(path, flags)
    try:
        yield fd
    finally:
        os.close(fd)


@contextlib.contextmanager
def loop(directory: Path, size_bytes: int, sector_bytes: int = 512) -> Iterator[Path]:
    file = directory / "disk"
    file.write_bytes((OLD * (size_bytes // len(OLD) + 1))[:size_bytes])
    with loop_device(file, sector_bytes) as device:
        yield device


def content(source: Source, size_bytes: int) -> bytes:
    buffer = bytearray(size_bytes)
    source.fill(memoryview(buffer), 0)
    return bytes(buffer)


@pytest.mark.parametrize("source", [STREAM, Pattern(), Pattern(b"\x92\x49\x24")], ids=repr)
@pytest.mark.parametrize(
    ("size_bytes", "sector_bytes"),
    [(512, 512), (10 * MIB + 512, 512), (9 * MIB + 4096, 4096), (8 * MIB, 4096)],
)
def test_every_byte_of_the_drive_is_overwritten(
    tmp_path: Path, source: Source, size_bytes: int, sector_bytes: int
) -> None:
    with loop(tmp_path, size_bytes, sector_bytes) as device:
        with opened(device) as fd:
            result = overwrite(fd, source)
        assert result.good
        assert result.reasons == ()
        assert result.written_bytes == result.planned_bytes == result.resume_at == size_bytes
        assert device.read_bytes() == content(source, size_bytes)


def test_a_regular_file_works_too(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(bytes(5 * MIB))
    with opened(file, os.O_RDWR) as fd:
        assert overwrite(fd, STREAM).good
    assert file.read_bytes() == content(STREAM, 5 * MIB)


def test_a_resumed_pass_leaves_what_was_written_and_ends_as_if_never_cut(tmp_path: Path) -> None:
    with loop(tmp_path, 12 * MIB) as device, opened(device) as fd:
        result = overwrite(fd, STREAM, start_offset=5 * MIB)
        assert result.good
        assert result.planned_bytes == 7 * MIB
        data = device.read_bytes()
        assert data[: 5 * MIB].startswith(OLD)
        assert data[5 * MIB :] == content(STREAM, 12 * MIB)[5 * MIB :]
        assert not verify_source(fd, STREAM).good


def test_a_cancelled_pass_says_where_to_go_on(tmp_path: Path) -> None:
    size = 32 * MIB
    with faulty_disk(tmp_path, size, Faults(slow_s=0.02)) as device, opened(device) as fd:
        seen: list[Headway] = []
        result = overwrite(
            fd, STREAM, block_bytes=MIB // 2, report=seen.append, cancelled=lambda: bool(seen)
        )
        assert result.end is End.CANCELLED
        assert not result.good
        assert [reason.code for reason in result.reasons] == ["overwrite-cancelled"]
        assert 0 < result.resume_at < size
        assert overwrite(fd, STREAM, start_offset=result.resume_at).good
        assert verify_source(fd, STREAM).good


def test_bad_blocks_are_named_to_the_byte_and_all_others_are_written(tmp_path: Path) -> None:
    size = 24 * MIB
    bad = ((9 * MIB + 512, 1024), (20 * MIB - 4096, 8192))
    with faulty_disk(tmp_path, size, Faults(bad_writes=bad), old_data=OLD) as device:
        with opened(device) as fd:
            result = overwrite(fd, STREAM)
        assert result.end is End.COMPLETE
        assert not result.good
        assert [error.range for error in result.errors] == [
            ByteRange(offset=at, length=length) for at, length in bad
        ]
        assert {(error.kind, error.detail) for error in result.errors} == {("write", "EIO")}
        assert result.written_bytes == size - 1024 - 8192
        assert [reason.code for reason in result.reasons] == ["write-errors"]
        assert result.reasons[0].facts["missed_bytes"] == 1024 + 8192
        data, expected = device.read_bytes(), content(STREAM, size)
        at = 0
        for start, length in bad:
            assert data[at:start] == expected[at:start]
            assert data[start : start + length] != expected[start : start + length]
            at = start + length
        assert data[at:] == expected[at:]


def test_a_write_that_succeeds_in_smaller_pieces_is_no_error(tmp_path: Path) -> None:
    faults = Faults(bad_writes_once=((6 * MIB, 512),))
    with faulty_disk(tmp_path, 12 * MIB, faults) as device, opened(device) as fd:
        result = overwrite(fd, STREAM)
        assert result.good
        assert verify_source(fd, STREAM).good


class Watched(Keystream):
    """Notes where the pass writes, in order: a block's data is made just before it is written."""

    def __init__(self) -> None:
        super().__init__(STREAM.cipher, bytes(32))
        self.offsets: list[int] = []

    def fill(self, buffer: memoryview, offset: int) -> None:
        self.offsets.append(offset)
        super().fill(buffer, offset)


def test_a_bad_place_is_jumped_over_and_tried_again_at_the_end_backwards(tmp_path: Path) -> None:
    size, source = 12 * MIB, Watched()
    bad = ((3 * MIB, 512), (3 * MIB + 131072, 512), (5 * MIB, 512))
    with faulty_disk(tmp_path, size, Faults(bad_writes=bad)) as device, opened(device) as fd:
        result = overwrite(fd, source, block_bytes=MIB, lanes=1)
        data = device.read_bytes()
    places = [offset / MIB for offset in source.offsets]
    # Past the first bad block one more is left out, past the second two; then they follow.
    assert places[:9] == [0, 1, 2, 3, 5, 8, 9, 10, 11]
    assert places[9:12] == [4, 6, 7]
    assert places[12:14] == [3, 5]
    assert places[14:] == [5, 3 + 0.125, 3]
    assert [error.range.offset for error in result.errors] == [start for start, _ in bad]
    assert result.end is End.COMPLETE and result.written_bytes == size - 3 * 512
    assert result.reasons[0].facts["blocks"] == 3
    expected = bytearray(Keystream(STREAM.cipher, bytes(32)).block(0, size))
    for start, length in bad:
        expected[start : start + length] = data[start : start + length]
    assert data == bytes(expected)


def test_a_block_that_is_taken_at_the_very_last_try_is_no_error(tmp_path: Path) -> None:
    # As a whole, in pieces of 64 KiB, in one block; then from behind.
    faults = Faults(bad_writes_once=((6 * MIB, 512),) * 3)
    with faulty_disk(tmp_path, 12 * MIB, faults) as device, opened(device) as fd:
        result = overwrite(fd, STREAM)
        assert result.good
        assert verify_source(fd, STREAM).good


def test_when_patience_ends_bad_blocks_are_listed_whole(tmp_path: Path) -> None:
    faults = Faults(bad_writes=((4 * MIB, 512),))
    with faulty_disk(tmp_path, 12 * MIB, faults) as device, opened(device) as fd:
        result = overwrite(fd, STREAM, patience_s=0)
    assert [(error.range, error.detail) for error in result.errors] == [
        (ByteRange(offset=4 * MIB, length=4 * MIB), "not-retried")
    ]
    assert result.written_bytes == 8 * MIB


def test_a_drive_that_costs_too_much_time_is_given_up(tmp_path: Path) -> None:
    faults = Faults(bad_writes=((4 * MIB, 512),))
    with faulty_disk(tmp_path, 32 * MIB, faults) as device, opened(device) as fd:
        result = overwrite(fd, STREAM, give_up_s=0)
        assert result.end is End.GAVE_UP
        assert not result.good
        assert [reason.code for reason in result.reasons] == ["overwrite-gave-up"]
        assert result.resume_at == 4 * MIB


def test_a_device_that_vanishes_ends_the_pass_as_gone(tmp_path: Path) -> None:
    size = 64 * MIB
    with faulty_disk(tmp_path, size, Faults(gone_after=16 * MIB)) as device, opened(device) as fd:
        result = overwrite(fd, STREAM, block_bytes=MIB)
    assert result.end is End.DEVICE_GONE
    assert not result.good
    assert result.written_bytes < size
    assert result.flush_error
    assert "overwrite-device-gone" in [reason.code for reason in result.reasons]


def test_a_device_that_shrinks_under_the_pass_is_gone(tmp_path: Path) -> None:
    with loop(tmp_path, 8 * MIB) as device, opened(device) as fd:
        os.truncate(tmp_path / "disk", 4 * MIB)
        subprocess.run(["losetup", "--set-capacity", str(device)], check=True)
        from appliance.erasure.device import Geometry

        planned = Geometry(size_bytes=8 * MIB, logical_block_bytes=512, physical_block_bytes=512)
        result = overwrite(fd, STREAM, shape=planned, block_bytes=MIB)
    assert result.end is End.DEVICE_GONE
    assert result.written_bytes == 4 * MIB


def test_a_drive_that_turns_read_only_is_told_from_one_that_is_gone(tmp_path: Path) -> None:
    faults = Faults(read_only_after=8 * MIB)
    disk = faulty_disk(tmp_path, 64 * MIB, faults, sector_bytes=4096)
    with disk as device, opened(device) as fd:
        result = overwrite(fd, STREAM, block_bytes=MIB // 2)
    assert result.end is End.REFUSES_WRITES
    assert not result.good
    assert 0 < result.written_bytes < 64 * MIB


def test_a_device_that_the_kernel_keeps_read_only_is_left_as_it_is(tmp_path: Path) -> None:
    with loop(tmp_path, 32 * MIB) as device:
        before = device.read_bytes()
        with opened(device) as fd:
            subprocess.run(["blockdev", "--setro", str(device)], check=True)
            try:
                result = overwrite(fd, STREAM, block_bytes=MIB)
            finally:
                # The flag outlives the file behind the loop device.
                subprocess.run(["blockdev", "--setrw", str(device)], check=True)
        assert result.end is End.REFUSES_WRITES
        assert result.written_bytes == 0
        assert device.read_bytes() == before


def test_a_failed_flush_makes_the_pass_no_good(tmp_path: Path) -> None:
    faults = Faults(flush_fails=True)
    with faulty_disk(tmp_path, 4 * MIB, faults) as device, opened(device) as fd:
        result = overwrite(fd, STREAM)
    assert result.written_bytes == result.planned_bytes
    assert result.flush_error == "EIO"
    assert not result.good
    assert [reason.code for reason in result.reasons] == ["flush-failed"]


def test_an_empty_device_is_no_success(tmp_path: Path) -> None:
    file = tmp_path / "empty"
    file.touch()
    with opened(file, os.O_RDWR) as fd:
        result = overwrite(fd, STREAM)
    assert not result.good
    assert [reason.code for reason in result.reasons] == ["overwrite-incomplete"]


@pytest.mark.parametrize("start", [100, -512, 4 * MIB + 512])
def test_an_impossible_start_is_refused_before_anything_is_written(
    tmp_path: Path, start: int
) -> None:
    with loop(tmp_path, 4 * MIB) as device:
        before = device.read_bytes()
        with opened(device) as fd, pytest.raises(ValueError, match="offset"):
            overwrite(fd, STREAM, start_offset=start)
        assert device.read_bytes() == before


def test_progress_is_thin_and_ends_at_all(tmp_path: Path) -> None:
    seen: list[Headway] = []
    faults = Faults(slow_s=0.01)
    with faulty_disk(tmp_path, 96 * MIB, faults) as device, opened(device) as fd:
        result = overwrite(fd, STREAM, block_bytes=MIB // 2, report=seen.append)
    assert len(seen) <= result.elapsed_s / 0.5 + 1
    assert all(a.done_bytes <= b.done_bytes for a, b in itertools.pairwise(seen))
    assert all(one.resume_at <= one.done_bytes for one in seen)
    assert (seen[-1].done_bytes, seen[-1].total_bytes) == (96 * MIB, 96 * MIB)
    assert seen[-1].left_s == 0
    assert seen[-1].rate_bytes_s > 0


def test_a_failing_reporter_stops_the_pass_and_leaves_no_thread(tmp_path: Path) -> None:
    class JournalBroken(Exception):
        pass

    def fail(headway: Headway) -> None:
        raise JournalBroken

    before = threading.active_count()
    faults = Faults(slow_s=0.02)
    with faulty_disk(tmp_path, 64 * MIB, faults) as device, opened(device) as fd:
        with pytest.raises(JournalBroken):
            overwrite(fd, STREAM, block_bytes=MIB // 2, report=fail)
        assert threading.active_count() == before


def test_a_defect_in_a_lane_comes_out_and_is_no_result(tmp_path: Path) -> None:
    class Broken(Pattern):
        def fill(self, buffer: memoryview, offset: int) -> None:
            if offset >= 2 * MIB:
                raise ZeroDivisionError
            super().fill(buffer, offset)

        period_bytes = None  # type: ignore[assignment]

    before = threading.active_count()
    with loop(tmp_path, 8 * MIB) as device, opened(device) as fd:
        with pytest.raises(ZeroDivisionError):
            overwrite(fd, Broken(), block_bytes=MIB)
        assert threading.active_count() == before
