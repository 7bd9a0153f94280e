"""Given a lay-down that a power cut ended, when the stick starts again, then it goes on.

Engine logs, statements, worker and drive (a loop device) are real; only systemd is not there:
workers are processes of the test.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from multiprocessing.context import ForkProcess
from pathlib import Path
from typing import Any

import pytest

from appliance import settings
from appliance.hardware import descriptor
from appliance.imaging import gpt
from appliance.imaging.manifest import FIRST_BYTES
from appliance.imaging.shelf import shelf
from appliance.job import laying
from appliance.job import task as tasks
from appliance.job.board import Board
from appliance.job.copies import Copies
from appliance.job.engine import Engine
from appliance.job.eventlog import Event, Writer
from appliance.job.issuing import Issuer
from appliance.job.record import job_record
from appliance.job.resuming import resumption, was_cut
from appliance.job.running import Running
from appliance.job.state import JobPhase, JobState, StationInfo
from appliance.job.store import Store
from appliance.model import (
    Consent,
    Drive,
    DrivePlan,
    Holder,
    Identity,
    ImageOffer,
    JobPlan,
    Level,
    Machine,
    MethodOption,
    Outcome,
    Policy,
    Reason,
    Sighting,
    digest,
    to_json,
)
from appliance.statement import verify
from appliance.statement.trust import Trust
from appliance.tools import systemd
from tests.unit.machines import disk, machine
from tests.unit.smallimage import MIB, SmallImage, small_image
from tests.unit.test_fold import log as erase_log
from tests.unit.test_fold import overwritten

JOB = "01234567-89ab-cdef-0123-456789abcdef"
DRIVE_BYTES = 40 * MIB
SLOW = Sighting(
    identity=Identity(model="SLOW DISK", serial="SLOW-1"),
    path="/dev/sdb",
    place="/sys/devices/ata2/host1/target1:0:0/1:0:0:0/block",
)


class PowerCut(BaseException):
    """The machine is off: nothing of what comes after is done."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> SmallImage:
    return small_image(tmp_path_factory.mktemp("image"))


@pytest.fixture
def loop(tmp_path: Path) -> Iterator[str]:
    """A drive whose erasure has left a keyed stream: no block of it is zeros."""
    file = tmp_path / "drive.raw"
    file.write_bytes(b"\x5a\xa5stream" * (DRIVE_BYTES // 8))
    words = ["losetup", "--find", "--show", "--direct-io=on", str(file)]
    name = subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()
    try:
        yield name
    finally:
        subprocess.run(["losetup", "--detach", name], check=True)


@dataclass
class Pc:
    """The machine with its one drive and our stick, over several boots."""

    store: Store
    drive: Drive
    image: ImageOffer
    machine: Machine
    plan: JobPlan
    workers: dict[str, ForkProcess] = field(default_factory=dict)

    def boot(self) -> tuple[Running, Board]:
        """What the engine has of the job after a start."""
        log = Writer(self.store.job_log(JOB))
        if not log.events:
            log.add("job", job=JOB, boot="boot-1", asset_tag="TJ-0042-7")
            log.add("plan", plan=to_json(self.plan), digest=digest(self.plan))
            consent = Consent(plan_digest=digest(self.plan), technician="Salem")
            log.add("consent", consent=to_json(consent))
            log.add("worker-started", drive=self.drive.key, kind="erase")
            erased = Writer(self.store.drive_log(JOB, self.drive.key, "erase"))
            for event in erase_log(self.drive, overwritten(self.drive)):
                erased.add(event.event, **event.data)
            erased.close()
            log.close()
            log = Writer(self.store.job_log(JOB))
        chosen = settings.Settings(settings.defaults())
        issuer = Issuer(self.store, chosen, None)
        board = Board(
            JobState(
                phase=JobPhase.DETECTING,
                job=JOB,
                station=StationInfo(
                    id="", organisation_ar="", organisation_en="", site="", technicians=(),
                    enrolled=False,
                ),
            )
        )  # fmt: skip
        record = job_record(log.events)
        copies = Copies(self.store, "")
        return Running(self.store, chosen, issuer, board, log, record, copies), board

    def statements(self) -> dict[str, list[dict[str, object]]]:
        """The bodies of all signed statements by type, each found genuine by its signature."""
        found: dict[str, list[dict[str, object]]] = {}
        for file in self.store.statements.glob("*.jws"):
            statement = verify.statement(file.read_bytes(), Trust()).statement
            found.setdefault(statement.type, []).append(statement.body)
        return found

    def bytes(self) -> bytes:
        return Path(self.drive.path).read_bytes()


@pytest.fixture
def pc(made: SmallImage, loop: str, tmp_path: Path) -> Pc:
    store = Store(
        root=tmp_path / "state", run=tmp_path / "run", relay=tmp_path / "relay",
        second=tmp_path / "usb",
    )  # fmt: skip
    for place in (store.image_keys, store.station, store.outbox, store.statements, store.trust):
        place.mkdir(parents=True, exist_ok=True)
    (store.image_keys / "office.pem").write_bytes(made.key.public_pem)
    fd = os.open(loop, os.O_RDONLY)
    try:
        identity = descriptor.opened(fd).identity
    finally:
        os.close(fd)
    drive = disk(path=loop, identity=identity, size_bytes=DRIVE_BYTES, nodes=(loop,), ata=None)
    (image,) = shelf(made.place.parent, (made.key.public_pem,)).images
    plan = DrivePlan(
        drive=drive,
        methods=(MethodOption(method="overwrite", level=Level.CLEAR),),
        ruled_out=(),
        refusals=(),
        image=image,
    )
    here = machine(drive)
    job = JobPlan(
        machine=here, policy=Policy(), drives=(plan,), blockers=(), image_reasons=(),
        cipher="chacha20",
    )  # fmt: skip
    return Pc(store=store, drive=drive, image=image, machine=here, plan=job)


def systemd_of(pc: Pc, monkeypatch: pytest.MonkeyPatch, work: Callable[[tasks.Task], None]) -> None:
    """Workers as forked processes that do this work; the drives of the machine that the test
    runs on are none of this one's."""

    def start(unit: str, properties: Sequence[str], argv: Sequence[str]) -> None:
        if argv[1] == "worker":
            task = tasks.read(Path(argv[2]))
            pc.workers[unit] = multiprocessing.get_context("fork").Process(
                target=work, args=(task,)
            )
            pc.workers[unit].start()

    monkeypatch.setattr("appliance.job.running.drives_present", lambda: ())
    monkeypatch.setattr("appliance.job.running.sightings", lambda: ())
    monkeypatch.setattr(systemd, "start_transient", start)
    monkeypatch.setattr(
        systemd, "is_running", lambda unit: unit in pc.workers and pc.workers[unit].is_alive()
    )


def lays_down(task: tasks.Task) -> None:
    log = Writer(Path(task.log))
    laying.lay_down(task, log)
    log.close()


def cut_at(
    monkeypatch: pytest.MonkeyPatch, event: str, frames: int = 0
) -> Callable[[tasks.Task], None]:
    """A worker that is gone, without any clean-up, when its log would say that."""
    monkeypatch.setattr("appliance.imaging.laydown._CHECKPOINT_BYTES", 8 * MIB)
    monkeypatch.setattr("appliance.imaging.laydown._REPORT_EVERY_S", 0.0)

    def work(task: tasks.Task) -> None:
        add = Writer.add

        def added(log: Writer, name: str, **data: Any) -> Event:
            if name == event == "laid-down":
                os.kill(os.getpid(), signal.SIGKILL)
            entry = add(log, name, **data)
            if name == event and data["frames"] >= frames:
                os.kill(os.getpid(), signal.SIGKILL)
            return entry

        monkeypatch.setattr(Writer, "add", added)
        lays_down(task)

    return work


def until_cut(pc: Pc, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first boot, which ends when the worker is gone."""
    alive = systemd.is_running

    def ends(unit: str) -> bool:
        if not alive(unit):
            raise PowerCut
        return True

    monkeypatch.setattr(systemd, "is_running", ends)
    running, _board = pc.boot()
    running.state_interrupted()
    with pytest.raises(PowerCut):
        running.run_to_end(0.05, lambda: None)
    systemd_of(pc, monkeypatch, lays_down)


def power_cut(pc: Pc, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first boot, cut in the middle of writing: two frames are on the drive for good."""
    systemd_of(pc, monkeypatch, cut_at(monkeypatch, "frames-durable", 2))
    until_cut(pc, monkeypatch)
    assert pc.bytes()[:FIRST_BYTES] == bytes(FIRST_BYTES), "it boots half written"


def gone_on(pc: Pc, images: Sequence[ImageOffer] | None = None) -> Board:
    """The second boot, to the end of the job."""
    running, board = pc.boot()
    running.state_interrupted()
    (plan,) = running.resumptions(pc.machine, (pc.image,) if images is None else images)
    assert isinstance(plan, DrivePlan)
    running.resume((plan,), "boot-2")
    running.run_to_end(0.05, lambda: None)
    return board


def test_cut_in_the_middle_of_writing_goes_on_from_the_last_good_frame(
    pc: Pc, made: SmallImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    power_cut(pc, monkeypatch)
    before = pc.statements()
    assert {kind: len(found) for kind, found in before.items()} == {"drive": 1, "machine": 1}
    good = made.frames_on(pc.bytes())
    assert good >= 2
    board = gone_on(pc)
    assert (board.state.phase, board.state.outcome) == (JobPhase.FINISHED, Outcome.CLEARED)
    after = pc.statements()
    (deployment,) = after.pop("deployment")
    assert after == before, "the proof of the erasure is the one that was given before the cut"
    checks = deployment["checks"]
    assert isinstance(checks, list)
    assert f"resumed-from-frame:{min(good, 3)}" in checks
    assert f"read-back-sha256:{len(made.manifest.frames)}" in checks
    assert str(gpt.parse(pc.bytes()).disk_guid) == deployment["disk_guid"]
    boots = [event for event in Writer(pc.store.job_log(JOB)).events if event.event == "resumed"]
    assert [event.data["boot"] for event in boots] == ["boot-2"]


@pytest.mark.parametrize(("there", "outcome"), [((), Outcome.CLEARED), ((SLOW,), Outcome.UNKNOWN)])
def test_the_same_machine_is_certified_when_it_has_run_long_enough_to_see_a_slow_drive(
    pc: Pc, monkeypatch: pytest.MonkeyPatch, there: tuple[Sighting, ...], outcome: Outcome
) -> None:
    up_s = 30.0
    monkeypatch.setattr("appliance.job.running.time.clock_gettime", lambda _clock: up_s)
    power_cut(pc, monkeypatch)
    assert set(pc.statements()) == {"drive"}
    running, board = pc.boot()
    running.state_interrupted()
    (plan,) = running.resumptions(pc.machine, (pc.image,))
    assert isinstance(plan, DrivePlan)
    running.resume((plan,), "boot-2")

    def check() -> None:
        nonlocal up_s
        if board.state.late_drives_s is not None:
            up_s = 95.0
            monkeypatch.setattr("appliance.job.running.drives_present", lambda: (("sdb", 1),))
            monkeypatch.setattr("appliance.job.running.sightings", lambda: there)

    running.run_to_end(0.05, check)
    assert set(pc.statements()) == {"drive", "machine", "deployment"}
    assert board.state.outcome is outcome


def test_cut_at_the_very_end_is_no_system_that_was_laid_down_twice(
    pc: Pc, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything was on the drive, but nobody had noted it: a family may use it by now."""
    systemd_of(pc, monkeypatch, cut_at(monkeypatch, "laid-down"))
    until_cut(pc, monkeypatch)
    before = pc.bytes()
    board = gone_on(pc)
    assert pc.bytes() == before
    assert "deployment" not in pc.statements()
    (state,) = board.state.drives
    assert state.image_outcome == "failed"
    assert [reason.code for reason in state.reasons] == ["image-other-data-since"]


def test_drive_that_was_used_between_the_boots_is_left_as_it_is(
    pc: Pc, monkeypatch: pytest.MonkeyPatch
) -> None:
    power_cut(pc, monkeypatch)
    with Path(pc.drive.path).open("r+b") as drive:
        drive.seek(1024)
        drive.write(b"somebody's file system")
    before = pc.bytes()
    board = gone_on(pc)
    assert pc.bytes() == before
    assert board.state.drives[0].image_outcome == "failed"
    assert board.state.outcome == Outcome.CLEARED, "the erasure's proof holds"


def test_the_same_image_from_another_place_will_do(
    pc: Pc, made: SmallImage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    power_cut(pc, monkeypatch)
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "renamed").parent.mkdir()
    (elsewhere / "renamed").symlink_to(made.place)
    (image,) = shelf(elsewhere, (made.key.public_pem,), source="usb /dev/sdq1").images
    board = gone_on(pc, (replace(pc.image, manifest_digest="ff" * 32), image))
    assert board.state.deployment is not None
    assert board.state.deployment.image.source == "usb /dev/sdq1"


def test_what_cannot_go_on_is_closed_and_its_reason_kept(
    pc: Pc, monkeypatch: pytest.MonkeyPatch
) -> None:
    power_cut(pc, monkeypatch)
    running, _board = pc.boot()
    running.state_interrupted()
    (reason,) = running.resumptions(machine(), (pc.image,))
    assert isinstance(reason, Reason)
    running.close_interrupted((reason,))
    record = job_record(events := Writer(pc.store.job_log(JOB)).events)
    assert record.outcome == Outcome.CLEARED
    (said,) = (event for event in events if event.event == "not-resumed")
    assert said.data["reason"]["code"] == "resume-no-drive"
    assert "deployment" not in pc.statements()
    again, _board = pc.boot()
    assert again.cut_short() == ()


def engine_of_next_boot(pc: Pc, here: Machine, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """The engine as it is when it has read its settings, in a machine with these drives."""
    monkeypatch.setattr("appliance.tools.boot.boot_id", lambda: "boot-2")
    monkeypatch.setattr("appliance.hardware.machine.settled", lambda: True)
    monkeypatch.setattr("appliance.job.engine._DRIVE_COMES_S", 0.0)
    engine = Engine(pc.store)
    engine._settings = settings.Settings(settings.defaults())
    engine._issuer = Issuer(pc.store, engine._settings, None)
    monkeypatch.setattr(engine, "_look", lambda *, with_smart: here)
    return engine


def test_engine_of_the_next_boot_goes_on_with_the_job_and_begins_no_new_one(
    pc: Pc, made: SmallImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    power_cut(pc, monkeypatch)
    pc.store.images.mkdir(parents=True)
    (pc.store.images / "small").symlink_to(made.place)
    engine = engine_of_next_boot(pc, pc.machine, monkeypatch)
    log, record = engine._begin()
    assert (record.job, record.boot, engine.board.state.job) == (JOB, "boot-2", JOB)
    engine._running(log, record).run_to_end(0.05, lambda: None)
    assert pc.store.job_ids() == (JOB,)
    assert len(pc.statements()["deployment"]) == 1
    # Killed and started again, or at one more boot: the job is over.
    log.close()
    _log, record = engine_of_next_boot(pc, pc.machine, monkeypatch)._begin()
    assert record.job != JOB
    assert record.consent is None


def test_engine_in_another_machine_closes_the_job_and_begins_a_new_one(
    pc: Pc, monkeypatch: pytest.MonkeyPatch
) -> None:
    power_cut(pc, monkeypatch)
    before = pc.bytes()
    other = replace(pc.machine, serial="ANOTHER")
    _log, record = engine_of_next_boot(pc, other, monkeypatch)._begin()
    assert record.job != JOB
    old = job_record(Writer(pc.store.job_log(JOB)).events)
    assert old.outcome == Outcome.CLEARED
    assert pc.bytes() == before


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"machine": machine(serial="ANOTHER")}, "resume-other-machine"),
        ({"machine": machine()}, "resume-no-drive"),
        ({"machine": machine(disk(is_stick=True))}, "resume-no-drive"),
        ({"machine": machine(disk(), disk(path="/dev/sdb"))}, "resume-no-drive"),
        ({"machine": machine(disk("OTHER"))}, "resume-no-drive"),
        ({"machine": machine(disk(size_bytes=1 << 30))}, "resume-drive-changed"),
        (
            {"machine": machine(disk(holders=(Holder(path="/dev/sda1", kind="mount"),)))},
            "resume-drive-changed",
        ),
        ({"images": ()}, "resume-no-image"),
    ],
)
def test_it_goes_on_only_where_all_is_as_it_was(changes: dict[str, object], code: str) -> None:
    plan, image = planned()
    given: dict[str, object] = {"machine": machine(disk()), "images": (image,), **changes}
    found = resumption(plan, disk(), machine(disk()), **given)  # type: ignore[arg-type]
    assert isinstance(found, Reason)
    assert found.code == code


def test_a_drive_that_got_another_name_is_found() -> None:
    plan, image = planned()
    now = disk(path="/dev/sdc", nodes=("/dev/sdc", "/dev/sg2"))
    found = resumption(plan, disk(), machine(disk()), machine(now), (image,))
    assert isinstance(found, DrivePlan)
    assert found.drive.path == "/dev/sdc"


def planned() -> tuple[DrivePlan, ImageOffer]:
    image = ImageOffer(
        profile="small", version="1", title_ar="صغير", title_en="Small",
        manifest_digest="ab" * 32, path="images/small", disk_bytes=MIB, needs_ram_mib=1,
        needs_disk_bytes=MIB, built_at="2026-11-24T00:00:00Z",
        support_until="2030-06-30T00:00:00Z",
    )  # fmt: skip
    plan = DrivePlan(drive=disk(), methods=(), ruled_out=(), refusals=(), image=image)
    return plan, image


def test_what_counts_as_cut() -> None:
    def log(*names: str) -> list[Event]:
        return [Event(n=n, at="", event=name, data={}, prev="") for n, name in enumerate(names)]

    assert was_cut(log("lay-down-started", "frames-durable"))
    assert not was_cut(log())
    assert not was_cut(log("lay-down-started", "lay-down-failed"))
    assert not was_cut(log("lay-down-started", "frames-durable", "laid-down"))
