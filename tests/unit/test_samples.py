"""Canaries and old samples: what is still there after a firmware command is noticed."""

from __future__ import annotations

import contextlib
import itertools
import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.erasure.canaries import Canaries, check_canaries, plant_canaries
from appliance.erasure.device import geometry
from appliance.erasure.places import UNIT_BYTES
from appliance.erasure.samples import (
    ENOUGH_SAMPLES,
    check_old_samples,
    sampled_ranges,
    take_old_samples,
)
from appliance.model import ByteRange, from_json, to_json
from tests.unit.faultydisk import Faults, faulty_disk, loop_device

MIB = 1 << 20
SIZE = 16 * MIB + 512


@contextlib.contextmanager
def drive(directory: Path, data: bytes, sector_bytes: int = 512) -> Iterator[tuple[int, Path]]:
    file = directory / "disk"
    file.write_bytes(data)
    with loop_device(file, sector_bytes) as device:
        fd = os.open(device, os.O_RDWR | os.O_DIRECT | os.O_EXCL)
        try:
            yield fd, device
        finally:
            os.close(fd)


def donor_data(size_bytes: int) -> bytes:
    return random.Random(1).randbytes(size_bytes)


def erase(device: Path, size_bytes: int, value: int = 0, start: int = 0) -> None:
    """What a firmware command does, from outside."""
    with device.open("r+b") as file:
        file.seek(start)
        file.write(bytes([value]) * (size_bytes - start))


@pytest.mark.parametrize("value", [0x00, 0xFF])
def test_after_a_real_erase_nothing_is_left(tmp_path: Path, value: int) -> None:
    with drive(tmp_path, donor_data(SIZE)) as (fd, device):
        old = take_old_samples(fd)
        canaries = plant_canaries(fd, avoid=old.ranges)
        assert old.enough
        assert canaries.usable
        erase(device, SIZE, value)
        assert check_canaries(fd, canaries).good
        assert check_old_samples(fd, old).good


def test_a_command_that_did_nothing_is_found_out(tmp_path: Path) -> None:
    with drive(tmp_path, donor_data(SIZE)) as (fd, _):
        old = take_old_samples(fd)
        canaries = plant_canaries(fd, avoid=old.ranges)
        seen = check_canaries(fd, canaries)
        assert not seen.good
        assert seen.complete
        assert seen.expected_bytes == 0
        assert {one.kind for one in seen.mismatches} == {"survived"}
        assert not check_old_samples(fd, old).good


def test_a_command_that_spared_the_end_is_found_out(tmp_path: Path) -> None:
    with drive(tmp_path, donor_data(SIZE)) as (fd, device):
        old = take_old_samples(fd)
        canaries = plant_canaries(fd, avoid=old.ranges)
        erase(device, SIZE - 512)
        check = check_canaries(fd, canaries)
        assert [one.range for one in check.mismatches] == [ByteRange(offset=SIZE - 512, length=512)]
        assert not check.good
        assert check_old_samples(fd, old).good


def test_canaries_stand_at_start_end_and_between_and_spare_the_samples(tmp_path: Path) -> None:
    with drive(tmp_path, donor_data(SIZE)) as (fd, _):
        old = take_old_samples(fd)
        canaries = plant_canaries(fd, avoid=old.ranges)
        planted = canaries.planted
        assert planted[0].offset == 0
        assert planted[-1].end == SIZE
        assert len(planted) > 32
        gaps = [b.offset - a.end for a, b in itertools.pairwise(planted)]
        assert min(gaps) >= 0
        assert max(gaps) < SIZE // 16
        for place in planted:
            assert all(place.end <= one.offset or one.end <= place.offset for one in old.ranges)


def test_canaries_survive_a_restart_of_the_worker_as_a_record(tmp_path: Path) -> None:
    with drive(tmp_path, donor_data(SIZE)) as (fd, device):
        record = to_json(plant_canaries(fd))
        again = from_json(Canaries, record)
        assert not check_canaries(fd, again).good
        erase(device, SIZE)
        assert check_canaries(fd, again).good


def test_two_plantings_differ(tmp_path: Path) -> None:
    with drive(tmp_path, bytes(MIB)) as (fd, _):
        one, other = plant_canaries(fd), plant_canaries(fd)
        where = ByteRange(offset=0, length=UNIT_BYTES)
        assert one.content(where) != other.content(where)
        # The first planting was overwritten by the second at both ends.
        assert not {0, MIB - UNIT_BYTES} & {
            error.range.offset for error in check_canaries(fd, one).mismatches
        }


def test_where_canaries_cannot_be_planted_they_are_not_usable(tmp_path: Path) -> None:
    faults = Faults(bad_writes=((0, UNIT_BYTES),), bad_reads=((SIZE - 512, 512),))
    with faulty_disk(tmp_path, SIZE, faults) as device:
        fd = os.open(device, os.O_RDWR | os.O_DIRECT)
        try:
            canaries = plant_canaries(fd)
        finally:
            os.close(fd)
    assert not canaries.usable
    assert [(one.kind, one.range.offset) for one in canaries.failed] == [
        ("write", 0),
        ("unreadable", SIZE - UNIT_BYTES),
    ]


def test_a_drive_that_ignores_writes_fails_at_planting(tmp_path: Path) -> None:
    with faulty_disk(tmp_path, SIZE, Faults(frozen=((0, SIZE),))) as device:
        fd = os.open(device, os.O_RDWR | os.O_DIRECT)
        try:
            canaries = plant_canaries(fd)
        finally:
            os.close(fd)
    assert not canaries.usable
    assert canaries.planted == ()
    assert {one.kind for one in canaries.failed} == {"mismatch"}


def test_a_blank_drive_has_no_old_samples_and_claims_none(tmp_path: Path) -> None:
    with drive(tmp_path, bytes(SIZE)) as (fd, _):
        old = take_old_samples(fd)
        check = check_old_samples(fd, old)
    assert not old.enough
    assert len(old) == 0
    assert old.taken > 500
    assert not check.good
    assert check.complete
    assert (check.planned_bytes, check.mismatches) == (0, ())


def test_too_little_old_data_claims_nothing_but_a_survivor_still_counts(tmp_path: Path) -> None:
    data = bytearray(SIZE)
    data[: 200 << 10] = donor_data(200 << 10)
    with drive(tmp_path, bytes(data)) as (fd, device):
        old = take_old_samples(fd)
        assert 0 < len(old.ranges) < ENOUGH_SAMPLES
        survived = check_old_samples(fd, old)
        assert survived.mismatches
        assert not survived.good
        erase(device, SIZE)
        gone = check_old_samples(fd, old)
        assert gone.complete
        assert gone.planned_bytes == 0


@pytest.mark.parametrize(
    ("bad_bytes", "complete"),
    [(64 << 10, True), (10 * MIB, False)],
    ids=["some-places", "most-places"],
)
def test_a_blank_drive_with_unreadable_places_has_no_old_data_unless_most_are_so(
    tmp_path: Path, bad_bytes: int, complete: bool
) -> None:
    with faulty_disk(tmp_path, SIZE, Faults(bad_reads=((4 * MIB, bad_bytes),))) as device:
        fd = os.open(device, os.O_RDWR | os.O_DIRECT)
        try:
            old = take_old_samples(fd)
            check = check_old_samples(fd, old)
        finally:
            os.close(fd)
    assert old.unreadable > 0
    assert check.detail["unreadable_before"] == old.unreadable
    assert check.complete is complete


def test_a_look_that_was_given_up_tells_nothing_of_the_rest(tmp_path: Path) -> None:
    with faulty_disk(tmp_path, SIZE, Faults(bad_reads=((SIZE - 4 * MIB, MIB),))) as device:
        fd = os.open(device, os.O_RDWR | os.O_DIRECT)
        try:
            old = take_old_samples(fd, patience_s=0)
            assert old.unreadable == 1
            assert not check_old_samples(fd, old).complete
        finally:
            os.close(fd)


def test_nothing_of_the_old_data_is_kept(tmp_path: Path) -> None:
    secret = b"iban of the donor " * 300
    with drive(tmp_path, secret * 600) as (fd, _):
        old = take_old_samples(fd)
    assert old.enough
    kept = repr(vars(old)) + repr(old)
    assert "iban" not in kept


def test_old_samples_are_found_after_a_format_to_larger_blocks(tmp_path: Path) -> None:
    size = 16 * MIB
    data = donor_data(size)
    with drive(tmp_path, data) as (fd, _):
        old = take_old_samples(fd)
        canaries = plant_canaries(fd, avoid=old.ranges)
        after = (tmp_path / "disk").read_bytes()
    other = tmp_path / "formatted"
    other.mkdir()
    with drive(other, after, sector_bytes=4096) as (fd, device):
        assert not check_canaries(fd, canaries).good
        assert not check_old_samples(fd, old).good
        erase(device, size)
        assert check_canaries(fd, canaries).good
        assert check_old_samples(fd, old).good


def test_each_sample_for_verification_is_another(tmp_path: Path) -> None:
    with drive(tmp_path, bytes(SIZE)) as (fd, _):
        shape = geometry(fd)
        assert sampled_ranges(shape) != sampled_ranges(shape)
