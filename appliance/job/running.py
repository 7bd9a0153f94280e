"""A job under way: workers, their logs, the statements. Each step follows from the logs.

For every drive: free it, start its worker, wait for the worker's end, fold its log, sign
its statement; then, if its erasure held, lay the image down and sign that. When the last
drive is decided, the machine certificate. Each step is written to the job's log when it is
intended or done, and none is done twice.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from appliance.erasure.blank import holds_zeros
from appliance.erasure.planning import destruction
from appliance.erasure.psid import takes_psid
from appliance.erasure.release import release
from appliance.errors import TajdeedError
from appliance.hardware.drives import drives_present, found_again
from appliance.hardware.machine import settled
from appliance.hardware.partitions import partition_ids
from appliance.hardware.sightings import sightings
from appliance.imaging.relay import SOCKET_NAME
from appliance.job import task as tasks
from appliance.job.assettag import hostname
from appliance.job.attendance import first_seen, unaccounted
from appliance.job.board import Board
from appliance.job.copies import Copies
from appliance.job.eventlog import Event, Reader, Writer
from appliance.job.fold import drive_result
from appliance.job.issuing import Issuer, Kept
from appliance.job.record import JobRecord, take
from appliance.job.resuming import resumption, was_cut
from appliance.job.state import DrivePhase, DriveState, JobPhase, Progress, StatementRef
from appliance.job.store import Store
from appliance.model import (
    Deployment,
    Drive,
    DrivePlan,
    DriveResult,
    Facts,
    ImageOffer,
    JobPlan,
    Level,
    Machine,
    Outcome,
    Policy,
    Reason,
    Sighting,
    digest,
    from_json,
    to_json,
)
from appliance.settings import Settings
from appliance.tools import systemd, utc_now

ERASE, LAY_DOWN = "erase", "lay-down"
RESCANNED = "rescanned"
_GOOD = (Outcome.PURGED, Outcome.CLEARED)
# How often the kernel is asked whether a worker still runs, and how often systemd is, whom a
# command that outlived its worker does not mislead.
_ALIVE_EVERY_S = 1.0
_ACTIVE_EVERY_S = 10.0
# How long a drive may take to come back when its port was scanned.
_COMES_BACK_S = 60.0
# How often new drives are looked for while others are erased.
_LOOK_EVERY_S = 1.0
# How long after the kernel's start a dying SATA drive may still come: libata tries a link that
# is slow to respond for a minute (drivers/ata/libata-eh.c, ata_eh_reset_timeouts).
_LINKS_COME_S = 90


class Running:
    """The course of a consented job."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        issuer: Issuer,
        board: Board,
        log: Writer,
        record: JobRecord,
        copies: Copies,
    ) -> None:
        if record.plan is None or record.consent is None:
            raise RuntimeError("a job runs only after consent to a plan")
        self._store, self._settings, self._issuer = store, settings, issuer
        self._board, self._log, self._record = board, log, record
        self._copies = copies
        self._plan: JobPlan = record.plan
        self._logs: dict[str, tuple[Reader, list[Event]]] = {}
        self._results: dict[str, DriveResult] = {}
        self._deployments: dict[str, Deployment] = {}
        self._alive_at: dict[str, float] = {}
        self._active_at: dict[str, float] = {}
        self._states: dict[str, DriveState] = {}
        self._missed_since: dict[str, float] = {}
        # The drives of a machine that was started again, by key.
        self._here: dict[str, Drive] | None = None
        # What was there at the latest look of this start.
        self._present: tuple[tuple[str, int | None], ...] = ()
        self._sighted: tuple[Sighting, ...] | None = None
        self._told: tuple[Reason, ...] = ()
        self._looked_at = 0.0

    # --- the course ------------------------------------------------------------------------

    def run_to_end(self, tick_s: float, check: Callable[[], None] = lambda: None) -> None:
        """Go on until everything of the plan is decided and stated; `check` may end it before
        each round by an exception."""
        self._board.change(
            phase=JobPhase.RUNNING,
            machine=self._plan.machine,
            plan=self._plan,
            plan_digest=digest(self._plan),
            consent=self._record.consent,
            job=self._record.job,
            asset_tag=self._record.asset_tag,
        )
        while self._record.outcome is None:
            check()
            for plan in self._erased():
                self._step(plan)
            self._show()
            self._look_out()
            self._certify_when_decided()
            self._finish_when_over()
            self._issuer.adopt_certificate()
            self._copies.go_on()
            time.sleep(tick_s)
        self._show()
        self._board.change(phase=JobPhase.FINISHED, outcome=self._record.outcome)

    def state_interrupted(self) -> None:
        """State what is known of a job that a power cut ended; no worker of it runs any more.

        The machine's certificate waits where drives that come late may still be looked for: if
        the job goes on in its machine, `resume`, else it says so, `close_interrupted`.
        """
        for plan in self._erased():
            if self._record.statement("drive", plan.drive.key) is None:
                self._decide(plan)
        self._certify_when_decided()

    def cut_short(self) -> tuple[DrivePlan, ...]:
        """Drives onto which an image was being laid down when the power was cut."""
        return tuple(
            plan
            for plan in self._erased()
            if f"{plan.drive.key}.{LAY_DOWN}" not in self._record.ended_workers
            and self._gets_image(plan)
            and was_cut(self._events(plan.drive, LAY_DOWN))
        )

    def resumptions(
        self, machine: Machine, images: Sequence[ImageOffer]
    ) -> tuple[DrivePlan | Reason, ...]:
        """For each of them how it goes on in this machine, or why it cannot."""
        self._here = {drive.key: drive for drive in machine.drives}
        return tuple(
            resumption(plan, self._result(plan).drive, self._plan.machine, machine, images)
            for plan in self.cut_short()
        )

    def resume(self, plans: Sequence[DrivePlan], boot: str) -> None:
        """Go on with lay-downs at this boot, each where its log and its drive say."""
        take(self._record, self._log.add("resumed", boot=boot))
        for plan in plans:
            self._start(plan, LAY_DOWN)

    def close_interrupted(self, reasons: Sequence[Reason] = ()) -> None:
        """End a job that a power cut ended and that cannot go on."""
        for reason in reasons:
            self._log.add("not-resumed", reason=to_json(reason))
        if self._is_to_certify():
            self._certify()
        for plan in self._erased():
            key = plan.drive.key
            if f"{key}.{LAY_DOWN}" in self._record.started or self._gets_image(plan):
                self._end_worker(plan.drive, LAY_DOWN)
        self._finish_when_over()

    def _erased(self) -> tuple[DrivePlan, ...]:
        return tuple(plan for plan in self._plan.drives if plan.erases)

    def _step(self, plan: DrivePlan) -> None:
        """The next step for one drive, if there is one to do now."""
        drive, name = plan.drive, f"{plan.drive.key}.{ERASE}"
        if self._record.statement("drive", drive.key) is None:
            if drive.key in self._record.refused:
                self._decide(plan)
            elif name not in self._record.started:
                self._free_and_start(plan)
            elif not self._is_running(drive, ERASE):
                events = self._events(drive, ERASE)
                if not events:
                    # Ordered, but never begun: we were killed in between. Nothing happened.
                    self._start(plan, ERASE)
                elif events[-1].event == RESCANNED:
                    self._start_where_it_is_now(plan)
                else:
                    self._decide(plan)
            return
        if not self._gets_image(plan):
            return
        name = f"{drive.key}.{LAY_DOWN}"
        if name not in self._record.started:
            # As the erasure left it: a hidden area may be gone, its name may be another one.
            self._start(replace(plan, drive=self._result(plan).drive), LAY_DOWN)
        elif name not in self._record.ended_workers and not self._is_running(drive, LAY_DOWN):
            self._end_worker(drive, LAY_DOWN)

    def _free_and_start(self, plan: DrivePlan) -> None:
        drive = plan.drive
        refusal = release(plan)
        if refusal is None and not systemd.device_nodes_exist(drive.nodes):
            refusal = Reason(
                code="drive-gone",
                facts={"drive": drive.label, "path": drive.path, "problem": "no device node"},
            )
        if refusal is not None:
            entry = self._log.add("drive-refused", drive=drive.key, reason=to_json(refusal))
            take(self._record, entry)
            return
        self._start(plan, ERASE)

    def _start_where_it_is_now(self, plan: DrivePlan) -> None:
        """The rest of an erasure whose first worker changed the drive's size.

        The new worker may open the nodes that stand at the drive's place, and asks what is
        behind them itself. A drive that does not come back has failed, and its log says so.
        """
        self._missed_since.setdefault(plan.drive.key, time.monotonic())
        drive = found_again(plan.drive)
        # Not before udev is through: it makes every new drive read-only.
        if drive is not None and settled():
            self._start(replace(plan, drive=drive), ERASE)
        elif time.monotonic() - self._missed_since[plan.drive.key] > _COMES_BACK_S:
            facts: Facts = {"drive": plan.drive.label, "path": plan.drive.path}
            gone = Reason(code="drive-gone", facts={**facts, "problem": "not there after a rescan"})
            log = Writer(self._store.drive_log(self._record.job, plan.drive.key, ERASE))
            log.add("refused", reason=to_json(gone))
            log.close()

    def _start(self, plan: DrivePlan, kind: str) -> None:
        """Order a worker: intention to the log, task to its file, unit to systemd."""
        drive, job = plan.drive, self._record.job
        order = tasks.Task(
            kind=kind,
            job=job,
            plan_digest=digest(self._plan),
            plan=plan,
            policy=self._plan.policy,
            cipher=self._plan.cipher,
            log=str(self._store.drive_log(job, drive.key, kind)),
            progress=str(self._store.progress(job, drive.key, kind)),
            image=plan.image if kind == LAY_DOWN else None,
            image_keys=str(self._store.image_keys),
            relay=str(self._store.relay / SOCKET_NAME),
            read_back=self._settings["image.read_back"],
            blank=kind == LAY_DOWN and holds_zeros(self._result(plan)),
            asset_tag=self._record.asset_tag,
            hostname=hostname(self._record.asset_tag),
            kept_partitions=self._kept_partitions() if kind == LAY_DOWN else (),
            psid_file=str(self._store.psids / drive.key) if takes_psid(plan) else "",
        )
        path = self._store.task(job, drive.key, kind)
        tasks.write(path, order)
        take(self._record, self._log.add("worker-started", drive=drive.key, kind=kind))
        progress = Path(order.progress).parent
        progress.mkdir(parents=True, exist_ok=True)
        properties = systemd.worker_properties(
            drive.nodes,
            writable=(str(path.parent), str(progress)),
            readable=(str(self._store.images), str(self._store.second), str(self._store.relay)),
        )
        try:
            systemd.start_transient(
                self._unit(drive, kind), properties, (systemd.PROGRAM, "worker", str(path))
            )
        except TajdeedError as error:
            refusal = Reason(code=error.code, facts=error.facts)
            entry = self._log.add("drive-refused", drive=drive.key, reason=to_json(refusal))
            take(self._record, entry)
        self._alive_at[self._unit(drive, kind)] = time.monotonic()

    def _kept_partitions(self) -> tuple[str, ...]:
        drives = [item.drive for item in self._erased()]
        if self._here is not None:
            # At another boot the kernel may have given their names to other drives.
            drives = [self._here[drive.key] for drive in drives if drive.key in self._here]
        return partition_ids({node for drive in drives for node in drive.nodes})

    def _unit(self, drive: Drive, kind: str) -> str:
        return f"tajdeed-worker-{self._record.job[:8]}-{drive.key}-{kind}.service"

    def _is_running(self, drive: Drive, kind: str) -> bool:
        unit, now = self._unit(drive, kind), time.monotonic()
        if now - self._alive_at.get(unit, 0.0) < _ALIVE_EVERY_S:
            return True
        self._alive_at[unit] = now
        asked = now - self._active_at.get(unit, 0.0) < _ACTIVE_EVERY_S
        if asked and systemd.has_processes(unit):
            return True
        self._active_at[unit] = now
        return systemd.is_running(unit)

    def _gets_image(self, plan: DrivePlan) -> bool:
        if plan.image is None or self._result(plan).outcome not in _GOOD:
            return False
        failed = any(
            ref.outcome not in _GOOD for ref in self._record.statements if ref.type == "drive"
        )
        already = f"{plan.drive.key}.{LAY_DOWN}" in self._record.started
        return already or not (failed and self._plan.policy.on_failure == "stop")

    # --- what the workers' logs say ----------------------------------------------------------

    def _events(self, drive: Drive, kind: str) -> list[Event]:
        name = f"{drive.key}.{kind}"
        if name not in self._logs:
            path = self._store.drive_log(self._record.job, drive.key, kind)
            self._logs[name] = (Reader(path), [])
        reader, events = self._logs[name]
        events += reader.new()
        return events

    def _result(self, plan: DrivePlan) -> DriveResult:
        """What the drive's log folds into; the worker must have ended."""
        key = plan.drive.key
        if key not in self._results:
            # From its beginning: a line that was read as it was written may be taken back since.
            self._logs.pop(f"{key}.{ERASE}", None)
            events = self._events(plan.drive, ERASE)
            reader, _events = self._logs[f"{key}.{ERASE}"]
            if events:
                self._results[key] = drive_result(events, reader.head)
            else:
                self._results[key] = not_attempted(
                    plan, self._plan.policy, self._record.refused.get(key)
                )
        return self._results[key]

    def _decide(self, plan: DrivePlan) -> None:
        """Fold, sign, keep: the drive is decided and its proof no longer depends on us."""
        result = self._result(plan)
        ref = self._issuer.issue_drive(self._record, result)
        self._note(ref)

    def _stated(self, plan: DrivePlan) -> Kept:
        """What was issued about a drive that is decided."""
        ref = self._record.statement("drive", plan.drive.key)
        if ref is None:
            raise RuntimeError("a drive that is not decided yet")
        return self._issuer.stated(self._record, ref, self._result(plan))

    def _note(self, ref: StatementRef) -> None:
        take(self._record, self._log.add("statement", statement=to_json(ref)))
        self._board.change(statements=tuple(self._record.statements))
        machine = self._plan.machine
        self._copies.order(ref, f"{machine.maker} {machine.model}".strip())

    def _end_worker(self, drive: Drive, kind: str) -> None:
        """A lay-down's worker has ended: state the deployment if it says that it holds."""
        deployment = self._deployment(drive)
        if deployment is not None:
            if self._record.statement("deployment", drive.key) is None:
                erasure = next(self._stated(p) for p in self._erased() if p.drive.key == drive.key)
                self._note(
                    self._issuer.issue_deployment(self._record, deployment, erasure, self._log.head)
                )
            self._board.change(deployment=deployment)
        take(self._record, self._log.add("worker-ended", drive=drive.key, kind=kind))

    def _deployment(self, drive: Drive) -> Deployment | None:
        for event in self._events(drive, LAY_DOWN):
            if event.event == "laid-down":
                return from_json(Deployment, event.data["deployment"])
        return None

    # --- the machine -------------------------------------------------------------------------

    def _look_out(self) -> None:
        """Note every drive that comes until the machine is certified, and say it at once."""
        now = time.monotonic()
        certified = self._record.statement("machine") is not None
        if certified or now - self._looked_at < _LOOK_EVERY_S:
            return
        self._looked_at = now
        is_last = self._late_drives_s() is None
        present = drives_present()
        if self._sighted is None or present != self._present:
            self._present, self._sighted = present, sightings()
            for one in first_seen(self._record.seen, self._sighted):
                take(self._record, self._log.add("drive-seen", drive=to_json(one)))
            was, self._told = self._told, self._unplanned()
            # What others have put there stays.
            others = [item for item in self._board.state.problems if item not in was + self._told]
            self._board.change(problems=(*others, *self._told))
        if is_last and not self._record.late_drives_seen:
            take(self._record, self._log.add("late-drives-seen"))

    def _unplanned(self) -> tuple[Reason, ...]:
        """Drives of this machine that are not in the plan, where it does not say so itself."""
        plan, here = self._plan, self._sighted or ()
        found = unaccounted(plan.machine.drives, plan.policy, self._record.seen, here)
        return tuple(item for item in found if item not in plan.blockers)

    def _certify_when_decided(self) -> None:
        if self._is_to_certify() and self._record.late_drives_seen:
            self._certify()

    def _certify(self) -> None:
        unplanned = self._unplanned()
        if not self._record.late_drives_seen:
            unplanned += (Reason(code="late-drives-unseen", facts={"seconds": _LINKS_COME_S}),)
        left_alone = tuple(plan for plan in self._plan.drives if not plan.erases)
        drives = [self._stated(plan) for plan in self._erased()]
        ref = self._issuer.issue_machine(
            self._record, drives, left_alone, self._log.head, unplanned
        )
        self._note(ref)

    def _is_to_certify(self) -> bool:
        return self._record.statement("machine") is None and all(
            self._record.statement("drive", plan.drive.key) is not None for plan in self._erased()
        )

    def _late_drives_s(self) -> int | None:
        """How many seconds more a drive of this machine may come; None if none will."""
        left = math.ceil(_LINKS_COME_S - time.clock_gettime(time.CLOCK_MONOTONIC))
        return None if self._record.late_drives_seen or left <= 0 else left

    def _finish_when_over(self) -> None:
        certificate = self._record.statement("machine")
        if certificate is None:
            return
        for plan in self._erased():
            name = f"{plan.drive.key}.{LAY_DOWN}"
            if self._gets_image(plan) and name not in self._record.ended_workers:
                return
        outcome = certificate.outcome or Outcome.UNKNOWN
        take(self._record, self._log.add("job-finished", outcome=outcome.value))

    # --- the screen --------------------------------------------------------------------------

    def _show(self) -> None:
        drives = []
        for plan in self._plan.drives:
            drives.append(self._drive_state(plan))
        waits = self._late_drives_s() if self._is_to_certify() else None
        self._board.progress(
            Progress(drives=tuple(drives), delivery=self._issuer.delivery(), late_drives_s=waits)
        )

    def _drive_state(self, plan: DrivePlan) -> DriveState:
        drive = plan.drive
        if not plan.erases:
            return DriveState(key=drive.key, phase=DrivePhase.LEFT_ALONE, reasons=plan.refusals)
        ref = self._record.statement("drive", drive.key)
        if ref is None:
            started = f"{drive.key}.{ERASE}" in self._record.started
            phase = DrivePhase.ERASING if started else DrivePhase.WAITING
            return self._live(plan, ERASE, phase, None)
        name = f"{drive.key}.{LAY_DOWN}"
        if name in self._record.started and name not in self._record.ended_workers:
            return self._live(plan, LAY_DOWN, DrivePhase.LAYING_DOWN, ref)
        deployed = self._record.statement("deployment", drive.key)
        over = not self._gets_image(plan) or name in self._record.ended_workers
        image_outcome, reasons = "", self._result(plan).exceptions
        if not ref.is_signed:
            reasons += (Reason(code="drive-unsigned"),)
        if name in self._record.ended_workers:
            image_outcome = "laid-down" if deployed else "failed"
            reasons += self._lay_down_reasons(drive)
        return DriveState(
            key=drive.key,
            phase=DrivePhase.FINISHED if over else DrivePhase.DECIDED,
            outcome=ref.outcome,
            level=self._result(plan).level,
            reasons=reasons,
            statement_id=ref.id,
            image_outcome=image_outcome,
            deployment_id=deployed.id if deployed else "",
        )

    def _lay_down_reasons(self, drive: Drive) -> tuple[Reason, ...]:
        return tuple(
            from_json(Reason, event.data["reason"])
            for event in self._events(drive, LAY_DOWN)
            if event.event == "lay-down-failed"
        )

    def _live(
        self, plan: DrivePlan, kind: str, phase: DrivePhase, ref: StatementRef | None
    ) -> DriveState:
        key = plan.drive.key
        method, waits = "", None
        for event in self._events(plan.drive, kind):
            if event.event == "attempt-started":
                method = event.data["method"]
            elif event.event == "image-waits":
                waits = event.data["reason"]
        numbers = _progress(self._store.progress(self._record.job, key, kind))
        return DriveState(
            key=key,
            phase=DrivePhase(numbers.get("phase", phase)),
            method=method,
            done_bytes=int(numbers.get("done_bytes", 0)),
            total_bytes=int(numbers.get("total_bytes", plan.drive.size_bytes)),
            rate_bytes_s=float(numbers.get("rate_bytes_s", 0.0)),
            left_s=numbers.get("left_s"),
            error_ranges=int(numbers.get("error_ranges", 0)),
            reasons=(from_json(Reason, waits),) if waits else (),
            outcome=ref.outcome if ref else None,
            level=self._result(plan).level if ref else Level.NONE,
            statement_id=ref.id if ref else "",
        )


def _progress(path: Path) -> dict[str, Any]:
    try:
        numbers = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return numbers if isinstance(numbers, dict) else {}


def not_attempted(plan: DrivePlan, policy: Policy, refusal: Reason | None) -> DriveResult:
    """The record of a drive on which nothing was begun, with the reasons."""
    now = utc_now()
    return DriveResult(
        drive=plan.drive,
        outcome=Outcome.NOT_ATTEMPTED,
        level=Level.NONE,
        attempts=(),
        exceptions=((refusal,) if refusal else ()) + plan.refusals + destruction(policy),
        hidden_areas=(),
        smart_before=plan.drive.smart,
        smart_after=None,
        commands=(),
        size_before_bytes=plan.drive.size_bytes,
        size_after_bytes=plan.drive.size_bytes,
        started_at=now,
        ended_at=now,
    )
