"""What must hold whatever the machine, the policy, or the log: no level without its evidence."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appliance import schemes
from appliance.codes import TEXTS
from appliance.erasure.planning import drive_plan, features, reached
from appliance.erasure.plausibility import doubts
from appliance.erasure.preparing import PREPARERS
from appliance.erasure.psid import CODES, needs_psid
from appliance.erasure.standards import BY_ID
from appliance.erasure.waiting import RECOVERS, WAITS
from appliance.hardware.hidden import PRESENT, capped, hidden_areas
from appliance.job.eventlog import Event, Writer, events
from appliance.job.fold import drive_result
from appliance.job.plan_command import explained
from appliance.job.planning import job_plan
from appliance.model import (
    Attempt,
    Bus,
    Drive,
    DrivePlan,
    DriveResult,
    HiddenArea,
    Level,
    Machine,
    Outcome,
    Policy,
    from_json,
)
from tests.unit.generated import logs, machines, policies

CERTIFIED = (Outcome.CLEARED, Outcome.PURGED)
relaxed = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@given(machines(), policies())
@relaxed
def test_no_plan_reaches_a_level_that_its_methods_cannot_give(pc: Machine, policy: Policy) -> None:
    least = policy.level if policy.fallback is Level.NONE else Level.CLEAR
    for drive in pc.drives:
        plan = drive_plan(drive, pc, policy)
        assert plan.erases != bool(plan.refusals), "a drive is erased, or it says why not"
        assert not (plan.refusals and (plan.methods or plan.preparations))
        prepared = {item.code for item in plan.preparations}
        assert prepared <= set(PREPARERS)
        if prepared & {"wait-for-sanitize", "leave-failed-sanitize"}:
            assert drive.bus in WAITS and drive.bus in RECOVERS
        if plan.erases and drive.tcg is not None and drive.tcg.closed:
            # Nothing is believed of a drive that is closed, so it is opened first, or left alone.
            assert needs_psid(plan)
        for option in plan.methods:
            method = BY_ID[option.method]
            assert method.built and drive.bus in method.buses
            # An area that nobody could look into keeps a drive from what its method gives.
            caps = [method.levels[drive.media]]
            if not opened_first(drive):
                caps.append(capped(_left(drive)))
            assert option.level is min(caps, key=lambda level: level.rank)
            assert option.level.rank >= least.rank
            assert set(method.needs) <= features(drive)
            assert policy.crypto_erase_alone or not method.vendors_word
        assert reached(plan.methods).rank <= max(
            (BY_ID[one.method].levels[drive.media].rank for one in plan.methods), default=0
        )
        assert not _touches_what_it_may_not(plan, policy)


def opened_first(drive: Drive) -> bool:
    """Whether its areas are asked for again, once a preparation has opened the drive."""
    if drive.tcg is not None and drive.tcg.closed:
        return True
    ata = drive.ata if drive.bus is Bus.SATA else None
    return ata is not None and (ata.security_locked or ata.sanitize_state in ("running", "failed"))


def _left(drive: Drive) -> tuple[HiddenArea, ...]:
    """What will still be there, or unknown, when the plan's preparations are done."""
    return tuple(area for area in hidden_areas(drive) if area.state != PRESENT)


def _touches_what_it_may_not(plan: DrivePlan, policy: Policy) -> bool:
    drive = plan.drive
    return plan.erases and (
        drive.is_stick
        or drive.bus not in policy.buses
        or not drive.identity.serial
        or drive.read_only_medium
    )


@given(machines(), policies())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_choice_of_a_plan_is_explained_in_arabic_and_english(
    pc: Machine, policy: Policy
) -> None:
    told = explained(job_plan(pc, policy, ()))["plan"]
    reasons = list(_reasons(told))
    assert all(set(one["text"]) == {"ar", "en"} for one in reasons)
    for one in reasons:
        assert one["code"] in TEXTS, "a code without words"
        for text in one["text"].values():
            assert (
                text
                and "{" not in text
                and "???"
                not in text.replace("(the drive reports ???)", "").replace(
                    "???", "", _unknown_facts(one)
                )
            )
        assert any("\u0600" <= char <= "\u06ff" for char in one["text"]["ar"])
    for item in told["drives"]:
        named = {one["method"] for one in item["methods"] + item["ruled_out"]}
        bus = item["drive"]["bus"]
        if not item["refusals"]:
            assert named == {one.id for one in BY_ID.values() if bus in one.buses}
        for one in item["methods"] + item["ruled_out"]:
            assert one["title"]["ar"] and one["title"]["en"]
        assert all(one["reasons"] for one in item["ruled_out"])
        assert item["methods"] or item["refusals"]


def _unknown_facts(reason: dict[str, Any]) -> int:
    """How many facts are honestly unknown."""
    return sum(1 for value in reason["facts"].values() if value == "???")


def _reasons(value: Any) -> Any:
    if isinstance(value, list):
        for item in value:
            yield from _reasons(item)
    elif isinstance(value, dict):
        if {"code", "facts"} <= set(value):
            yield value
        for item in value.values():
            yield from _reasons(item)


def test_no_event_sequence_folds_into_a_pass_without_evidence() -> None:
    seen: Counter[Outcome] = Counter()

    @given(logs())
    @settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    def look(log: list[Event]) -> None:
        result = drive_result(log)
        seen[result.outcome] += 1
        if result.outcome in CERTIFIED:
            _expect_evidence(log, result)
        else:
            assert result.level is Level.NONE
            assert result.exceptions, "every doubt has its reason"

    look()
    # Without passes among the sequences this would have shown nothing.
    assert seen[Outcome.PURGED] + seen[Outcome.CLEARED], seen


def _expect_evidence(log: list[Event], result: DriveResult) -> None:
    assert result.outcome is (Outcome.PURGED if result.level is Level.PURGE else Outcome.CLEARED)
    drive, policy = _task(log)
    names = [event.event for event in log]
    assert "decided" in names and "refused" not in names
    size = _last(log, "size-now", "size_bytes", drive.size_bytes)
    assert _last(log, "decided", "size_after", 0) == size
    states = _hidden_states(log)
    assert "present" not in states
    assert not (result.level is Level.PURGE and "could-not-be-excluded" in states)
    ended = [
        from_json(Attempt, event.data["attempt"]) for event in log if event.event == "attempt-ended"
    ]
    assert any(_supports(one, result.level, drive, policy, size) for one in ended)


def _supports(attempt: Attempt, level: Level, drive: Drive, policy: Policy, size: int) -> bool:
    """The rules of evidence once more, in other words than the program's."""
    method = BY_ID.get(attempt.method)
    if method is None or attempt.result != "done" or attempt.errors or attempt.reasons:
        return False
    if method.levels.get(drive.media, Level.NONE).rank < level.rank:
        return False
    if len(attempt.orders) != method.orders:
        return False
    for order in attempt.orders:
        ran = order.accepted and order.seen and order.reported == "success"
        if not ran or doubts(order, drive):
            return False
    if method.orders:
        # A firmware command without its marks looked for proves nothing.
        kinds = [check.kind for check in attempt.checks]
        if "canaries" not in kinds or "old-samples" not in kinds:
            return False
    for check in attempt.checks:
        if check.mismatches or not check.complete:
            return False
    last = attempt.checks[-1]
    if last.kind in ("canaries", "old-samples") or last.read_bytes != last.expected_bytes:
        return False
    if policy.verify == "full" and (last.scope != "full" or last.read_bytes != size):
        return False
    if last.kind == "keyed-stream" and (attempt.stream is None or attempt.written_bytes != size):
        return False
    if attempt.method == "overwrite":
        done = tuple(one.name for one in attempt.passes)
        return done == schemes.resolved(policy.scheme.passes)
    return True


@given(logs(), st.data())
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_log_cut_anywhere_resumes_to_a_truthful_state(
    log: list[Event], data: st.DataObject
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "drive.log"
        writer = Writer(path)
        for event in log:
            writer.add(event.event, **event.data)
        writer.close()
        whole = path.read_bytes()
        first = whole.index(b"\n") + 1
        path.write_bytes(whole[: data.draw(st.integers(first, len(whole)))])
        # What comes after a cut is written behind the last whole line.
        Writer(path).close()
        kept = list(events(path))
    assert [one.event for one in kept] == [one.event for one in log[: len(kept)]]
    result = drive_result(kept)
    names = [one.event for one in kept]
    if "decided" not in names:
        assert result.outcome not in CERTIFIED
        # A password or PSID that was tried and refused changes nothing.
        harmless = {"unlock-known-password", *CODES}
        touched = "attempt-started" in names or any(
            event.data["preparation"]["code"] not in harmless
            for event in kept
            if event.event == "preparation-started"
        )
        touched = touched or names.count("revert-given") > names.count("revert-refused")
        if "refused" not in names:
            said = Outcome.UNKNOWN if touched else Outcome.NOT_ATTEMPTED
            assert result.outcome is said
    elif len(kept) == len(log):
        assert result.outcome is drive_result(log).outcome


def _task(log: list[Event]) -> tuple[Drive, Policy]:
    data = log[0].data
    return from_json(Drive, data["drive"]), from_json(Policy, data["policy"])


def _last(log: list[Event], name: str, key: str, default: int) -> int:
    return next((int(event.data[key]) for event in reversed(log) if event.event == name), default)


def _hidden_states(log: list[Event]) -> set[str]:
    for event in reversed(log):
        if event.event == "hidden-areas":
            return {from_json(HiddenArea, area).state for area in event.data["areas"]}
    return set()
