"""From one state of the job to the next: what is worth a line. Pure."""

from __future__ import annotations

from appliance.batch.lines import Event
from appliance.errors import TajdeedError
from appliance.job.state import DrivePhase, DriveState, JobPhase, JobState
from appliance.model import Drive, JobPlan, Outcome, Reason
from appliance.texts import sentences
from appliance.tui import words
from appliance.tui.text import visual

PROGRESS_S = 1.0
_GOOD = (Outcome.PURGED, Outcome.CLEARED)


def told(before: JobState | None, after: JobState) -> list[Event]:
    """The events between two states; everything, where there was no state before."""
    events: list[Event] = []
    if before is None:
        events.append({"event": "attached", "job": after.job, "phase": after.phase})
    elif before.phase != after.phase:
        events.append({"event": "phase", "phase": after.phase})
    if after.machine is not None and (before is None or before.plan_digest != after.plan_digest):
        events.append(_machine(after))
        had = before.plan.blockers if before and before.plan else ()
        blockers = after.plan.blockers if after.plan else ()
        events += [said("problem", item) for item in blockers if item not in had]
    known = set(before.statements) if before else set()
    for ref in after.statements:
        if ref not in known:
            events.append(
                {
                    "event": "statement",
                    "id": ref.id,
                    "type": ref.type,
                    "drive": ref.drive,
                    "outcome": ref.outcome,
                }
            )
    if after.phase is not JobPhase.BLOCKED:  # there the run ends with them
        had = before.problems if before else ()
        events += [said("problem", item) for item in after.problems if item not in had]
    events += drives_told(before, after)
    if after.phase is JobPhase.FINISHED and (before is None or before.phase != after.phase):
        events.append({"event": "finished", "outcome": after.outcome or Outcome.UNKNOWN})
    return events


def said(event: str, what: TajdeedError | Reason) -> Event:
    """An event about something wrong, in words too."""
    text = visual(sentences(words.told(what), words.advice(what)), False)
    return {"event": event, "code": what.code, "facts": what.facts, "text": text}


def drives_told(before: JobState | None, after: JobState) -> list[Event]:
    """A line for each drive whose phase or outcome changed, and for the delivery's counts."""
    was = {item.key: _facts(item) for item in before.drives} if before else {}
    events = [_drive(after, item) for item in after.drives if was.get(item.key) != _facts(item)]
    old = before.delivery if before else None
    if old is None or _counts(old) != _counts(after.delivery):
        events.append({"event": "delivery", **_counts(after.delivery)})
    return events


def progress(state: JobState) -> Event:
    """The live numbers."""
    waits = {} if state.late_drives_s is None else {"late_drives_s": state.late_drives_s}
    return {
        "event": "progress",
        **waits,
        "drives": [
            {
                "key": item.key,
                "phase": item.phase,
                "done_bytes": item.done_bytes,
                "total_bytes": item.total_bytes,
                "rate_bytes_s": item.rate_bytes_s,
                "left_s": item.left_s,
                "error_ranges": item.error_ranges,
            }
            for item in state.drives
            if item.phase is not DrivePhase.LEFT_ALONE
        ],
    }


def exit_code(state: JobState) -> int:
    """0 where every drive of the plan ended as planned and is certified, and none may be hidden;
    else 1."""
    if state.plan is None or state.outcome is Outcome.UNKNOWN:
        return 1
    if not all(ref.is_signed for ref in state.statements):
        return 1
    live = {item.key: item for item in state.drives}
    for item in state.plan.drives:
        if not item.erases:
            continue
        end = live.get(item.drive.key)
        if end is None or end.outcome not in _GOOD:
            return 1
        if item.image is not None and not end.deployment_id and end.image_outcome != "laid-down":
            return 1
    return 0


def _facts(item: DriveState) -> tuple[object, ...]:
    return (
        item.phase,
        item.method,
        item.outcome,
        item.statement_id,
        item.image_outcome,
        item.deployment_id,
    )


def _counts(delivery: object) -> Event:
    names = ("waiting", "registered", "held", "refused", "online")
    return {name: getattr(delivery, name) for name in names}


def _found(state: JobState, key: str) -> Drive | None:
    drives = state.plan.machine.drives if state.plan else ()
    return next((drive for drive in drives if drive.key == key), None)


def _drive(state: JobState, item: DriveState) -> Event:
    drive = _found(state, item.key)
    return {
        "event": "drive",
        "key": item.key,
        "path": drive.path if drive else "",
        "model": drive.identity.model if drive else "",
        "serial": drive.identity.serial if drive else "",
        "phase": item.phase,
        "method": item.method,
        "outcome": item.outcome,
        "level": item.level,
        "statement_id": item.statement_id,
        "image_outcome": item.image_outcome,
        "deployment_id": item.deployment_id,
        "reasons": item.reasons,
    }


def _machine(state: JobState) -> Event:
    machine = state.machine
    return {
        "event": "machine",
        "maker": machine.maker if machine else "",
        "model": machine.model if machine else "",
        "serial": machine.serial if machine else "",
        "asset_tag": state.asset_tag,
        "drives": _planned(state.plan) if state.plan else [],
        "image_reasons": state.plan.image_reasons if state.plan else (),
    }


def _planned(plan: JobPlan) -> list[Event]:
    return [
        {
            "key": item.drive.key,
            "path": item.drive.path,
            "model": item.drive.identity.model,
            "serial": item.drive.identity.serial,
            "size_bytes": item.drive.size_bytes,
            "bus": item.drive.bus,
            "erases": item.erases,
            "methods": [option.method for option in item.methods],
            "image": item.image.profile if item.image else "",
            "image_source": item.image.source if item.image else "",
            "refusals": [reason.code for reason in item.refusals],
        }
        for item in plan.drives
    ]
