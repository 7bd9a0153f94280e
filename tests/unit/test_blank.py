"""Only a drive of which every block was read as zeros counts as blank."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from appliance.erasure.blank import holds_zeros
from appliance.model import (
    Attempt,
    Check,
    DriveResult,
    Facts,
    Level,
    Outcome,
    PassDone,
    RangeError,
)
from appliance.model import ByteRange as Range
from tests.unit.machines import disk

AT = "2026-11-24T10:00:00.000Z"
SIZE = disk().size_bytes
CHECK = Check(
    kind="after-erase",
    scope="full",
    planned_bytes=SIZE,
    read_bytes=SIZE,
    expected_bytes=SIZE,
    complete=True,
    detail={"bytes_00": SIZE, "bytes_ff": 0, "declared": "constant"},
)
ANYTHING: Facts = {"bytes_zeros": SIZE, "bytes_ones": 0, "bytes_other": 0, "declared": "anything"}
ZERO_PASS = PassDone(name="zeros", written_bytes=SIZE, verified=True)
STREAM_PASS = replace(ZERO_PASS, name="keyed-stream")


def result(check: Check, **changes: Any) -> DriveResult:
    attempt = Attempt(
        method="ata-sanitize-block",
        result="done",
        level=Level.PURGE,
        started_at=AT,
        ended_at=AT,
        checks=(replace(CHECK, kind="canaries", scope="sampled", read_bytes=4096), check),
        passes=changes.pop("passes", ()),
    )
    good = DriveResult(
        drive=disk(),
        outcome=Outcome.PURGED,
        level=Level.PURGE,
        attempts=(attempt,),
        exceptions=(),
        hidden_areas=(),
        smart_before=None,
        smart_after=None,
        commands=(),
        size_before_bytes=SIZE,
        size_after_bytes=SIZE,
        started_at=AT,
        ended_at=AT,
    )
    return replace(good, **changes)


@pytest.mark.parametrize("check", [CHECK, replace(CHECK, detail=ANYTHING)])
def test_every_block_read_as_zeros(check: Check) -> None:
    assert holds_zeros(result(check))


def test_zeros_written_and_read_back() -> None:
    check = replace(CHECK, kind="pattern", detail={})
    assert holds_zeros(result(check, passes=(STREAM_PASS, ZERO_PASS)))


@pytest.mark.parametrize(
    "check",
    [
        replace(CHECK, detail={"bytes_00": SIZE - 512, "bytes_ff": 512}),
        replace(CHECK, detail={"bytes_00": 0, "bytes_ff": SIZE}),
        replace(CHECK, detail={**ANYTHING, "bytes_zeros": SIZE - 4096, "bytes_other": 4096}),
        replace(CHECK, detail={}),
        replace(CHECK, scope="sampled"),
        replace(CHECK, complete=False),
        replace(CHECK, read_bytes=SIZE - 512, planned_bytes=SIZE - 512, expected_bytes=SIZE - 512),
        replace(CHECK, mismatches=(RangeError(kind="x", range=Range(offset=0, length=512)),)),
        replace(CHECK, kind="keyed-stream", detail={}),
        replace(CHECK, kind="pattern", detail={}),
    ],
)
def test_any_doubt_is_no_blank_drive(check: Check) -> None:
    assert not holds_zeros(result(check))


def test_a_stream_over_zeros_a_failed_or_grown_drive() -> None:
    pattern = replace(CHECK, kind="pattern", detail={})
    assert not holds_zeros(result(pattern, passes=(ZERO_PASS, STREAM_PASS)))
    assert not holds_zeros(result(CHECK, outcome=Outcome.FAILED))
    assert not holds_zeros(result(CHECK, size_after_bytes=SIZE + 512))
    assert not holds_zeros(result(CHECK, attempts=()))
