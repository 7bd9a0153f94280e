"""`tajdeed engine`: one job for this machine, from detection to the signed certificate.

It detects, plans, waits for consent, starts a confined worker for each drive, reads their
logs, and signs what they measured. Everything that it decides is derived from event logs,
so an engine that was killed goes on where it was: workers are not its children. It has no
network, and before consent it writes to nothing but its own state on the stick.
"""

from __future__ import annotations

import argparse
import contextlib
import secrets
import shutil
import threading
import time
import traceback
import uuid
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from appliance.erasure.pace import REPORT_EVERY_S
from appliance.errors import ConfigError, JournalError, StickGoneError, TajdeedError
from appliance.hardware.booted import booted, is_gone
from appliance.i18n import N_, _
from appliance.imaging.relay import is_remote
from appliance.job import room, setaside
from appliance.job.board import Board
from appliance.job.consent import ConsentError, check_plan, check_typed, scanned_tag
from appliance.job.images import fetched, images
from appliance.job.psids import checked, keep
from appliance.job.secondsticks import SecondSticks
from appliance.job.server import Server
from appliance.job.state import DrivePhase, DriveState, JobPhase, JobState, StationInfo
from appliance.job.store import Store
from appliance.model import Consent, Facts, JobPlan, Machine, Reason, digest, from_json, to_json

if TYPE_CHECKING:
    from appliance.job.copies import Copies
    from appliance.job.eventlog import Writer
    from appliance.job.issuing import Issuer
    from appliance.job.record import JobRecord
    from appliance.job.running import Running
    from appliance.job.sleeping import Sleep
    from appliance.model import Sighting
    from appliance.settings import Settings

# What the first screens do not need (ciphers, schemas, udev) is imported where it is used: on
# an old machine every second before "these are your drives" is felt.

_TICK_S = 0.25
# How often a running job is looked at: as often as its workers report.
_ROUND_S = REPORT_EVERY_S
# A machine is only called empty when nothing new has come for so long after udev settled.
_QUIET_S = 4.0
# How long an interrupted job waits at the next boot for its drive, and for its server.
_DRIVE_COMES_S = 20.0
_IMAGE_COMES_S = 180.0
# How soon a job that went wrong is tried again.
_AGAIN_S = 5.0
# How often a full stick is looked at: receipts come in the meantime.
_ROOM_EVERY_S = 2.0
_STATE_HELP = N_("Folder of the stick's state (default: where the stick has it)")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--state", type=Path, default=Store().root, help=_(_STATE_HELP))


def run(args: argparse.Namespace) -> int:
    """Serve until the machine is switched off."""
    Engine(Store(root=args.state)).serve()
    return 0


class Engine:
    """The job of this boot."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.board = Board(
            JobState(
                phase=JobPhase.DETECTING,
                job="",
                station=StationInfo(
                    id="",
                    organisation_ar="",
                    organisation_en="",
                    site="",
                    technicians=(),
                    enrolled=False,
                ),
            )
        )
        self._settings: Settings | None = None
        self._issuer: Issuer | None = None
        self._copies: Copies | None = None
        self._consented = threading.Event()
        self._rescan = threading.Event()
        self._sleep: Sleep | None = None
        self._sleeps = threading.Event()
        self._lock = threading.Lock()
        self._consent: Consent | None = None
        self._plan: JobPlan | None = None
        self._tags: dict[str, str] = {}
        self._seen: list[Sighting] = []
        self._sticks = SecondSticks(store.second)
        self._stopping = False
        self._stick = booted()

    @property
    def settings(self) -> Settings:
        if self._settings is None:
            raise ConsentError("still-searching")
        return self._settings

    @property
    def issuer(self) -> Issuer:
        if self._issuer is None:
            raise ConsentError("still-searching")
        return self._issuer

    # --- the course of the job -------------------------------------------------------------

    def serve(self) -> None:
        """Run the job to its end, then keep answering faces."""
        Server(self.store.run / "engine.socket", self.board, self.handle).start()
        try:
            self._course()
        except (OSError, TajdeedError):
            # A failed write may have been the first that we noticed of it.
            if not is_gone(self._stick):
                raise
        self.board.change(problems=(Reason(code="stick-gone"),))
        while True:
            # Of no use any more but to say so: this program is no longer on any medium.
            time.sleep(_TICK_S)

    def _check_stick(self) -> None:
        if is_gone(self._stick):
            raise StickGoneError("stick-gone")

    def _course(self) -> None:
        problem = self._read_settings()
        self._look(with_smart=False)
        self._open_station()
        if problem is not None:
            self.board.change(phase=JobPhase.BLOCKED, problems=(problem,))
            self._idle()
        log, record = self._begin()
        if record.consent is None:
            self._detect(log, record)
        self._run(log, record)
        self._idle()

    def _run(self, log: Writer, record: JobRecord) -> None:
        """The job to its end. What goes wrong with it is shown, and tried again from its logs."""
        from appliance.job.eventlog import Writer
        from appliance.job.record import job_record

        job, rounds = record.job, 0

        def told(*stuck: Reason) -> None:
            others = (item for item in self.board.state.problems if item.code != "job-stuck")
            self.board.change(problems=(*others, *stuck))

        def check() -> None:
            nonlocal rounds
            self._check_stick()
            rounds += 1
            if rounds > 1:
                told()

        while True:
            try:
                self._running(log, record).run_to_end(_ROUND_S, check)
                break
            except StickGoneError:
                raise
            except Exception as error:
                self._failed(error)
                self.board.change(phase=JobPhase.RUNNING)
                told(Reason(code="job-stuck", facts={"problem": setaside.problem(error)}))
            rounds = 0
            time.sleep(_AGAIN_S)
            room.make_room(self.store, self.issuer.is_registered)
            with contextlib.suppress(OSError, TajdeedError):
                log.close()
                self._open_station()
                log = Writer(self.store.job_log(job))
                record = job_record(log.events)
        told()

    def _failed(self, error: Exception) -> None:
        """Note in the journal what went wrong; StickGoneError where the reason is that."""
        self._check_stick()
        traceback.print_exception(error)

    def _read_settings(self) -> Reason | None:
        """Read station.yaml; a wrong one leaves the defaults and is the problem to show."""
        from appliance.settings import Settings, defaults, read

        problem = None
        try:
            self._settings = read()
            self._join_wifi(self._settings)
            self._tags = self._tag_list(self._settings)
        except ConfigError as error:
            self._settings = Settings(defaults())
            problem = Reason(code=error.code, facts=error.facts)
        self.board.change(
            language=self.settings["language"],
            mode=self.settings["mode"],
            at_end=self.settings["batch.at_end"],
        )
        return problem

    def _join_wifi(self, settings: Settings) -> None:
        """Hand the Wi-Fi network of station.yaml to iwd; we have no network ourselves."""
        if ssid := settings["network.wifi.ssid"]:
            from appliance.settings import DATA
            from appliance.tools import iwd

            iwd.know(ssid, DATA / settings["network.wifi.psk_file"])

    def _tag_list(self, settings: Settings) -> dict[str, str]:
        from appliance.job import taglist
        from appliance.settings import DATA

        source = settings["asset_tag"]
        if not source.startswith(taglist.PREFIX):
            return {}
        return taglist.read(DATA / source.removeprefix(taglist.PREFIX))

    def _look(self, *, with_smart: bool) -> Machine:
        """Detect the machine and put it on the board."""
        from appliance.hardware.machine import machine
        from appliance.hardware.sightings import sightings
        from appliance.job.attendance import first_seen

        found = machine(self._stick, with_smart=with_smart)
        self._seen += first_seen(self._seen, sightings(found.drives))
        if "usb" in self.settings["image.sources"] and self._sticks.look(found):
            # Before anybody sees a plan in which a drive that we read images from is a target.
            found = machine(self._stick, with_smart=with_smart)
        if self._sleep is not None:
            found = self._sleep.told(found)
        self.board.change(machine=found)
        return found

    def _open_station(self) -> None:
        from appliance.job.issuing import Issuer

        self._issuer = Issuer(self.store, self.settings, self._stick.unsigned)
        self.board.change(station=self._issuer.station())

    def _running(self, log: Writer, record: JobRecord) -> Running:
        from appliance.job.copies import Copies
        from appliance.job.running import Running

        servers = self.settings["servers"]
        if self._copies is None:
            self._copies = Copies(self.store, servers[0]["url"] if servers else "")
        return Running(
            self.store, self.settings, self.issuer, self.board, log, record, self._copies
        )

    def _idle(self) -> None:
        """Nothing more to do but to answer, and to hand new receipts to the screen."""
        while True:
            self._housekeeping()
            time.sleep(1.0)

    def _housekeeping(self) -> None:
        """What goes on beside the job: the courier's news, and being switched off."""
        self._check_stick()
        self.issuer.adopt_certificate()
        self.board.change(delivery=self.issuer.delivery(), station=self.issuer.station())
        if self._copies is not None:
            self._copies.go_on()
        if self._stopping:
            from appliance.tools import systemd

            self._stopping = False
            if self._copies is not None:
                self._copies.finish()
            systemd.power_off()

    def _begin(self) -> tuple[Writer, JobRecord]:
        """Go on with this boot's job, close jobs of earlier boots, or begin a new one.

        A job that cannot be closed keeps nothing else from being done: it is set aside.
        """
        from appliance.job import assettag
        from appliance.job.eventlog import Writer
        from appliance.job.record import JobRecord, take
        from appliance.tools.boot import boot_id

        room.make_room(self.store, self.issuer.is_registered)
        going_on, waiting = self._close_earlier()
        if going_on is None:
            self._wait_for_room((*setaside.told(self.store), *waiting))
            if waiting:
                # Now, or its certificate would be a later one than that of the job that begins,
                # which may well be of the same machine.
                self._open_station()
                going_on, waiting = self._close_earlier()
        if going_on is not None:
            self.board.change(problems=(*setaside.told(self.store), *waiting))
            return going_on
        if self.issuer.station().unsigned is not None:
            # What could not be signed of an earlier job, or for lack of room, says nothing of
            # this one.
            self._open_station()
        job = str(uuid.uuid4())
        log = Writer(self.store.job_log(job))
        tag = assettag.asset_tag(secrets.token_bytes(8))
        record = JobRecord()
        take(record, log.add("job", job=job, boot=boot_id(), asset_tag=tag))
        self.board.change(
            job=job,
            asset_tag=tag,
            statements=(),
            deployment=None,
            problems=(*setaside.told(self.store), *waiting),
        )
        return log, record

    def _close_earlier(self) -> tuple[tuple[Writer, JobRecord] | None, tuple[Reason, ...]]:
        """Close the jobs of earlier boots: the one to go on with, if any, and why some wait."""
        waiting: list[Reason] = []
        for job in self.store.job_ids():
            try:
                going_on = self._earlier(job)
            except StickGoneError:
                raise
            except Exception as error:
                self._failed(error)
                waiting += self._put_off(job, error)
                continue
            if going_on is not None:
                return going_on, tuple(waiting)
        return None, tuple(waiting)

    def _wait_for_room(self, problems: tuple[Reason, ...]) -> None:
        """Until the records of a job, and the receipts that make room again, fit on the stick."""
        while (free := room.free_bytes(self.store)) < room.LEAST_BYTES:
            waiting = self.issuer.delivery().waiting
            facts: Facts = {"free_mib": free // room.MIB, "waiting": waiting}
            full = Reason(code="state-full", facts=facts)
            self.board.change(phase=JobPhase.BLOCKED, problems=(full, *problems))
            self._housekeeping()
            time.sleep(_ROOM_EVERY_S)
            room.make_room(self.store, self.issuer.is_registered)
        self.board.change(phase=JobPhase.DETECTING)

    def _earlier(self, job: str) -> tuple[Writer, JobRecord] | None:
        """A job that has a log: what there is of it to go on with, or None where it is over."""
        from appliance.job.eventlog import Writer
        from appliance.job.record import job_record
        from appliance.tools.boot import boot_id

        log = Writer(self.store.job_log(job))
        try:
            record = job_record(log.events)
            if record.outcome is None and record.boot == boot_id():
                self.board.change(job=job, asset_tag=record.asset_tag)
                return log, record
            if record.outcome is None and record.consent is not None:
                # The power was cut in the middle: what is certain is stated, the rest is
                # unknown. Only the laying down of an image goes on.
                running = self._running(log, record)
                running.state_interrupted()
                if self._goes_on(running):
                    self.board.change(job=job, asset_tag=record.asset_tag)
                    return log, record
        except BaseException:
            log.close()
            raise
        log.close()
        if record.consent is None:
            folder = self.store.job_log(job).parent
            if any(file.suffix == ".log" for file in folder.iterdir() if file != log.path):
                # Workers ran, so there was a consent: it is the log that lost it.
                raise JournalError("log-broken", file=str(log.path), line=len(log.events) + 1)
            # Somebody looked at a machine and went away: nothing happened, nothing to keep.
            shutil.rmtree(folder)
        return None

    def _put_off(self, job: str, error: Exception) -> tuple[Reason, ...]:
        """Set a job aside, or leave it for the next start where only the stick failed."""
        from appliance.job.eventlog import readable

        unwritten = isinstance(error, JournalError) and error.code == "log-not-written"
        if not isinstance(error, OSError) and not unwritten:
            try:
                setaside.set_aside(self.store, job, error)
            except OSError as failed:
                error = failed
            else:
                return ()
        facts: Facts = setaside.told_of(readable(self.store.job_log(job)))
        return (Reason(code="job-waits", facts={**facts, "problem": setaside.problem(error)}),)

    def _goes_on(self, running: Running) -> bool:
        """Resume what an interrupted job was laying down, if that is still possible here.

        Waits for a drive or an image that may still turn up; what cannot go on is closed.
        """
        from appliance.hardware.machine import settled
        from appliance.job.resuming import PASSING
        from appliance.tools.boot import boot_id

        far = any(is_remote(source) for source in self.settings["image.sources"])
        begun = time.monotonic()
        while True:
            self._check_stick()
            machine = self._look(with_smart=False)
            ways = running.resumptions(machine, images(self.settings, self.store).images)
            plans = [way for way in ways if not isinstance(way, Reason)]
            reasons = [way for way in ways if isinstance(way, Reason)]
            # Not before udev is through: it makes every new drive read-only.
            if plans and not reasons and settled():
                running.resume(plans, boot_id())
                return True
            passing = all(reason.code in PASSING for reason in reasons)
            lacks_image = any(reason.code == "resume-no-image" for reason in reasons)
            patience_s = _IMAGE_COMES_S if far and lacks_image else _DRIVE_COMES_S
            if not ways or not passing or time.monotonic() - begun > patience_s:
                running.close_interrupted(reasons)
                return False
            time.sleep(1.0)

    def _detect(self, log: Writer, record: JobRecord) -> None:
        """Look at the machine, and look again whenever a drive comes or goes, until consent."""
        from appliance.hardware.drives import drives_present
        from appliance.hardware.machine import settled
        from appliance.job.attendance import first_seen
        from appliance.job.record import take

        seen: tuple[tuple[str, int | None], ...] | None = None
        quiet_since = time.monotonic()
        known = fetched(self.settings, self.store)
        # An engine of this start that was killed has seen drives, too.
        self._seen = [*record.seen, *first_seen(record.seen, self._seen)]
        while not self._consented.is_set():
            self._note_seen(log, record)
            if self._sleeps.is_set() and self._sleep is not None:
                self.board.change(phase=JobPhase.DETECTING)
                self._sleep.through(log)
                self._sleeps.clear()
                self._rescan.set()
            present = drives_present()
            if present != seen or self._rescan.is_set():
                self._rescan.clear()
                seen, quiet_since = present, time.monotonic()
                self.board.change(phase=JobPhase.DETECTING)
                self._publish(self._look(with_smart=False))
            if known != (known := fetched(self.settings, self.store)):
                self._publish(self.board.state.machine or self._look(with_smart=False))
            quiet = time.monotonic() - quiet_since > _QUIET_S and settled()
            if quiet and self.board.state.phase == JobPhase.DETECTING:
                # The drives' health takes seconds each; the list was on the screen before it.
                self._publish(self._look(with_smart=True))
                if drives_present() == seen:
                    self.board.change(phase=JobPhase.CONSENT)
            self._housekeeping()
            self._consented.wait(_TICK_S)
        self._note_seen(log, record)
        with self._lock:
            consent, plan = self._consent, self._plan
        if consent is None or plan is None:
            raise RuntimeError("consent without a plan")
        take(record, log.add("plan", plan=to_json(plan), digest=digest(plan)))
        take(record, log.add("papers", papers=to_json(self.issuer.office())))
        take(record, log.add("consent", consent=to_json(consent)))
        self.board.change(asset_tag=record.asset_tag)

    def _note_seen(self, log: Writer, record: JobRecord) -> None:
        """Keep in the log every drive that was seen at this start, once."""
        from appliance.job.record import take

        for one in self._seen[len(record.seen) :]:
            take(record, log.add("drive-seen", drive=to_json(one)))

    def _publish(self, machine: Machine) -> None:
        from appliance.imaging.shelf import ages
        from appliance.job.planning import job_plan
        from appliance.settings import policy

        found = images(self.settings, self.store)
        told = self._sticks.reasons + found.reasons + ages(found.images, datetime.now(UTC))
        told += self._not_listed(machine)
        plan = job_plan(
            machine, policy(self.settings), found.images, told, found.drivers, self._seen
        )
        with self._lock:
            if self._consented.is_set():
                return
            self._plan = plan
        self.board.change(
            machine=machine,
            plan=plan,
            plan_digest=digest(plan),
            drives=tuple(
                DriveState(
                    key=item.drive.key,
                    phase=DrivePhase.WAITING if item.erases else DrivePhase.LEFT_ALONE,
                    reasons=item.refusals,
                )
                for item in plan.drives
            ),
        )

    def _listed_tag(self, machine: Machine) -> str:
        return self._tags.get(machine.serial.strip().casefold(), "")

    def _not_listed(self, machine: Machine) -> tuple[Reason, ...]:
        """Said in the plan where the office's list does not know the machine."""
        if not self._tags or self._listed_tag(machine):
            return ()
        facts: Facts = {"serial": machine.serial, "file": self.settings["asset_tag"].split(":")[1]}
        return (Reason(code="tag-not-listed", facts=facts),)

    # --- what faces may ask ----------------------------------------------------------------

    def handle(self, method: str, parameters: dict[str, Any]) -> dict[str, Any]:
        """A face's intent; raises what is refused. Nothing but consent starts anything."""
        match method:
            case "Consent":
                given = from_json(Consent, parameters.get("consent"), "consent")
                self._accept(given, typed=True, psids=parameters.get("psids"))
            case "ConsentByTicket":
                self._by_ticket(str(parameters.get("ticket", "")))
            case "AttestNoMedia":
                self._attest(str(parameters.get("technician", "")))
            case "Rescan":
                self._rescan.set()
            case "Suspend":
                self._suspend(str(parameters.get("technician", "")))
            case "SetLanguage":
                language = parameters.get("language")
                if language not in ("ar", "en"):
                    raise ConsentError("call-unreadable", problem="language")
                self.board.change(language=language)
            case "PowerOff":
                if self.board.state.phase == JobPhase.RUNNING:
                    raise ConsentError("job-runs")
                self._stopping = True
            case _:
                raise ConsentError("call-unreadable", problem=method)
        return {}

    def _accept(self, consent: Consent, *, typed: bool, psids: Any = None) -> None:
        with self._lock:
            plan = self._plan
            if self._consented.is_set():
                raise ConsentError("job-runs")
            if plan is None or self.board.state.phase != JobPhase.CONSENT:
                raise ConsentError("still-searching")
            check_plan(consent, plan)
            if typed:
                check_typed(replace(consent, ticket=None), plan)
            keep(self.store.psids, checked(psids or {}, plan))
            tag = self._listed_tag(plan.machine)
            if typed and self.settings["asset_tag"] == "scan":
                tag = scanned_tag(consent)
            self._consent = replace(consent, given_at=_now(), asset_tag=tag)
            self._consented.set()

    def _by_ticket(self, ticket: str) -> None:
        plan = self._plan
        if plan is None or self.board.state.phase != JobPhase.CONSENT:
            raise ConsentError("still-searching")
        if not self.settings["batch.enabled"]:
            raise ConsentError("batch-not-enabled")
        if not any(item.erases for item in plan.drives):
            raise ConsentError("nothing-to-erase")
        statement_id = self.issuer.redeem_ticket(ticket, plan, self.board.state.job)
        self._accept(
            Consent(plan_digest=digest(plan), technician="", ticket=statement_id), typed=False
        )

    def _suspend(self, technician: str) -> None:
        """Let the machine sleep to free frozen drives: with a consent of its own, before a plan."""
        from appliance.job.sleeping import Sleep, check

        with self._lock:
            if self._consented.is_set():
                raise ConsentError("job-runs")
            if self.board.state.phase != JobPhase.CONSENT or self._sleeps.is_set():
                raise ConsentError("still-searching")
            check(technician, self.board.state.machine, self.settings)
            self._sleep = Sleep(technician, self.board.state.machine)
            # No plan may be consented to from here on: a new one comes after waking.
            self._plan = None
            self._sleeps.set()

    def _attest(self, technician: str) -> None:
        """A person says that this machine really holds no drive: the only way to a record."""
        plan = self._plan
        if plan is None or self.board.state.phase != JobPhase.CONSENT:
            raise ConsentError("still-searching")
        if not technician.strip():
            raise ConsentError("consent-no-name")
        if any(not item.drive.is_stick for item in plan.drives) or plan.blockers:
            raise ConsentError("drives-are-there")
        self._accept(
            Consent(
                plan_digest=digest(plan), technician=technician, typed={"no-media": "attested"}
            ),
            typed=False,
        )


def _now() -> str:
    from appliance.tools import utc_now

    return utc_now()
