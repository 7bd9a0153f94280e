"""Bodies of statements, projected from what was measured; nothing is judged anew here.

What the certificate does not know stands in `not_recorded`; a level without a method, a
deployment on a drive that was not erased, or a machine without its drives' statements is a
defect of the caller and a RuntimeError. Nothing here signs or writes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from appliance.erasure.standards import BY_ID, MAPPING, STANDARD
from appliance.model import (
    Attempt,
    Bus,
    Deployment,
    Drive,
    DriveResult,
    Level,
    Machine,
    Outcome,
    Reason,
    to_json,
)
from appliance.statement.document import Draft, Statement, Tool, UnsignedRecord
from appliance.statement.strict_json import printable

MAX_RANGES = 2000
MAX_RANGES_ON_MACHINE = 20

# From the worst to the best: a machine is as good as its worst drive.
WORST_FIRST = (
    Outcome.FAILED,
    Outcome.UNKNOWN,
    Outcome.NOT_ATTEMPTED,
    Outcome.NO_MEDIA,
    Outcome.CLEARED,
    Outcome.PURGED,
    Outcome.DESTROYED,
)
_REACHED = {Outcome.CLEARED: Level.CLEAR, Outcome.PURGED: Level.PURGE}
_STANDARD = {"governing": STANDARD, "mapping": MAPPING}


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody whom NIST SP 800-88 wants named. role: sanitizing, verifying, validating."""

    role: str
    name: str
    title: str = ""
    date: str = ""
    location: str = ""
    contact: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftAlone:
    """A drive that nothing was done to, and why."""

    drive: Drive
    reasons: tuple[Reason, ...]

    @property
    def belongs(self) -> bool:
        """Whether its data leave the house with the machine: all but USB drives and the stick."""
        return self.drive.bus is not Bus.USB and not self.drive.is_stick


@dataclass(frozen=True, slots=True, kw_only=True)
class Papers:
    """What the office knows about a machine, for its certificate."""

    organisation_ar: str = ""
    organisation_en: str = ""
    site: str = ""
    asset_tag: str = ""
    lot: str = ""
    donor: str = ""
    persons: tuple[Person, ...] = ()


def build_drive(result: DriveResult, *, job: str, tool: Tool) -> Draft:
    """The draft of a drive statement."""
    reached = _REACHED.get(result.outcome)
    decisive = _decisive(result.attempts)
    if reached and (decisive is None or decisive.result != "done" or result.level is not reached):
        raise RuntimeError(f"{result.outcome} without a finished method of level {reached}")
    if reached and not (decisive and _proven(decisive)):
        raise RuntimeError(f"{result.outcome} without a complete and good verification")
    not_recorded = [*result.not_recorded]
    attempts = [_attempt(attempt, not_recorded) for attempt in result.attempts]
    for name, value in (
        ("drive.wwn", result.drive.identity.wwn),
        ("smart_before", result.smart_before),
        ("smart_after", result.smart_after),
        ("hidden_areas", result.hidden_areas or None),
    ):
        if value is None:
            not_recorded.append(name)
    body = {
        "drive": _drive(result.drive, result.size_before_bytes, result.size_after_bytes),
        "outcome": result.outcome.value,
        "level": result.level.value,
        "method": decisive.method if decisive else "",
        "technique": _technique(decisive.method) if decisive else "",
        "standard": _STANDARD,
        "attempts": attempts,
        "exceptions": to_json(result.exceptions),
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
    return _draft("drive", job, result.log_head, body)


def build_machine(
    machine: Machine,
    drives: Sequence[Statement | UnsignedRecord],
    left_alone: Sequence[LeftAlone] = (),
    *,
    papers: Papers,
    job: str,
    log_head: str,
    tool: Tool,
    blockers: Sequence[Reason] = (),
    no_media_attested_by: str = "",
) -> Draft:
    """The draft of a machine certificate: every drive is either a statement or left alone.

    The outcome is the worst of its drives; a drive that was left alone and belongs to the
    machine counts as not-attempted. Without any drive the outcome is `no-media` where a
    person attested it, else `unknown`: no drive found is not a success.
    """
    if any(item.type != "drive" for item in drives):
        raise RuntimeError("a machine certificate lists drive statements only")
    decided = [_key(item.body["drive"]) for item in drives]
    told = decided + [_key(to_json(item.drive.identity)) for item in left_alone]
    missing = [
        drive.label
        for drive in machine.drives
        if not drive.is_stick and _key(to_json(drive.identity)) not in told
    ]
    if missing or len(set(decided)) != len(decided):
        raise RuntimeError(
            f"drives without one statement: {', '.join(missing) or 'twice the same'}"
        )
    if no_media_attested_by and (drives or any(item.belongs for item in left_alone)):
        raise RuntimeError("no-media attested for a machine that has drives")
    outcomes = [Outcome(item.body["outcome"]) for item in drives]
    outcomes += [Outcome.NOT_ATTEMPTED for item in left_alone if item.belongs]
    if outcomes:
        outcome = min(outcomes, key=WORST_FIRST.index)
    else:
        outcome = Outcome.NO_MEDIA if no_media_attested_by else Outcome.UNKNOWN
    # Something may be hidden from us (a RAID controller without drives): never a pass then.
    if blockers and outcome in (*_REACHED, Outcome.NO_MEDIA):
        outcome = Outcome.UNKNOWN
    level = _REACHED.get(outcome, Level.NONE)
    not_recorded = [
        name
        for name, value in (
            ("asset_tag", papers.asset_tag),
            ("lot", papers.lot),
            ("donor", papers.donor),
            ("machine.serial", machine.serial),
            ("machine.donor_asset_tag", machine.donor_asset_tag),
        )
        if not value
    ]
    not_recorded += ["confidentiality_category", "media_destination"]
    roles = {person.role for person in papers.persons}
    not_recorded += [
        f"person.{role}" for role in ("sanitizing", "verifying", "validating") if role not in roles
    ]
    body = {
        "machine": {
            "maker": machine.maker,
            "model": machine.model,
            "serial": machine.serial,
            "uuid": machine.uuid,
            "chassis": machine.chassis,
            "donor_asset_tag": machine.donor_asset_tag,
            "firmware_kind": machine.firmware_kind,
            "firmware_version": machine.firmware_version,
            "secure_boot": machine.secure_boot,
            "cpu": machine.cpu,
            "ram_mib": machine.ram_mib,
        },
        "asset_tag": papers.asset_tag,
        "lot": papers.lot,
        "donor": papers.donor,
        "organisation": {"ar": papers.organisation_ar, "en": papers.organisation_en},
        "site": papers.site,
        "outcome": outcome.value,
        "level": level.value,
        "drives": [_summary(item) for item in drives],
        "left_alone": [
            {
                "drive": _drive(item.drive, item.drive.size_bytes, item.drive.size_bytes),
                "belongs": item.belongs,
                "reasons": to_json(item.reasons),
            }
            for item in left_alone
            if not item.drive.is_stick
        ],
        "persons": [to_json(person) for person in papers.persons],
        "no_media_attested_by": no_media_attested_by,
        "exceptions": to_json((*machine.warnings, *blockers)),
        "standard": _STANDARD,
        "tool": tool.to_json(),
        "not_recorded": sorted(not_recorded),
    }
    return _draft("machine", job, log_head, body)


def build_deployment(
    deployment: Deployment, erasure: Statement, *, job: str, log_head: str, tool: Tool
) -> Draft:
    """The draft of a deployment statement; the drive must have been erased well before."""
    if erasure.type != "drive" or Outcome(erasure.body["outcome"]) not in _REACHED:
        raise RuntimeError("an image was laid down on a drive that is not erased")
    if _key(erasure.body["drive"]) != _key(to_json(deployment.drive)):
        raise RuntimeError("the erasure statement is another drive's")
    image = deployment.image
    body = {
        "drive": to_json(deployment.drive),
        "erasure": erasure.id,
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
    return _draft("deployment", job, log_head, body)


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketTerms:
    """What a batch ticket allows. Patterns are shell globs on DMI maker, model and serial."""

    lot: str
    technician: str
    machines: tuple[tuple[str, str], ...]
    buses: tuple[Bus, ...]
    expires_at: str
    count: int
    min_bytes: int = 0
    max_bytes: int = 1 << 60
    serials: tuple[str, ...] = ("*",)
    note: str = ""


def build_ticket(terms: TicketTerms, *, job: str, log_head: str = "") -> Draft:
    """The draft of a batch ticket."""
    body = {
        "lot": terms.lot,
        "technician": terms.technician,
        "machines": [{"maker": maker, "model": model} for maker, model in terms.machines],
        "drives": {
            "buses": [bus.value for bus in terms.buses],
            "min_bytes": terms.min_bytes,
            "max_bytes": terms.max_bytes,
            "serials": list(terms.serials),
        },
        "count": terms.count,
        "expires_at": terms.expires_at,
        "note": terms.note,
    }
    return _draft("batch-ticket", job, log_head, body)


def _draft(kind: str, job: str, log_head: str, body: dict[str, Any]) -> Draft:
    return Draft(type=kind, job=job, log_head=log_head, body=printable(body))


def _decisive(attempts: Sequence[Attempt]) -> Attempt | None:
    """The attempt that the outcome rests on: the last one."""
    return attempts[-1] if attempts else None


def _proven(attempt: Attempt) -> bool:
    """At least one good check, and none that set out to read something and fell short."""
    sought = [check for check in attempt.checks if check.planned_bytes or check.mismatches]
    return bool(sought) and all(check.good for check in sought)


def _technique(method: str) -> str:
    return BY_ID[method].technique if method in BY_ID else ""


def _key(drive: dict[str, Any]) -> tuple[str, str, str | None]:
    drive = printable(drive)
    return drive["model"], drive["serial"], drive["wwn"]


def _drive(drive: Drive, before: int, after: int) -> dict[str, Any]:
    return {
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


def _attempt(attempt: Attempt, not_recorded: list[str]) -> dict[str, Any]:
    record: dict[str, Any] = to_json(attempt)
    record["technique"] = _technique(attempt.method)
    for holder, name in [(record, "errors"), *((c, "mismatches") for c in record["checks"])]:
        if len(holder[name]) > MAX_RANGES:
            left_out = len(holder[name]) - MAX_RANGES
            not_recorded.append(f"{attempt.method}: {left_out} further {name}")
            holder[name] = holder[name][:MAX_RANGES]
    return record


def _summary(item: Statement | UnsignedRecord) -> dict[str, Any]:
    body = item.body
    attempts: list[dict[str, Any]] = body["attempts"]
    return {
        "statement": item.id if isinstance(item, Statement) else "unsigned",
        "drive": body["drive"],
        "outcome": body["outcome"],
        "level": body["level"],
        "method": body["method"],
        "technique": body["technique"],
        "verification": [
            {
                "kind": check["kind"],
                "scope": check["scope"],
                "planned_bytes": check["planned_bytes"],
                "read_bytes": check["read_bytes"],
                "expected_bytes": check["expected_bytes"],
                "complete": check["complete"],
                "bad_ranges": [bad["range"] for bad in check["mismatches"][:MAX_RANGES_ON_MACHINE]],
            }
            for check in (attempts[-1]["checks"] if attempts else [])
        ],
        "exceptions": body["exceptions"],
        "started_at": body["started_at"],
        "ended_at": body["ended_at"],
    }
