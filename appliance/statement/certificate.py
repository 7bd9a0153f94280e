"""The machine certificate: the list of its drives' statements, and the worst outcome.

Every drive of the machine is on it, erased or left alone. It repeats what the page needs
from the drive statements, whose ids it quotes. A machine without its drives' statements is
a defect of the caller and a RuntimeError.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from appliance.model import Bus, Drive, Level, Machine, Outcome, Reason, to_json
from appliance.statement.build import (
    REACHED,
    STANDARD_NAMES,
    draft,
    drive_key,
    drive_record,
)
from appliance.statement.document import Draft, Statement, Tool, UnsignedRecord

MAX_RANGES = 20

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
    decided = [drive_key(item.body["drive"]) for item in drives]
    told = decided + [drive_key(to_json(item.drive.identity)) for item in left_alone]
    missing = [
        drive.label
        for drive in machine.drives
        if not drive.is_stick and drive_key(to_json(drive.identity)) not in told
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
    if blockers and outcome in (*REACHED, Outcome.NO_MEDIA):
        outcome = Outcome.UNKNOWN
    level = REACHED.get(outcome, Level.NONE)
    not_recorded = [
        name
        for name, value in (
            ("asset-tag", papers.asset_tag),
            ("lot", papers.lot),
            ("donor", papers.donor),
            ("machine-serial", machine.serial),
            ("donor-asset-tag", machine.donor_asset_tag),
        )
        if not value
    ]
    not_recorded += ["confidentiality-categorization", "concurrence", "media-destination"]
    roles = {person.role for person in papers.persons}
    not_recorded += [
        f"person-{role}" for role in ("sanitizing", "verifying", "validating") if role not in roles
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
                "drive": drive_record(item.drive, item.drive.size_bytes, item.drive.size_bytes),
                "belongs": item.belongs,
                "reasons": to_json(item.reasons),
            }
            for item in left_alone
            if not item.drive.is_stick
        ],
        "persons": [to_json(person) for person in papers.persons],
        "no_media_attested_by": no_media_attested_by,
        "exceptions": to_json((*machine.warnings, *blockers)),
        "standard": STANDARD_NAMES,
        "tool": tool.to_json(),
        "not_recorded": sorted(not_recorded),
    }
    return draft("machine", job, log_head, body)


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
                "bad_ranges": [bad["range"] for bad in check["mismatches"][:MAX_RANGES]],
            }
            for check in (attempts[-1]["checks"] if attempts else [])
        ],
        "exceptions": body["exceptions"],
        "started_at": body["started_at"],
        "ended_at": body["ended_at"],
    }
