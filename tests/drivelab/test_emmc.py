"""The eMMC by itself, and how the product reads its EXT_CSD."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.hardware.mmc import ERRORS, is_busy, mmc_areas, parsed_ext_csd
from appliance.model import MmcFacts
from tests.drivelab.clock import ManualClock
from tests.drivelab.emmc import PROGRAMMING, SANITIZE, SECURE, SWITCH_ERROR, TRIM, Emmc, EmmcTraits
from tests.drivelab.media import Store

OLD = b"\xd1" * 512
BLOCKS, BOOT_BLOCKS = 4096, 256


def card(**traits: object) -> tuple[Emmc, ManualClock]:
    clock = ManualClock()
    media = [Store(BLOCKS), Store(BOOT_BLOCKS), Store(BOOT_BLOCKS)]
    for one in media:
        one.write(0, OLD * one.blocks)
    known = {"name": "LAB", "serial": 7}
    return Emmc(clock, media, EmmcTraits(**{**known, **traits})), clock  # type: ignore[arg-type]


def erase(drive: Emmc, argument: int, first: int, last: int) -> int:
    drive.erase_from(first)
    drive.erase_to(last)
    return drive.erase(argument)[0]


def switch(drive: Emmc, index: int, value: int) -> int:
    return drive.switch(3 << 24 | index << 16 | value << 8)[0]


def on_medium(drive: Emmc, area: int = 0) -> bytes:
    medium = drive._areas[area].medium
    return bytes(medium.read(0, medium.blocks))


def test_ext_csd_is_read_as_it_is_meant() -> None:
    drive, _ = card()
    facts = parsed_ext_csd(bytes(drive.ext_csd))
    assert facts == MmcFacts(
        kind="MMC",
        revision=8,
        secure_erase=True,
        trim=True,
        sanitize=True,
        erased_byte=0,
        boot_bytes=128 << 10,
        rpmb_bytes=128 << 10,
    )
    assert [(one.kind, one.state) for one in mmc_areas(facts)] == [
        ("boot0", "present"),
        ("boot1", "present"),
        ("rpmb", "could-not-be-excluded"),
    ]
    assert mmc_areas(MmcFacts(kind="SD")) == ()
    old = bytearray(drive.ext_csd)
    old[192] = 5  # eMMC 4.41 knows no SANITIZE, whatever stands in its reserved bits
    assert not parsed_ext_csd(bytes(old)).sanitize


@given(st.binary(min_size=512, max_size=512))
def test_any_ext_csd_gives_facts(raw: bytes) -> None:
    facts = parsed_ext_csd(raw)
    assert facts.boot_bytes % (128 << 10) == 0 and facts.erased_byte in (0, 0xFF)


def test_a_short_ext_csd_is_no_answer() -> None:
    with pytest.raises(OSError, match="EXT_CSD has 511"):
        parsed_ext_csd(bytes(511))


def test_the_status_tells_states_and_errors_apart() -> None:
    drive, _ = card()
    drive.state = PROGRAMMING
    assert is_busy(drive.status())
    drive.state = 4
    assert not is_busy(drive.status()) and not drive.status() & ERRORS
    assert drive.status(SWITCH_ERROR) & ERRORS


def test_what_was_trimmed_reads_as_zeros_and_lies_there_until_the_sanitize() -> None:
    drive, clock = card()
    assert erase(drive, 0x00000001, 0, BLOCKS - 1) == 0
    assert drive.read(0, 2) == bytes(1024)
    assert on_medium(drive) == OLD * BLOCKS
    assert switch(drive, 165, 1) == 0
    clock.advance(1000)
    assert on_medium(drive) == bytes(512 * BLOCKS)


def test_written_blocks_survive_a_sanitize() -> None:
    drive, clock = card()
    erase(drive, 0x00000001, 0, 9)
    assert drive.write(3, b"\x5a" * 512)
    switch(drive, 165, 1)
    clock.advance(1000)
    assert drive.read(2, 3) == bytes(512) + b"\x5a" * 512 + bytes(512)
    assert drive.read(10, 1) == OLD
    assert drive.read(BLOCKS - 1, 2) is None and not drive.write(BLOCKS, OLD)


def test_secure_trim_needs_both_steps_and_secure_erase_takes_whole_groups() -> None:
    drive, _ = card()
    assert erase(drive, 0x80000001, 0, 7) == 0
    assert drive.read(0, 1) == OLD
    assert erase(drive, 0x80008000, 0, 7) == 0
    assert on_medium(drive)[: 9 * 512] == bytes(8 * 512) + OLD
    assert erase(drive, 0x80000000, 1024, 1024) == 0
    assert on_medium(drive)[1024 * 512 : 2048 * 512] == bytes(1024 * 512)
    assert drive.read(2048, 1) == OLD


def test_boot_partitions_are_areas_of_their_own() -> None:
    drive, clock = card()
    assert switch(drive, 179, 1) == 0
    assert drive.blocks == BOOT_BLOCKS
    assert drive.write(0, b"\x5a" * 512)
    assert switch(drive, 179, 0) == 0
    erase(drive, 0x80000000, 0, BLOCKS - 1)
    switch(drive, 165, 1)
    clock.advance(1000)
    assert on_medium(drive) == bytes(512 * BLOCKS)
    assert on_medium(drive, 1)[:1024] == b"\x5a" * 512 + OLD
    assert on_medium(drive, 2) == OLD * BOOT_BLOCKS


def test_what_is_not_offered_is_an_error_and_a_liar_keeps_all() -> None:
    plain, _ = card(features=TRIM)
    assert erase(plain, 0x80000000, 0, 7) and switch(plain, 165, 1) == SWITCH_ERROR
    liar, clock = card(features=SECURE | SANITIZE, keeps=frozenset(("secure-erase",)))
    assert erase(liar, 0x80000000, 0, BLOCKS - 1) == 0
    switch(liar, 165, 1)
    clock.advance(1000)
    assert liar.read(0, 1) == OLD
