"""The job's own log folded: what was consented to, what was started, what was stated."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from appliance.job.eventlog import Event
from appliance.job.state import StatementRef
from appliance.model import Consent, JobPlan, Outcome, Reason, Sighting, from_json
from appliance.statement.certificate import Papers


@dataclass(slots=True)
class JobRecord:
    """State of a job as its log tells it. `started` holds `KEY.KIND` of every worker that was
    ordered (an intention: it may never have run). `seen`: every drive of this start of the
    stick, and of those at which it went on. `late_drives_seen`: one of them lasted until no more
    could come. `papers`: the office's own words at consent; logs of older versions have none."""

    job: str = ""
    boot: str = ""
    asset_tag: str = ""
    plan: JobPlan | None = None
    consent: Consent | None = None
    papers: Papers | None = None
    seen: list[Sighting] = field(default_factory=list)
    late_drives_seen: bool = False
    started: set[str] = field(default_factory=set)
    refused: dict[str, Reason] = field(default_factory=dict)
    statements: list[StatementRef] = field(default_factory=list)
    ended_workers: set[str] = field(default_factory=set)
    outcome: Outcome | None = None

    def statement(self, kind: str, drive: str = "") -> StatementRef | None:
        """The statement of a type about a drive, if one was made."""
        for ref in self.statements:
            if ref.type == kind and ref.drive == drive:
                return ref
        return None


def job_record(events: Iterable[Event]) -> JobRecord:
    """Fold a job's log."""
    record = JobRecord()
    for event in events:
        take(record, event)
    return record


def take(record: JobRecord, event: Event) -> None:
    """One more event."""
    data = event.data
    match event.event:
        case "job":
            record.job, record.boot = data["job"], data["boot"]
            record.asset_tag = data["asset_tag"]
        case "drive-seen":
            record.seen.append(from_json(Sighting, data["drive"]))
        case "late-drives-seen":
            record.late_drives_seen = True
        case "papers":
            record.papers = from_json(Papers, data["papers"])
        case "plan":
            record.plan = from_json(JobPlan, data["plan"])
        case "consent":
            record.consent = from_json(Consent, data["consent"])
            record.asset_tag = record.consent.asset_tag or record.asset_tag
        case "drive-refused":
            record.refused[data["drive"]] = from_json(Reason, data["reason"])
        case "worker-started":
            record.started.add(f"{data['drive']}.{data['kind']}")
        case "worker-ended":
            record.ended_workers.add(f"{data['drive']}.{data['kind']}")
        case "statement":
            record.statements.append(from_json(StatementRef, data["statement"]))
        case "resumed":
            record.boot = data["boot"]
        case "job-finished":
            record.outcome = Outcome(data["outcome"])
