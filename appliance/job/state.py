"""The state of a job as faces see it: pure data, no knowledge of how it came about.

`JobState` is what `Subscribe` sends first and whenever its shape changes; between two of
them come `Progress` records, which replace nothing but `Progress`' fields. A face that
comes late, or came back after a crash, is as well informed as one that was always there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from appliance.model import Consent, Deployment, JobPlan, Level, Machine, Outcome, Reason

UNSIGNED = "unsigned-"


class JobPhase(StrEnum):
    """Where the job stands; while `BLOCKED`, `problems` say what must be put right first."""

    DETECTING = "detecting"
    BLOCKED = "blocked"
    CONSENT = "consent"
    RUNNING = "running"
    FINISHED = "finished"


class DrivePhase(StrEnum):
    """Where one drive stands."""

    WAITING = "waiting"
    RELEASING = "releasing"
    ERASING = "erasing"
    VERIFYING = "verifying"
    DECIDED = "decided"
    LAYING_DOWN = "laying-down"
    CHECKING_IMAGE = "checking-image"
    FINISHED = "finished"
    LEFT_ALONE = "left-alone"


@dataclass(frozen=True, slots=True, kw_only=True)
class DriveState:
    """Live facts of one drive; rates in bytes per second over the last seconds."""

    key: str
    phase: DrivePhase
    method: str = ""
    step: int = 0
    steps: int = 0
    done_bytes: int = 0
    total_bytes: int = 0
    rate_bytes_s: float = 0.0
    left_s: float | None = None
    error_ranges: int = 0
    outcome: Outcome | None = None
    level: Level = Level.NONE
    reasons: tuple[Reason, ...] = ()
    statement_id: str = ""
    image_outcome: str = ""
    deployment_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Statements on their way to the server, as the courier last said."""

    waiting: int = 0
    registered: int = 0
    held: int = 0
    refused: int = 0
    server: str = ""
    last_error: Reason | None = None
    online: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementRef:
    """A statement of this job: what it is about and its id (SHA-256 of the payload); of a
    record that could not be signed, a name that begins with `unsigned-`."""

    id: str
    type: str
    drive: str = ""
    outcome: Outcome | None = None

    @property
    def is_signed(self) -> bool:
        return not self.id.startswith(UNSIGNED)


@dataclass(frozen=True, slots=True, kw_only=True)
class StationInfo:
    """Who we are. `unsigned` is set when there is no key: results are unsigned records.

    `scans_tag`: the technician scans each machine's asset tag at consent.
    """

    id: str
    organisation_ar: str
    organisation_en: str
    site: str
    technicians: tuple[str, ...]
    enrolled: bool
    scans_tag: bool = False
    unsigned: Reason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobState:
    """The whole job. `late_drives_s`: see `Progress`."""

    phase: JobPhase
    job: str
    station: StationInfo
    language: str = "ar"
    mode: str = "tui"
    machine: Machine | None = None
    plan: JobPlan | None = None
    plan_digest: str = ""
    consent: Consent | None = None
    drives: tuple[DriveState, ...] = ()
    statements: tuple[StatementRef, ...] = ()
    delivery: Delivery = Delivery()
    late_drives_s: int | None = None
    outcome: Outcome | None = None
    problems: tuple[Reason, ...] = ()
    asset_tag: str = ""
    deployment: Deployment | None = None
    at_end: str = "stay"


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What changes all the time.

    `late_drives_s`: how many seconds more only the look for drives that come late goes on.
    """

    drives: tuple[DriveState, ...]
    delivery: Delivery
    late_drives_s: int | None = None


def advanced(state: JobState, progress: Progress) -> JobState:
    """The state after a progress record."""
    return replace(
        state,
        drives=progress.drives,
        delivery=progress.delivery,
        late_drives_s=progress.late_drives_s,
    )
