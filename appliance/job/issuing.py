"""Statements of a job: built from what was measured, signed with the station's key, kept.

Without a usable key (p4 missing, full or read-only) the same records come out unsigned, and
every face says so; they are never called certificates. A statement that a killed engine
had signed but not yet noted is found again, so nothing is stated twice.
"""

from __future__ import annotations

import contextlib
import json
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from appliance import __version__
from appliance.delivery.outbox import Outbox, State
from appliance.errors import TajdeedError, TrustError
from appliance.job.record import JobRecord
from appliance.job.state import UNSIGNED, Delivery, StatementRef, StationInfo
from appliance.job.store import Store
from appliance.model import (
    Deployment,
    DrivePlan,
    DriveResult,
    JobPlan,
    Outcome,
    Reason,
    from_json,
)
from appliance.settings import Settings
from appliance.statement import durable, signer, ticket, verify
from appliance.statement.build import build_deployment, build_drive
from appliance.statement.certificate import LeftAlone, Papers, Person, build_machine
from appliance.statement.document import Clock, Draft, Statement, Tool, UnsignedRecord
from appliance.statement.schemas import SchemaError
from appliance.statement.trust import Trust
from appliance.tools import utc_now

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

BUILD_FILE = Path("/usr/lib/tajdeed/build.json")
# Far above that of ext4, on which the state partition keeps them.
_CLOCK_TICK_NS = 1_000_000_000
Kept: TypeAlias = Statement | UnsignedRecord


class Issuer:
    """Signs as this station; `unsigned` says why it cannot, where it cannot."""

    def __init__(self, store: Store, settings: Settings, unsigned: Reason | None) -> None:
        self._store, self._settings = store, settings
        self._unsigned = unsigned
        self._signer: signer.Signer | None = None
        self._kept: dict[str, Statement] = {}
        self._trust = Trust()
        self._seen_certificate = b""
        self._statuses: tuple[float, Delivery] = (0.0, Delivery())
        self._counted: tuple[tuple[int, ...], tuple[State, ...]] = ((), ())
        if unsigned is None:
            try:
                self._trust = Trust.read(store.trust)
                self._signer = signer.Signer.open(store.station, (store.outbox, store.statements))
            except (OSError, TajdeedError) as error:
                self._unsigned = Reason(code="no-station-key", facts={"problem": str(error)[:200]})
        self._ask_for_enrolment()

    # --- the station -----------------------------------------------------------------------

    def station(self) -> StationInfo:
        """Who we are, for the screen."""
        return StationInfo(
            id=self._signer.name if self._signer else "",
            organisation_ar=self._settings["station.organisation.ar"],
            organisation_en=self._settings["station.organisation.en"],
            site=self._settings["station.site"],
            technicians=tuple(self._settings["station.technicians"]),
            scans_tag=self._settings["asset_tag"] == "scan",
            enrolled=self._signer is not None and self._signer.enrolled,
            unsigned=self._unsigned,
        )

    def _ask_for_enrolment(self) -> None:
        """Leave our certificate request for the courier, with the server's one-time token."""
        if self._signer is None or self._signer.enrolled or not self._settings["servers"]:
            return
        tokens = [server["token"] for server in self._settings["servers"] if server.get("token")]
        # What the stick does not take now is asked for at the next start.
        with contextlib.suppress(OSError):
            request = (self._store.station / "request.csr").read_bytes()
            self._outbox().put_enrolment(request, tokens[0] if tokens else "")

    def adopt_certificate(self) -> None:
        """Take over the certificate that the courier brought, if it is really ours."""
        if self._signer is None:
            return
        try:
            pem = (self._store.courier / "certificate.pem").read_bytes()
        except OSError:
            return
        if pem == self._seen_certificate:
            return
        # Also when enrolled already: the courier renews a certificate near its end.
        self._seen_certificate = pem
        # One that the stick does not take now is adopted at the next start.
        with contextlib.suppress(TrustError, OSError):
            self._signer.adopt(pem, self._trust)

    def delivery(self) -> Delivery:
        """How many statements stand where, by the files themselves; else what the courier said.

        The courier's own counts may be older than our newest statement: a machine that is
        switched off upon them would leave its certificate behind.
        """
        outbox = self._outbox()
        try:
            changed = (self._store.courier / "status.json").stat().st_mtime
            if changed != self._statuses[0]:
                word = outbox.notes.told("status.json")
                self._statuses = (changed, from_json(Delivery, word) if word else Delivery())
        except (OSError, ValueError):
            self._statuses = (0.0, Delivery())
        states = self._states(outbox)
        return replace(
            self._statuses[1],
            waiting=states.count(State.WAITING),
            registered=states.count(State.REGISTERED),
            held=states.count(State.HELD),
            refused=states.count(State.REFUSED),
        )

    def _states(self, outbox: Outbox) -> tuple[State, ...]:
        """Where each statement stands; looked up again only when anything has moved.

        A stick that was long without a server holds thousands, and each round of a job asks. What
        moved just now may move again within the same tick of the file system's clock.
        """
        marks = outbox.marks()
        if marks != self._counted[0]:
            still = time.time_ns() - max(marks) > _CLOCK_TICK_NS
            states = tuple(entry.state for entry in outbox.entries())
            self._counted = (marks if still else (), states)
        return self._counted[1]

    def is_registered(self, statement_id: str) -> bool:
        """Whether every server has a statement for good: the first by a receipt that a pinned
        root stands behind, the others by the courier's word."""
        outbox = self._outbox()
        mirrors = [outbox.mirror(server["url"]) for server in self._settings["servers"][1:]]
        done = (State.REGISTERED, State.REFUSED)
        try:
            data = (outbox.notes.receipts / f"{statement_id}.jws").read_bytes()
            receipt = verify.receipt(data, self._trust, at=self._now())
        except (OSError, TajdeedError):
            return False
        return receipt.payload["statement"] == statement_id and all(
            mirror.state(statement_id) in done for mirror in mirrors
        )

    def _outbox(self) -> Outbox:
        return Outbox(self._store.outbox, self._store.courier)

    def _clock(self) -> Clock:
        """The offset of this machine's clock, where the courier has met a server or a time server
        at this boot."""
        try:
            record = self._outbox().notes.told("clock.json")
            source = "ntp" if record["source"] == "ntp" else "server"
            return Clock(source=source, offset_s=float(record["offset_s"]))
        except (ValueError, KeyError, TypeError):
            return Clock()

    # --- tickets ---------------------------------------------------------------------------

    def redeem_ticket(self, text: str, plan: JobPlan, job: str) -> str:
        """Use a batch ticket for this machine and return its statement id.

        TrustError with the first reason that speaks against it; then nothing was touched.
        The use is written down before anything starts.
        """
        if self._signer is None:
            raise TrustError("ticket-no-station")
        found = ticket.read(text.strip().encode(), self._trust, own_key=self._signer.key_digest)
        uses = ticket.Uses(self._store.root / "tickets")
        targets = [item.drive for item in plan.drives if item.erases]
        problems = ticket.ticket_problems(
            found, plan.machine, targets, now=self._now(), used=uses.count(found, job)
        )
        if problems:
            raise TrustError(problems[0].code, **problems[0].facts)
        uses.add(found, job)
        return found.id

    def _now(self) -> datetime:
        """Our time, corrected by the server's where it is known."""
        from datetime import timedelta

        return datetime.now(UTC) + timedelta(seconds=self._clock().offset_s or 0.0)

    # --- statements ------------------------------------------------------------------------

    def issue_drive(self, record: JobRecord, result: DriveResult) -> StatementRef:
        """The drive statement: signed as soon as that drive is decided."""
        draft = build_drive(result, job=record.job, tool=tool())
        return self._issue(draft, result.drive.key, result.outcome)

    def stated(self, record: JobRecord, ref: StatementRef, result: DriveResult) -> Kept:
        """What was issued about a drive: its statement, or its record that nobody could sign.

        The record is projected again from what was measured, like the first time.
        """
        if not ref.is_signed:
            draft = build_drive(result, job=record.job, tool=tool())
            return self._unsigned_record(draft, "drive-unsigned")
        found = self._find(ref.id)
        if found is None:
            raise TrustError("statement-lost", id=ref.id)
        return found

    def issue_deployment(
        self, record: JobRecord, deployment: Deployment, erasure: Kept, log_head: str
    ) -> StatementRef:
        """The deployment statement, on a drive whose erasure is stated in `erasure`; where that
        is no signed statement, an unsigned record."""
        draft = build_deployment(
            deployment, erasure, job=record.job, log_head=log_head, tool=tool()
        )
        plan = record.plan
        key = next(
            (
                item.drive.key
                for item in (plan.drives if plan else ())
                if item.drive.identity == deployment.drive
            ),
            "",
        )
        return self._issue(draft, key, None, rests_on=(erasure,))

    def issue_machine(
        self,
        record: JobRecord,
        drives: Sequence[Kept],
        left_alone: tuple[DrivePlan, ...],
        log_head: str,
        unplanned: tuple[Reason, ...] = (),
    ) -> StatementRef:
        """The machine certificate: the signed list of its drives' statements. With a drive that
        has none, it is an unsigned record.

        `unplanned`: drives that the plan, and so its own blockers, know nothing of.
        """
        plan, consent = record.plan, record.consent
        if plan is None or consent is None:
            raise RuntimeError("a certificate needs a plan and consent")
        draft = build_machine(
            plan.machine,
            drives,
            [LeftAlone(drive=item.drive, reasons=item.refusals) for item in left_alone],
            blockers=plan.blockers + unplanned,
            papers=self._papers(record),
            job=record.job,
            log_head=log_head,
            tool=tool(),
            no_media_attested_by=consent.technician if "no-media" in consent.typed else "",
        )
        return self._issue(draft, "", Outcome(draft.body["outcome"]), rests_on=drives)

    def office(self) -> Papers:
        """What the office's settings of today say about the machines of this stick."""
        return Papers(
            organisation_ar=self._settings["station.organisation.ar"],
            organisation_en=self._settings["station.organisation.en"],
            site=self._settings["station.site"],
            lot=self._settings["lot"],
            donor=self._settings["donor"],
        )

    def _papers(self, record: JobRecord) -> Papers:
        """As at consent: by the time of a power cut's next start the lot may be another one."""
        papers = record.papers or self.office()
        consent = record.consent
        name = consent.technician if consent else ""
        if consent and consent.ticket and not name:
            name = f"batch ticket {consent.ticket[:16]}"
        person = Person(
            role="sanitizing",
            name=name,
            date=consent.given_at if consent else "",
            location=papers.site,
        )
        return replace(papers, asset_tag=record.asset_tag, persons=(person,) if name else ())

    def _issue(
        self, draft: Draft, drive: str, outcome: Outcome | None, rests_on: Sequence[Kept] = ()
    ) -> StatementRef:
        """State a draft; one that quotes an unsigned record cannot be signed either."""
        if all(isinstance(kept, Statement) for kept in rests_on):
            kept: Kept = self._already(draft) or self._made(draft)
        else:
            kept = self._unsigned_record(draft, "drive-unsigned")
        if isinstance(kept, Statement):
            self._kept[kept.id] = kept
            return StatementRef(id=kept.id, type=draft.type, drive=drive, outcome=outcome)
        ident = _unsigned_id(kept)
        self._keep_unsigned(ident, kept)
        return StatementRef(id=ident, type=draft.type, drive=drive, outcome=outcome)

    def _made(self, draft: Draft) -> Kept:
        if self._signer is not None:
            try:
                return self._signer.sign(draft, self._clock())
            except (SchemaError, ValueError) as error:
                # What was measured cannot be said in a statement: that says nothing of the key.
                self._unsigned = Reason(
                    code="statement-not-signable", facts={"problem": str(error)[:200]}
                )
            except TajdeedError as error:
                self._signer = None
                self._unsigned = Reason(code=error.code, facts=error.facts)
            except OSError as error:
                # Disk full or pulled: from here on nothing is a certificate any more.
                self._signer = None
                self._unsigned = Reason(code="state-not-writable", facts={"problem": str(error)})
        return self._unsigned_record(
            draft, self._unsigned.code if self._unsigned else "no-station-key"
        )

    def _unsigned_record(self, draft: Draft, reason: str) -> UnsignedRecord:
        return signer.unsigned_record(draft, reason, utc_now(), self._clock())

    def _keep_unsigned(self, name: str, record: UnsignedRecord) -> None:
        """Leave it for people to read, on the stick where that takes it, else in memory."""
        data = json.dumps(record.payload, ensure_ascii=False, indent=1).encode()
        try:
            durable.write(self._store.unsigned(record.payload["job"], name), data)
        except OSError:
            target = self._store.run / "unsigned" / f"{name[:200]}.json"
            with contextlib.suppress(OSError):
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(data)

    def _already(self, draft: Draft) -> Statement | None:
        """A statement of this job that says what the draft says, made before we were killed."""
        for statement in self._of_job(draft.job):
            if (
                statement.type == draft.type
                and _about(statement.body) == _about(draft.body)
                and statement.body.get("outcome") == draft.body.get("outcome")
            ):
                return statement
        return None

    def _of_job(self, job: str) -> Iterator[Statement]:
        for file in sorted(self._store.statements.glob("*.jws")):
            found = None
            with contextlib.suppress(OSError):
                found = self._find(file.stem)
            if found is not None and found.payload["job"] == job:
                yield found

    def _find(self, ident: str) -> Statement | None:
        """A statement of this station; None for one that is not there or is no genuine one.
        OSError where the stick does not give it: that may be another thing next time."""
        failed: OSError | None = None
        for place in (self._store.statements, self._store.outbox):
            if ident in self._kept:
                break
            try:
                data = (place / f"{ident}.jws").read_bytes()
                self._kept[ident] = verify.statement(data, self._trust).statement
            except (FileNotFoundError, TajdeedError):
                continue
            except OSError as error:
                failed = error
        if failed is not None and ident not in self._kept:
            raise failed
        return self._kept.get(ident)


def _about(body: dict[str, Any]) -> tuple[str, str]:
    """Which drive a body is about; a machine certificate is about its machine."""
    drive = body.get("drive") or {}
    return str(drive.get("model", "")), str(drive.get("serial", ""))


def _unsigned_id(record: UnsignedRecord) -> str:
    about = _about(record.body)
    return UNSIGNED + "-".join(filter(None, (record.type, *about))).replace("/", "_")


def tool() -> Tool:
    """Which program did it: version and commit of this build."""
    try:
        build = json.loads(BUILD_FILE.read_text())
        return Tool(version=str(build["version"]), commit=str(build["commit"]))
    except (OSError, ValueError, KeyError):
        return Tool(version=__version__, commit="")
