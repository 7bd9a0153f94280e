"""What an ATA drive says of its own erase, and how much of it folds into a certificate."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.hardware.ata import erase_minutes
from appliance.hardware.atasanitize import decoded
from appliance.hardware.taskfile import Registers, pass_through, registers
from appliance.job.eventlog import Event
from appliance.job.fold import drive_result
from appliance.model import (
    Attempt,
    Check,
    CommandRun,
    Drive,
    DriveResult,
    HiddenArea,
    Level,
    Media,
    Order,
    Outcome,
    Policy,
    Reason,
    to_json,
)
from appliance.tools import Output
from appliance.tools.hdparm import complaint
from tests.unit.machines import disk

AT = "2026-11-24T10:00:00.000Z"


# --- registers ----------------------------------------------------------------------------------


def descriptor_sense(*, status: int = 0x50, error: int = 0, count: int = 0, lba: int = 0) -> bytes:
    """As libata makes it for CK_COND: descriptor format, ATA status return descriptor."""
    low = lba.to_bytes(6, "little")
    head = bytes((0x72, 1, 0, 0x1D, 0, 0, 0, 14, 9, 12, 1, error, count >> 8, count & 0xFF))
    return head + bytes((low[3], low[0], low[4], low[1], low[5], low[2], 0x40, status))


def fixed_sense(*, status: int = 0x50, error: int = 0, count: int = 0, lba: int = 0) -> bytes:
    """The other form, in which the upper halves have no room (SAT-5 12.2.5.2)."""
    head = bytes((0xF0, 0, 0x0B, error, status, 0x40, count & 0xFF, 10, 0x80))
    return head + lba.to_bytes(6, "little")[:3] + bytes(6)


@given(st.integers(0, 0xFFFF), st.integers(0, (1 << 48) - 1), st.integers(0, 255))
def test_registers_come_back_whole_from_descriptors(count: int, lba: int, error: int) -> None:
    found = registers(descriptor_sense(count=count, lba=lba, error=error))
    assert (found.count, found.lba, found.error, found.whole) == (count, lba, error, True)


def test_fixed_sense_is_read_for_what_it_holds_and_marked_as_not_whole() -> None:
    found = registers(fixed_sense(status=0x51, error=4, count=0xC012, lba=0x010203040501))
    assert found == Registers(status=0x51, error=4, count=0x12, lba=0x040501, whole=False)
    assert found.failed


@given(st.binary(max_size=40))
def test_any_other_sense_is_no_answer_and_never_a_crash(sense: bytes) -> None:
    try:
        found = registers(sense)
    except OSError:
        return
    assert sense[0] & 0x7F in (0x70, 0x71, 0x72, 0x73) and 0 <= found.status < 256


def test_a_command_is_put_where_the_translation_layer_looks_for_it() -> None:
    cdb = pass_through(0xB4, feature=0x0014, count=0x8001, lba=0x4F57_11223344)
    # SAT-5: the upper byte of each pair comes first; LBA (31:24), (7:0), (39:32), (15:8), ...
    assert cdb.hex(" ") == "85 07 20 00 14 80 01 11 44 57 33 4f 22 40 b4 00"


# --- sanitize status ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sense", "state", "progress"),
    [
        (descriptor_sense(count=0x0000, lba=0xFFFF), "idle", None),
        (descriptor_sense(count=0x8000, lba=0xFFFF), "succeeded", None),
        (descriptor_sense(count=0x4000, lba=0x4000), "running", 0.25),
        # An earlier success stays in the log of some while the next operation runs.
        (descriptor_sense(count=0xC000, lba=0x0000), "running", 0.0),
        (descriptor_sense(status=0x51, error=4, lba=1), "failed", None),
        (fixed_sense(status=0x51, error=4, lba=1), "failed", None),
        (fixed_sense(count=0x4000, lba=0x8000), "running", 0.5),
    ],
)
def test_the_state_of_a_sanitize(sense: bytes, state: str, progress: float | None) -> None:
    found = decoded(registers(sense))
    assert (found.state, found.progress) == (state, progress)


def test_locks_are_named() -> None:
    found = decoded(registers(descriptor_sense(count=0x3000, lba=0xFFFF)))
    assert (found.state, found.frozen, found.antifreeze) == ("idle", True, True)


@pytest.mark.parametrize(
    "sense",
    [
        fixed_sense(count=0x8000, lba=0xFFFF),  # success or idle: it cannot be told
        descriptor_sense(status=0x51, error=4, lba=0),
        descriptor_sense(status=0x51, error=4, lba=2),
    ],
)
def test_what_cannot_be_told_is_no_answer(sense: bytes) -> None:
    with pytest.raises(OSError, match="SANITIZE STATUS EXT"):
        decoded(registers(sense))


@given(st.integers(0, 0xFFFF), st.integers(0, 0xFFFF))
def test_no_registers_read_as_success_without_its_bit(count: int, lba: int) -> None:
    found = decoded(Registers(status=0x50, error=0, count=count, lba=lba))
    assert (found.state == "succeeded") == (count & 0xC000 == 0x8000)


@pytest.mark.parametrize(
    ("word", "minutes"), [(0, None), (1, 2), (254, 508), (0x8000 | 600, 1200), (0x0101, 2)]
)
def test_estimates_come_in_two_widths(word: int, minutes: int | None) -> None:
    assert erase_minutes(word) == minutes


# --- hdparm -------------------------------------------------------------------------------------


def said(stderr: str, status: int = 0) -> Output:
    run = CommandRun(argv=("hdparm",), status=status, started_at="", elapsed_s=0.0)
    return Output(run=run, status=status, stdout="", stderr=stderr, raw=b"")


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        (said(""), ""),
        # hdparm 9.65 of Debian 13 says this whatever becomes of the command.
        (said('security_password: "tajdeed-erasure"\n'), ""),
        (
            said(
                "SECURITY_SET_PASS: Inappropriate ioctl for device\n"
                'security_password: "tajdeed-erasure"\n',
                25,
            ),
            "SECURITY_SET_PASS: Inappropriate ioctl for device",
        ),
        (said("SG_IO: bad/missing sense data, sb[]:  70 00 0b\n"), "SG_IO: bad/missing sense data"),
        (said("", 5), "status 5"),
    ],
)
def test_hdparms_complaints_are_heard_whatever_it_exits_with(output: Output, expected: str) -> None:
    assert complaint(output)[: len(expected)] == expected
    assert bool(complaint(output)) == bool(expected)


# --- folding ------------------------------------------------------------------------------------

FLASH = disk(media=Media.FLASH)
DISK = disk()


def order(command: str, **changes: Any) -> Order:
    good = Order(
        command=command,
        accepted=True,
        seen="progress",
        reported="success",
        started_at=AT,
        elapsed_s=900.0,
    )
    return replace(good, **changes)


def check(kind: str, drive: Drive, **changes: Any) -> Check:
    size = drive.size_bytes if kind in ("after-erase", "pattern") else 4096
    good = Check(
        kind=kind,
        scope="full",
        planned_bytes=size,
        read_bytes=size,
        expected_bytes=size,
        complete=True,
    )
    return replace(good, **changes)


def attempt(drive: Drive, method: str, last: str, *orders: Order) -> Attempt:
    return Attempt(
        method=method,
        result="done",
        level=Level.PURGE,
        started_at=AT,
        ended_at=AT,
        checks=tuple(check(kind, drive) for kind in ("canaries", "old-samples", last)),
        orders=orders,
    )


CRYPTO_BLOCK = attempt(
    FLASH,
    "ata-sanitize-crypto-block",
    "after-erase",
    order("CRYPTO SCRAMBLE EXT", seen="log-changed", elapsed_s=0.1),
    order("BLOCK ERASE EXT"),
)
OVERWRITE = attempt(
    DISK, "ata-sanitize-overwrite", "pattern", order("OVERWRITE EXT, pattern 5A5A5A5Ah")
)
ENHANCED = attempt(
    DISK,
    "ata-erase-enhanced",
    "after-erase",
    order("SECURITY ERASE UNIT, enhanced", seen="log-changed"),
)
NONE_HIDDEN = tuple(HiddenArea(kind=kind, state="none") for kind in ("hpa", "dco", "ama"))


def events_of(drive: Drive, *steps: tuple[str, dict[str, Any]]) -> list[Event]:
    first = ("task", {"drive": to_json(drive), "policy": to_json(Policy())})
    hidden = ("hidden-areas", {"areas": to_json(NONE_HIDDEN)})
    return [
        Event(n=n, at=AT, event=name, data=data, prev="")
        for n, (name, data) in enumerate((first, hidden, *steps))
    ]


def folded(drive: Drive, *attempts: Attempt) -> DriveResult:
    steps: list[tuple[str, dict[str, Any]]] = []
    for one in attempts:
        steps += [
            ("attempt-started", {"method": one.method, "level": one.level}),
            ("attempt-ended", {"attempt": to_json(one)}),
        ]
    decided = ("decided", {"size_after": drive.size_bytes, "smart": None})
    return drive_result(events_of(drive, *steps, decided))


@pytest.mark.parametrize(
    ("drive", "one"), [(FLASH, CRYPTO_BLOCK), (DISK, OVERWRITE), (DISK, ENHANCED)]
)
def test_all_the_evidence_is_a_purge_and_any_piece_less_is_none(drive: Drive, one: Attempt) -> None:
    assert folded(drive, one).outcome is Outcome.PURGED
    less = [replace(one, checks=one.checks[:n] + one.checks[n + 1 :]) for n in range(3)]
    less += [
        replace(one, orders=one.orders[:-1]),
        replace(one, orders=(*one.orders, one.orders[0])),
    ]
    for changes in (
        {"accepted": False},
        {"seen": ""},
        {"reported": "failed"},
        {"reported": "idle"},
        {"reported": "unknown"},
    ):
        less += [
            replace(one, orders=(*one.orders[:n], replace(found, **changes), *one.orders[n + 1 :]))
            for n, found in enumerate(one.orders)
        ]
    for worse in less:
        assert folded(drive, worse).outcome is Outcome.FAILED, worse


def test_an_enhanced_erase_of_flash_is_clear_and_no_more() -> None:
    result = folded(FLASH, replace(ENHANCED, checks=CRYPTO_BLOCK.checks))
    assert (result.outcome, result.level) == (Outcome.CLEARED, Level.CLEAR)


def test_a_disk_that_overwrote_itself_too_quickly_did_not() -> None:
    quick = replace(OVERWRITE, orders=(replace(OVERWRITE.orders[0], elapsed_s=1.0),))
    assert folded(DISK, quick).outcome is Outcome.FAILED


def prepared(code: str, refusal: str) -> DriveResult:
    """A log that ends in a preparation which was refused."""
    item = to_json(Reason(code=code))
    return drive_result(
        events_of(
            DISK,
            ("preparation-started", {"preparation": item}),
            ("refused", {"reason": to_json(Reason(code=refusal))}),
        )
    )


def test_a_password_that_was_tried_and_not_taken_is_no_attempt_on_the_data() -> None:
    result = prepared("unlock-known-password", "ata-locked")
    assert result.outcome is Outcome.NOT_ATTEMPTED
    assert [one.code for one in result.exceptions] == ["ata-locked"]


def test_a_sanitize_without_an_end_is_unknown_whoever_began_it() -> None:
    assert prepared("wait-for-sanitize", "sanitize-without-end").outcome is Outcome.UNKNOWN
