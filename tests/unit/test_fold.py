"""A drive's log folds into what its evidence supports, and never into more."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.errors import JournalError
from appliance.job.eventlog import Event, Reader, Writer, events
from appliance.job.fold import drive_result
from appliance.model import (
    Attempt,
    ByteRange,
    Check,
    Drive,
    Level,
    Order,
    Outcome,
    PassDone,
    Policy,
    RangeError,
    Reason,
    Stream,
    to_json,
)
from tests.unit.machines import disk, nvme

AT = "2026-11-24T10:00:00.000Z"


def stream_check(drive: Drive, **changes: Any) -> Check:
    good = Check(
        kind="keyed-stream",
        scope="full",
        planned_bytes=drive.size_bytes,
        read_bytes=drive.size_bytes,
        expected_bytes=drive.size_bytes,
        complete=True,
    )
    return replace(good, **changes)


def overwritten(drive: Drive, **changes: Any) -> Attempt:
    good = Attempt(
        method="overwrite",
        result="done",
        level=Level.CLEAR,
        started_at=AT,
        ended_at=AT,
        written_bytes=drive.size_bytes,
        checks=(stream_check(drive),),
        stream=Stream(cipher="chacha20", seed="00" * 32),
        scheme="one-pass",
        passes=(PassDone(name="keyed-stream", written_bytes=drive.size_bytes, verified=True),),
    )
    return replace(good, **changes)


def log(drive: Drive, attempt: Attempt | None, policy: Policy | None = None) -> list[Event]:
    steps: list[tuple[str, dict[str, Any]]] = [
        ("task", {"drive": to_json(drive), "policy": to_json(policy or Policy())}),
        ("smart", {"smart": None}),
        ("attempt-started", {"method": "overwrite", "level": "clear"}),
        ("attempt-ended", {"attempt": to_json(attempt)}) if attempt else ("", {}),
        ("decided", {"size_after": drive.size_bytes, "smart": None}),
    ]
    return [
        Event(n=n, at=AT, event=name, data=data, prev="")
        for n, (name, data) in enumerate(step for step in steps if step[0])
    ]


def outcome(drive: Drive, attempt: Attempt, policy: Policy | None = None) -> Outcome:
    result = drive_result(log(drive, attempt, policy))
    assert (result.level == Level.NONE) == (result.outcome not in (Outcome.CLEARED, Outcome.PURGED))
    if result.outcome not in (Outcome.CLEARED, Outcome.PURGED):
        assert result.exceptions, "every doubt has its reason"
    return result.outcome


def test_a_full_overwrite_that_read_back_well_is_cleared() -> None:
    assert outcome(disk(), overwritten(disk())) == Outcome.CLEARED


WRONG = RangeError(kind="mismatch", range=ByteRange(offset=4096, length=512))


@pytest.mark.parametrize(
    "changes",
    [
        {"checks": ()},
        {"checks": (stream_check(disk(), mismatches=(WRONG,)),)},
        {"checks": (stream_check(disk(), complete=False),)},
        {"checks": (stream_check(disk(), read_bytes=1, planned_bytes=1, expected_bytes=1),)},
        {"checks": (stream_check(disk(), expected_bytes=disk().size_bytes - 512),)},
        {"checks": (stream_check(disk(), kind="constant"),)},
        {"checks": (stream_check(disk(), scope="sampled"),)},
        {"written_bytes": disk().size_bytes - 512},
        {"stream": None},
        {"passes": ()},
        {"passes": (PassDone(name="keyed-stream", written_bytes=512, verified=True),)},
        {"passes": (PassDone(name="zeros", written_bytes=disk().size_bytes, verified=True),)},
        {"errors": (RangeError(kind="write", range=ByteRange(offset=0, length=512)),)},
        {"reasons": (Reason(code="flush-failed"),)},
        {"result": "failed"},
        {"result": "unknown"},
        {"method": "ata-sanitize-block", "level": Level.PURGE},
        {"method": "no-such-method"},
    ],
)
def test_any_missing_or_bad_evidence_is_no_pass(changes: dict[str, Any]) -> None:
    assert outcome(disk(), overwritten(disk(), **changes)) in (Outcome.FAILED, Outcome.UNKNOWN)


def test_a_worker_cannot_claim_a_higher_level_than_its_method_gives() -> None:
    result = drive_result(log(disk(), overwritten(disk(), level=Level.PURGE)))
    assert (result.outcome, result.level) == (Outcome.CLEARED, Level.CLEAR)


def test_sampled_reading_counts_only_where_the_policy_asks_for_it() -> None:
    sample = stream_check(
        disk(), scope="sampled", planned_bytes=1 << 30, read_bytes=1 << 30, expected_bytes=1 << 30
    )
    attempt = overwritten(disk(), checks=(sample,))
    assert outcome(disk(), attempt, Policy(verify="sampled")) == Outcome.CLEARED
    assert outcome(disk(), attempt, Policy(verify="full")) == Outcome.FAILED


def order(**changes: Any) -> Order:
    good = Order(
        command="Sanitize, block erase",
        accepted=True,
        seen="progress",
        reported="success",
        started_at=AT,
        elapsed_s=10.0,
    )
    return replace(good, **changes)


def by_firmware(drive: Drive, method: str, level: Level, orders: int) -> Attempt:
    """An attempt with everything that a firmware method owes; the drive was blank before."""
    small = {"planned_bytes": 4096, "read_bytes": 4096, "expected_bytes": 4096}
    nothing = {"planned_bytes": 0, "read_bytes": 0, "expected_bytes": 0}
    checks = (
        stream_check(drive, kind="canaries", scope="sampled", **small),
        stream_check(drive, kind="old-samples", scope="sampled", **nothing),
        stream_check(drive, kind="after-erase"),
    )
    return overwritten(
        drive,
        method=method,
        level=level,
        checks=checks,
        orders=(order(),) * orders,
        stream=None,
        written_bytes=0,
    )


@pytest.mark.parametrize(
    ("method", "level", "orders", "expected"),
    [
        ("nvme-format-user-data", Level.CLEAR, 1, Outcome.CLEARED),
        ("nvme-format-crypto", Level.CLEAR, 1, Outcome.CLEARED),
        ("nvme-sanitize-block", Level.PURGE, 1, Outcome.PURGED),
        ("nvme-sanitize-crypto-block", Level.PURGE, 2, Outcome.PURGED),
    ],
)
def test_a_firmware_method_needs_all_its_checks_and_orders(
    method: str, level: Level, orders: int, expected: Outcome
) -> None:
    drive = nvme()
    attempt = by_firmware(drive, method, level, orders)
    assert outcome(drive, attempt) == expected
    for left_out in range(3):
        rest = tuple(check for place, check in enumerate(attempt.checks) if place != left_out)
        assert outcome(drive, replace(attempt, checks=rest)) == Outcome.FAILED
    for bad in (
        {"accepted": False},
        {"seen": ""},
        {"reported": "failed"},
        {"reported": "idle"},
        {"reported": "unknown"},
    ):
        orders_now = (*attempt.orders[1:], order(**bad))
        assert outcome(drive, replace(attempt, orders=orders_now)) == Outcome.FAILED
    assert outcome(drive, replace(attempt, orders=attempt.orders[1:])) == Outcome.FAILED


def test_a_drive_that_changed_its_size_is_failed() -> None:
    steps = log(disk(), overwritten(disk()))
    steps[-1] = replace(steps[-1], data={"size_after": 0, "smart": None})
    result = drive_result(steps)
    assert result.outcome == Outcome.FAILED
    assert [reason.code for reason in result.exceptions] == ["size-changed"]


@pytest.mark.parametrize(
    ("answer", "codes", "expected"),
    [
        ("failed", ["overwrite-device-gone", "size-changed"], Outcome.FAILED),
        ("unknown", ["drive-gone"], Outcome.UNKNOWN),
    ],
)
def test_a_drive_that_vanished_says_so_and_not_only_that_it_has_no_size(
    answer: str, codes: list[str], expected: Outcome
) -> None:
    attempt = overwritten(disk(), result=answer, reasons=(Reason(code=codes[0]),), checks=())
    steps = log(disk(), attempt)
    steps[-1] = replace(steps[-1], data={"size_after": 0, "smart": None})
    result = drive_result(steps)
    assert result.outcome == expected
    assert [reason.code for reason in result.exceptions] == codes


@given(st.integers(1, 4))
def test_a_log_cut_anywhere_is_never_a_pass(length: int) -> None:
    result = drive_result(log(disk(), overwritten(disk()))[:length])
    assert result.outcome == (Outcome.NOT_ATTEMPTED if length < 3 else Outcome.UNKNOWN)
    assert result.exceptions


def test_a_refused_drive_was_not_attempted() -> None:
    refusal = Event(
        n=1,
        at=AT,
        event="refused",
        data={"reason": to_json(Reason(code="identity-changed"))},
        prev="",
    )
    result = drive_result([log(disk(), None)[0], refusal])
    assert result.outcome == Outcome.NOT_ATTEMPTED
    assert result.exceptions[0].code == "identity-changed"


# --- the log on the medium ------------------------------------------------------------------


def written(path: Path) -> bytes:
    writer = Writer(path)
    for number in range(5):
        writer.add("fact", number=number, text="قرص\n")
    writer.close()
    return path.read_bytes()


def test_a_log_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "job" / "x.log"
    written(path)
    assert [event.data["number"] for event in events(path)] == list(range(5))


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_log_cut_by_a_power_cut_goes_on_after_the_last_whole_line(data: st.DataObject) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.log"
        whole = written(path)
        cut = data.draw(st.integers(0, len(whole)))
        path.write_bytes(whole[:cut])
        complete = whole[:cut].count(b"\n")
        writer = Writer(path)
        assert len(writer.events) == complete
        writer.add("more")
        writer.close()
        assert [event.event for event in events(path)] == ["fact"] * complete + ["more"]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_changed_byte_in_the_middle_is_noticed(data: st.DataObject) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.log"
        whole = bytearray(written(path))
        place = data.draw(st.integers(0, whole.rindex(b"\n", 0, -1)))
        old = whole[place]
        whole[place] = data.draw(st.integers(0, 255).filter(lambda byte: byte != old))
        path.write_bytes(whole)
        try:
            found = [event.data.get("number") for event in events(path)]
        except JournalError as error:
            assert error.code == "log-broken"
        else:
            # A last line that lost its end, or a lost line break, only shortens the log.
            assert found == list(range(len(found))) and len(found) < 5


def test_a_reader_sees_only_what_is_new(tmp_path: Path) -> None:
    path = tmp_path / "x.log"
    reader = Reader(path)
    assert list(reader.new()) == []
    writer = Writer(path)
    writer.add("one")
    assert [event.event for event in reader.new()] == ["one"]
    writer.add("two")
    assert [event.event for event in reader.new()] == ["two"]
    assert reader.head == writer.head
    writer.close()
