"""A drive's event log folded into what its statement says: a pure function.

The outcome is not what a worker claims but what its evidence supports: a level needs an
attempt that ended as done, with the checks that its method owes, complete and without a
mismatch, over the whole drive (or the sample that the policy asks for). A log that ends
anywhere else folds into failed, unknown or not attempted. It never rounds up.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from appliance import schemes
from appliance.erasure import psid
from appliance.erasure.planning import destruction
from appliance.erasure.plausibility import doubts
from appliance.erasure.standards import BY_ID, Method
from appliance.hardware.hidden import capped, hidden_areas
from appliance.job.eventlog import START, Event
from appliance.model import (
    Attempt,
    ByteRange,
    Check,
    CommandRun,
    Drive,
    DriveResult,
    Facts,
    HiddenArea,
    Level,
    Outcome,
    Policy,
    Reason,
    Scheme,
    Smart,
    from_json,
)


def proven(attempt: Attempt, drive: Drive, policy: Policy) -> Level:
    """The level that an attempt's own evidence supports; `Level.NONE` in every doubt.

    `drive` as it is after its preparations: its size is what must have been covered.
    """
    method = BY_ID.get(attempt.method)
    if method is None or attempt.result != "done" or attempt.reasons or attempt.errors:
        return Level.NONE
    if len(attempt.orders) != method.orders or not all(order.good for order in attempt.orders):
        return Level.NONE
    if any(doubts(order, drive) for order in attempt.orders):
        return Level.NONE
    checks: dict[str, Check] = {check.kind: check for check in attempt.checks}
    owes = owed(method, policy)
    if any(kind not in checks or not _holds(checks[kind]) for kind in owes):
        return Level.NONE
    whole = checks[owes[-1]]
    if whole.scope == "full" and whole.read_bytes != drive.size_bytes:
        return Level.NONE
    if whole.scope != "full" and policy.verify == "full":
        return Level.NONE
    if "keyed-stream" in owes and attempt.stream is None:
        return Level.NONE
    if not _passes_done(attempt, owes, drive, policy):
        return Level.NONE
    if method.vendors_word and not policy.crypto_erase_alone:
        return Level.NONE
    return min(
        attempt.level, method.levels.get(drive.media, Level.NONE), key=lambda level: level.rank
    )


def owed(method: Method, policy: Policy) -> tuple[str, ...]:
    """The kinds of check without which a method proves nothing, under this policy's scheme."""
    if method.id != "overwrite":
        return method.owes
    scheme = policy.scheme
    early = range(1, len(scheme.passes)) if scheme.verify == "all" else ()
    last = "keyed-stream" if scheme.passes[-1] == schemes.KEYED else "pattern"
    return (*(f"pass-{number}" for number in early), last)


def _passes_done(attempt: Attempt, owes: tuple[str, ...], drive: Drive, policy: Policy) -> bool:
    """Whether what the host had to write was written, every pass of it over the whole drive."""
    alone = attempt.method == "overwrite"
    if not alone and "keyed-stream" not in owes:
        return True
    wanted = schemes.resolved(policy.scheme.passes if alone else Scheme().passes)
    return (
        tuple(one.name for one in attempt.passes) == wanted
        and all(one.written_bytes == drive.size_bytes for one in attempt.passes)
        and attempt.written_bytes == drive.size_bytes
    )


def _holds(check: Check) -> bool:
    """Good, or honestly empty: a blank drive has no old samples to look for."""
    if check.kind == "old-samples" and check.planned_bytes == 0:
        return check.complete and not check.mismatches
    return check.good


# Preparations that change nothing until they say so.
_HARMLESS = {"unlock-known-password", *psid.CODES}
# Refusals of a drive that may still be at work.
_WITHOUT_END = {"sanitize-without-end", "tcg-revert-without-end"}
# What already says why a drive has another size, or none, at the end.
_SIZE_EXPLAINED = {"size-changed", "identity-changed", "drive-gone"}


@dataclass(slots=True)
class _Folding:
    """What has been read so far."""

    drive: Drive | None = None
    policy: Policy = field(default_factory=Policy)
    attempts: list[Attempt] = field(default_factory=list)
    open_method: str = ""
    exceptions: list[Reason] = field(default_factory=list)
    commands: list[CommandRun] = field(default_factory=list)
    smart_before: Smart | None = None
    smart_after: Smart | None = None
    size_after: int = 0
    started: str = ""
    ended: str = ""
    refused: Reason | None = None
    decided: bool = False
    touched: bool = False
    touched_before: bool = False
    reverted: bool = False
    discarded: list[ByteRange] = field(default_factory=list)
    hidden: tuple[HiddenArea, ...] | None = None
    size_before: int = 0


def drive_result(events: Iterable[Event], log_head: str = START) -> DriveResult:
    """The record of a drive's statement. RuntimeError for a log without a task (our defect)."""
    state = _Folding()
    for event in events:
        _take(state, event)
    drive = state.drive
    if drive is None:
        raise RuntimeError("a drive's log must begin with its task")
    level = max(
        (proven(attempt, drive, state.policy) for attempt in state.attempts),
        key=lambda item: item.rank,
        default=Level.NONE,
    )
    exceptions = list(state.exceptions)
    hidden = hidden_areas(drive) if state.hidden is None else state.hidden
    level = min(level, capped(hidden), key=lambda item: item.rank)
    outcome = _outcome(state, level, hidden, exceptions)
    if outcome not in (Outcome.PURGED, Outcome.CLEARED):
        level = Level.NONE
        exceptions += destruction(state.policy)
    return DriveResult(
        drive=drive,
        outcome=outcome,
        level=level,
        attempts=tuple(state.attempts),
        exceptions=tuple(exceptions),
        hidden_areas=hidden,
        smart_before=state.smart_before,
        smart_after=state.smart_after,
        commands=tuple(state.commands),
        size_before_bytes=state.size_before,
        size_after_bytes=state.size_after,
        started_at=state.started,
        ended_at=state.ended,
        discarded=tuple(state.discarded),
        not_recorded=_not_recorded(drive, state),
        reverted=state.reverted,
        log_head=log_head,
    )


def _take(state: _Folding, event: Event) -> None:
    data = event.data
    state.ended = event.at
    match event.event:
        case "task":
            state.drive = from_json(Drive, data["drive"])
            state.policy = from_json(Policy, data["policy"])
            state.started = event.at
            state.size_after = state.size_before = state.drive.size_bytes
        case "found-again":
            # The kernel took it for a new one: another name, the same drive.
            if state.drive is not None:
                state.drive = replace(state.drive, path=data["path"], nodes=tuple(data["nodes"]))
        case "size-now":
            # A preparation changed it: from here on this much must be covered.
            if state.drive is not None:
                state.drive = replace(state.drive, size_bytes=data["size_bytes"])
                state.size_after = data["size_bytes"]
        case "hidden-areas":
            state.hidden = tuple(from_json(HiddenArea, area) for area in data["areas"])
        case "preparation-started":
            # A password that was tried and not taken changed nothing.
            state.touched = state.touched or data["preparation"]["code"] not in _HARMLESS
        case "revert-given":
            state.touched_before = state.touched
            state.touched = True
        case "revert-refused":
            state.touched = state.touched_before
        case "reverted":
            state.reverted = True
        case "smart":
            state.smart_before = from_json(Smart, data["smart"]) if data["smart"] else None
        case "attempt-started":
            state.open_method = data["method"]
            state.touched = True
        case "attempt-ended":
            state.attempts.append(from_json(Attempt, data["attempt"]))
            state.open_method = ""
        case "command":
            state.commands.append(from_json(CommandRun, data["run"]))
        case "refused":
            state.refused = from_json(Reason, data["reason"])
        case "exception":
            state.exceptions.append(from_json(Reason, data["reason"]))
        case "decided":
            state.decided = True
            state.size_after = data["size_after"]
            state.smart_after = from_json(Smart, data["smart"]) if data["smart"] else None


def _outcome(
    state: _Folding, level: Level, hidden: tuple[HiddenArea, ...], exceptions: list[Reason]
) -> Outcome:
    if state.refused is not None:
        exceptions.append(state.refused)
        if state.refused.code in _WITHOUT_END:
            return Outcome.UNKNOWN
        return Outcome.FAILED if state.touched else Outcome.NOT_ATTEMPTED
    if state.open_method:
        exceptions.append(Reason(code="interrupted", facts={"method": state.open_method}))
        return Outcome.UNKNOWN
    if not state.decided:
        exceptions.append(Reason(code="worker-died"))
        return Outcome.UNKNOWN if state.touched else Outcome.NOT_ATTEMPTED
    changed = state.drive is not None and state.size_after != state.drive.size_bytes
    if not changed and level == Level.PURGE:
        return Outcome.PURGED
    if not changed and level == Level.CLEAR:
        return Outcome.CLEARED
    exceptions += [
        Reason(code="hidden-area-left", facts={"kind": area.kind.upper(), "detail": area.detail})
        for area in hidden
        if area.state == "present"
    ]
    for attempt in state.attempts:
        # What lies in a hidden area says nothing against an attempt that proved the rest.
        held = state.drive is not None and proven(attempt, state.drive, state.policy) != Level.NONE
        missing = () if changed or held else (_evidence_missing(attempt),)
        reasons = attempt.reasons or missing
        exceptions += [reason for reason in reasons if reason not in exceptions]
    # Last: a drive that vanished has no size any more, and its attempt says why.
    told = {reason.code for reason in exceptions}
    if changed and state.drive is not None and not told & _SIZE_EXPLAINED:
        facts: Facts = {
            "drive": state.drive.label,
            "planned": state.drive.size_bytes,
            "found": state.size_after,
        }
        exceptions.append(Reason(code="size-changed", facts=facts))
    if any(attempt.result == "unknown" for attempt in state.attempts):
        return Outcome.UNKNOWN
    if not exceptions:
        exceptions.append(Reason(code="nothing-attempted"))
    return Outcome.FAILED if state.touched else Outcome.NOT_ATTEMPTED


def _evidence_missing(attempt: Attempt) -> Reason:
    return Reason(code="evidence-missing", facts={"method": attempt.method})


def _not_recorded(drive: Drive, state: _Folding) -> tuple[str, ...]:
    """What a certificate of sanitization may carry and this record does not."""
    missing = ["confidentiality-categorization", "concurrence"]
    if state.smart_before is None:
        missing.append("smart-before")
    if state.smart_after is None:
        missing.append("smart-after")
    if drive.identity.wwn is None:
        missing.append("world-wide-name")
    return tuple(missing)
