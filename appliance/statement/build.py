"""Bodies of drive and deployment statements, projected from what was measured.

Nothing is judged anew here, and what is not known stands in `not_recorded`. A level without
a method, or a deployment on a drive that was not erased, is a defect of the caller and a
RuntimeError. Nothing here signs or writes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from appliance.erasure.standards import BY_ID, MAPPING, STANDARD
from appliance.model import (
    Attempt,
    Deployment,
    Drive,
    DriveResult,
    Level,
    Outcome,
    Reason,
    to_json,
)
from appliance.statement.document import Draft, Statement, Tool, UnsignedRecord
from appliance.statement.strict_json import printable

MAX_RANGES = 2000
# The longest text of the schemas (`text` in common.json).
MAX_TEXT = 400

REACHED = {Outcome.CLEARED: Level.CLEAR, Outcome.PURGED: Level.PURGE}
STANDARD_NAMES = {"governing": STANDARD, "mapping": MAPPING}


def build_drive(result: DriveResult, *, job: str, tool: Tool) -> Draft:
    """The draft of a drive statement."""
    reached = REACHED.get(result.outcome)
    decisive = _decisive(result.attempts)
    if reached and (decisive is None or decisive.result != "done" or result.level is not reached):
        raise RuntimeError(f"{result.outcome} without a finished method of level {reached}")
    if reached and not (decisive and _proven(decisive)):
        raise RuntimeError(f"{result.outcome} without a complete and good verification")
    not_recorded = [*result.not_recorded]
    attempts = [_attempt(attempt, not_recorded) for attempt in result.attempts]
    for name, value in (
        ("world-wide-name", result.drive.identity.wwn),
        ("smart-before", result.smart_before),
        ("smart-after", result.smart_after),
    ):
        if value is None:
            not_recorded.append(name)
    body = {
        "drive": drive_record(result.drive, result.size_before_bytes, result.size_after_bytes),
        "outcome": result.outcome.value,
        "level": result.level.value,
        "method": decisive.method if decisive else "",
        "technique": _technique(decisive.method) if decisive else "",
        "standard": STANDARD_NAMES,
        "attempts": attempts,
        "exceptions": to_json(
            (*result.exceptions, *_unseen_areas(result), *_doubtful_serial(result))
        ),
        "hidden_areas": to_json(result.hidden_areas),
        "smart_before": to_json(result.smart_before),
        "smart_after": to_json(result.smart_after),
        "commands": to_json(result.commands),
        "zeroed": to_json(result.zeroed),
        "discarded": to_json(result.discarded),
        "started_at": result.started_at,
        "ended_at": result.ended_at,
        "tool": tool.to_json(),
        "not_recorded": sorted(set(not_recorded)),
    }
    if locks := _own_locks(result):
        body["own_locks"] = locks
    return draft("drive", job, result.log_head, body)


def build_deployment(
    deployment: Deployment,
    erasure: Statement | UnsignedRecord,
    *,
    job: str,
    log_head: str,
    tool: Tool,
) -> Draft:
    """The draft of a deployment statement; the drive must have been erased well before.

    Where the erasure's record is unsigned, so must this one be: its schema wants a statement.
    """
    if erasure.type != "drive" or Outcome(erasure.body["outcome"]) not in REACHED:
        raise RuntimeError("an image was laid down on a drive that is not erased")
    if drive_key(erasure.body["drive"]) != drive_key(to_json(deployment.drive)):
        raise RuntimeError("the erasure statement is another drive's")
    image = deployment.image
    body = {
        "drive": to_json(deployment.drive),
        "erasure": erasure.id if isinstance(erasure, Statement) else "unsigned",
        "image": {
            "profile": image.profile,
            "version": image.version,
            "title": {"ar": image.title_ar, "en": image.title_en},
            "manifest": image.manifest_digest,
            "disk_bytes": image.disk_bytes,
            "built_at": image.built_at,
            "support_until": image.support_until,
        },
        "written": to_json(deployment.written),
        "read_back": deployment.read_back,
        "asset_tag": deployment.asset_tag,
        "hostname": deployment.hostname,
        "disk_guid": deployment.disk_guid,
        "checks": to_json(deployment.checks),
        "started_at": deployment.started_at,
        "ended_at": deployment.ended_at,
        "warnings": to_json(deployment.warnings),
        "tool": tool.to_json(),
    }
    return draft("deployment", job, log_head, body)


def _own_locks(result: DriveResult) -> dict[str, Any]:
    """What a drive's own (TCG) locks were found to be, and whether they were removed; empty for
    a drive whose locks did not matter."""
    tcg = result.drive.tcg
    if tcg is None or not (tcg.closed or tcg.locking_enabled):
        return {}
    return {
        "classes": list(tcg.ssc),
        "enabled": tcg.locking_enabled,
        "locked": tcg.locked,
        "shadowed": tcg.shadowed,
        "reverted": result.reverted,
    }


def _unseen_areas(result: DriveResult) -> tuple[Reason, ...]:
    """The exception for hidden areas that nobody could look into."""
    unseen = [
        area.kind.upper() for area in result.hidden_areas if area.state == "could-not-be-excluded"
    ]
    if not unseen or any(item.code == "hidden-area-not-excluded" for item in result.exceptions):
        return ()
    return (Reason(code="hidden-area-not-excluded", facts={"kind": ", ".join(unseen)}),)


def _doubtful_serial(result: DriveResult) -> tuple[Reason, ...]:
    """The exception for a serial number that is an adapter's: the drive may be any."""
    foreign = result.drive.serial_source == "bridge"
    return (Reason(code="serial-from-bridge"),) if foreign else ()


def draft(kind: str, job: str, log_head: str, body: dict[str, Any]) -> Draft:
    """The draft of a body, with every text made printable and cut to what a schema takes."""
    return Draft(type=kind, job=job, log_head=log_head, body=_sayable(body))


def _sayable(value: Any) -> Any:
    """Printable, and no text longer than a statement may carry: where one is cut, `…` says so.

    Drives and firmware return what they like; that must not cost the rest its signature.
    """
    return _cut(printable(value))


def _cut(value: Any) -> Any:
    if isinstance(value, str):
        return value if len(value) <= MAX_TEXT else f"{value[: MAX_TEXT - 1]}…"
    if isinstance(value, dict):
        return {name: _cut(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_cut(item) for item in value]
    return value


def _decisive(attempts: Sequence[Attempt]) -> Attempt | None:
    """The attempt that the outcome rests on: the last one."""
    return attempts[-1] if attempts else None


def _proven(attempt: Attempt) -> bool:
    """At least one good check, and none that set out to read something and fell short."""
    sought = [check for check in attempt.checks if check.planned_bytes or check.mismatches]
    return bool(sought) and all(check.good for check in sought)


def _technique(method: str) -> str:
    return BY_ID[method].technique if method in BY_ID else ""


def drive_key(drive: dict[str, Any]) -> tuple[str, str, str | None]:
    """What tells this drive from all others, from its JSON form."""
    drive = _sayable(drive)
    return drive["model"], drive["serial"], drive["wwn"]


def drive_record(drive: Drive, before: int, after: int) -> dict[str, Any]:
    """A drive as statements describe it; sizes in bytes before and after the work."""
    record: dict[str, Any] = {
        "model": drive.identity.model,
        "serial": drive.identity.serial,
        "wwn": drive.identity.wwn,
        "serial_source": drive.serial_source,
        "firmware": drive.firmware,
        "bus": drive.bus.value,
        "media": drive.media.value,
        "rotation_rpm": drive.rotation_rpm,
        "logical_block_bytes": drive.logical_block_bytes,
        "size_before_bytes": before,
        "size_after_bytes": after,
    }
    if drive.nvme is not None and len(drive.nvme.namespaces) > 1:
        # Offsets in this statement count over them, one after the other.
        record["namespaces"] = [
            {"nsid": one.nsid, "wwn": one.wwn, "size_bytes": one.size_bytes}
            for one in drive.nvme.namespaces
        ]
    return record


def _attempt(attempt: Attempt, not_recorded: list[str]) -> dict[str, Any]:
    record: dict[str, Any] = to_json(attempt)
    record["technique"] = _technique(attempt.method)
    for holder, name in [(record, "errors"), *((c, "mismatches") for c in record["checks"])]:
        if len(holder[name]) > MAX_RANGES:
            left_out = len(holder[name]) - MAX_RANGES
            not_recorded.append(f"{attempt.method}: {left_out} further {name}")
            holder[name] = holder[name][:MAX_RANGES]
    return record
