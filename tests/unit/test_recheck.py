"""A wiped drive read again by two programs that share nothing: they must agree."""

from __future__ import annotations

import argparse
import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import TajdeedError
from appliance.model import ByteRange
from appliance.statement import recheck, recheck_standalone
from appliance.statement.build import build_deployment, build_drive
from tests.unit.office import HEAD, JOB, SEED, TOOL, Office, deployment, drive, result

SIZE = (9 << 20) + 512
ZEROED = ByteRange(offset=5 << 20, length=(1 << 20) + 512)
DISCARDED = ByteRange(offset=7 << 20, length=512)
IMAGE = (ByteRange(offset=0, length=(2 << 20) + 512), ByteRange(offset=SIZE - 1024, length=1024))


@dataclasses.dataclass(frozen=True)
class Wiped:
    office: Office
    statement: Path
    device: Path
    later: Path


def reference(cipher: str, seed: bytes, size: int) -> bytes:
    """The contract, block by block, written as plainly as possible with OpenSSL's program."""
    counter = "0" * 32
    name = {"aes-256-ctr": "-aes-256-ctr", "chacha20": "-chacha20"}[cipher]
    done = subprocess.run(
        ["openssl", "enc", name, "-K", seed.hex(), "-iv", counter, "-nosalt"],
        input=bytes(size),
        capture_output=True,
        check=True,
    )
    return done.stdout


@pytest.fixture(params=["aes-256-ctr", "chacha20"])
def wiped(request: pytest.FixtureRequest, tmp_path: Path) -> Wiped:
    office = Office(tmp_path)
    station = office.station()
    cipher = request.param
    whole = dataclasses.replace(
        result(drive(size=SIZE), cipher=cipher), zeroed=(ZEROED,), discarded=(DISCARDED,)
    )
    erasure = station.sign(build_drive(whole, job=JOB, tool=TOOL))
    image = station.sign(
        build_deployment(
            deployment(drive(size=SIZE), *IMAGE), erasure, job=JOB, log_head=HEAD, tool=TOOL
        )
    )
    content = bytearray(reference(cipher, bytes.fromhex(SEED), SIZE))
    for item in (ZEROED, DISCARDED):
        content[item.offset : item.end] = bytes(item.length)
    for item in IMAGE:
        content[item.offset : item.end] = os.urandom(item.length)
    files = Wiped(office, tmp_path / "drive.jws", tmp_path / "disk", tmp_path / "image.jws")
    files.statement.write_bytes(erasure.data)
    files.later.write_bytes(image.data)
    files.device.write_bytes(content)
    return files


def ours(wiped: Wiped, *later: Path) -> int:
    parser = argparse.ArgumentParser()
    recheck.add_arguments(parser)
    words = [str(wiped.statement), str(wiped.device), "--trust", str(wiped.office.trust_dir)]
    for file in later:
        words += ["--deployment", str(file)]
    return recheck.run(parser.parse_args(words))


def theirs(wiped: Wiped, *later: Path) -> int:
    return subprocess.run(
        [sys.executable, recheck_standalone.__file__, wiped.statement, wiped.device, *later],
        check=False,
        capture_output=True,
    ).returncode


def change(wiped: Wiped, offset: int) -> None:
    content = bytearray(wiped.device.read_bytes())
    content[offset] ^= 1
    wiped.device.write_bytes(content)


def test_both_find_the_drive_as_stated(wiped: Wiped) -> None:
    assert ours(wiped, wiped.later) == theirs(wiped, wiped.later) == 0


@pytest.mark.parametrize(
    "offset", [(2 << 20) + 512, 4 << 20, (5 << 20) + 3, 7 << 20, (8 << 20) + 7, SIZE - 1025]
)
def test_both_find_one_changed_byte(
    wiped: Wiped, offset: int, capsys: pytest.CaptureFixture[str]
) -> None:
    change(wiped, offset)
    assert ours(wiped, wiped.later) == theirs(wiped, wiped.later) == 1
    assert str(offset - offset % 512) in capsys.readouterr().out


@pytest.mark.parametrize("offset", [0, 1 << 20, (2 << 20) + 511, SIZE - 1])
def test_what_the_image_covers_is_not_judged(wiped: Wiped, offset: int) -> None:
    change(wiped, offset)
    assert ours(wiped, wiped.later) == theirs(wiped, wiped.later) == 0


def test_without_the_deployment_statement_the_image_is_a_difference(wiped: Wiped) -> None:
    assert ours(wiped) == theirs(wiped) == 1


def test_the_namespaces_of_one_drive_are_read_one_after_the_other(
    wiped: Wiped, tmp_path: Path
) -> None:
    content = wiped.device.read_bytes()
    cuts = (0, (3 << 20) + 512, 6 << 20, len(content))
    parts = [tmp_path / f"namespace{number}" for number in range(3)]
    for part, start, end in zip(parts, cuts[:-1], cuts[1:], strict=True):
        part.write_bytes(content[start:end])
    parser = argparse.ArgumentParser()
    recheck.add_arguments(parser)
    trust = ["--trust", str(wiped.office.trust_dir), "--deployment", str(wiped.later)]

    def again(*devices: Path) -> int:
        return recheck.run(parser.parse_args([str(wiped.statement), *map(str, devices), *trust]))

    assert again(*parts) == 0
    assert again(parts[1], parts[0], parts[2]) == 1
    with pytest.raises(TajdeedError, match="recheck-size"):
        again(*parts[:2])


def test_a_device_of_another_size_is_bad_input(wiped: Wiped) -> None:
    with wiped.device.open("ab") as disk:
        disk.write(bytes(512))
    with pytest.raises(TajdeedError) as refused:
        ours(wiped, wiped.later)
    assert (refused.value.code, refused.value.exit_code) == ("recheck-size", 2)
    assert theirs(wiped, wiped.later) == 2


def test_statements_in_the_wrong_place_are_bad_input(wiped: Wiped, tmp_path: Path) -> None:
    station = wiped.office.station("other")
    other = station.sign(build_drive(result(drive(size=SIZE)), job=JOB, tool=TOOL))
    foreign = station.sign(
        build_deployment(
            deployment(drive(size=SIZE), *IMAGE), other, job=JOB, log_head=HEAD, tool=TOOL
        )
    )
    file = tmp_path / "foreign.jws"
    file.write_bytes(foreign.data)
    for later in (file, wiped.statement):
        with pytest.raises(TajdeedError) as refused:
            ours(wiped, later)
        assert refused.value.exit_code == 2


@pytest.mark.parametrize("cipher", ["aes-256-ctr", "chacha20"])
@pytest.mark.parametrize("offset", [0, 64, 4096, (1 << 38) - 256, 1 << 38, (1 << 42) + 64])
def test_both_streams_agree_also_beyond_32_bits_of_counter(cipher: str, offset: int) -> None:
    seed = bytes(range(32))
    expected = recheck_standalone.stated(cipher, seed, offset, 256)
    assert recheck.stream(cipher, seed, offset).update(bytes(256)) == expected
    # The second block must be what a fresh start at its own offset gives.
    assert expected[64:] == recheck_standalone.stated(cipher, seed, offset + 64, 192)
    # And no other position may hold the same block.
    assert expected[:64] != recheck_standalone.stated(cipher, seed, offset ^ (1 << 38), 64)


RANGES = st.lists(
    st.tuples(st.integers(0, 60), st.integers(1, 30)).map(
        lambda pair: ByteRange(offset=pair[0], length=pair[1])
    ),
    max_size=6,
)


@given(st.integers(0, 80), RANGES)
def test_rest_is_exactly_what_is_not_covered(size: int, covered: list[ByteRange]) -> None:
    inside = {n for item in covered for n in range(item.offset, item.end)}
    found = [n for item in recheck.rest(size, covered) for n in range(item.offset, item.end)]
    assert found == [n for n in range(size) if n not in inside]


@given(RANGES, RANGES)
def test_without_keeps_what_is_not_covered(
    given_: list[ByteRange], covered: list[ByteRange]
) -> None:
    inside = {n for item in covered for n in range(item.offset, item.end)}
    wanted = {n for item in given_ for n in range(item.offset, item.end)} - inside
    left = recheck.without(given_, covered)
    assert {n for item in left for n in range(item.offset, item.end)} == wanted
