"""Drives that come after consent, or go before it: no certificate may be silent about them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from appliance import settings
from appliance.hardware.sightings import sighting
from appliance.job.attendance import first_seen, unaccounted
from appliance.job.board import Board
from appliance.job.consent import ConsentError
from appliance.job.copies import Copies
from appliance.job.engine import Engine
from appliance.job.eventlog import Writer, events
from appliance.job.issuing import Issuer
from appliance.job.planning import job_plan
from appliance.job.record import JobRecord, job_record, take
from appliance.job.running import Running
from appliance.job.state import JobPhase, JobState, StationInfo
from appliance.job.store import Store
from appliance.model import (
    Bus,
    Consent,
    Drive,
    Identity,
    Machine,
    Outcome,
    Policy,
    Reason,
    Sighting,
    digest,
    to_json,
)
from appliance.statement import verify
from appliance.statement.trust import Trust
from appliance.texts import explained
from appliance.tools import systemd
from tests.unit.machines import disk, machine, nvme
from tests.unit.test_fold import log as erase_log
from tests.unit.test_fold import overwritten

JOB = "01234567-89ab-cdef-0123-456789abcdef"
AT = "/sys/devices/pci0000:00/0000:00:1f.2/ata{}/host1/target1:0:0/1:0:0:0/block"


def seen(drive: Drive, port: int = 1, **changes: Any) -> Sighting:
    """A drive as the kernel names it: of the model only sixteen characters."""
    plain = Sighting(
        identity=replace(drive.identity, model=drive.identity.model[:16], wwn=None),
        path=drive.path,
        place=AT.format(port),
        key=drive.key,
    )
    return replace(plain, **changes)


def codes(reasons: Sequence[Reason]) -> list[str]:
    return [item.code for item in reasons]


SDA = disk(sysfs=AT.format(1) + "/sda")
SDB = disk("OTHER-9", path="/dev/sdb", sysfs=AT.format(2) + "/sdb")


def found(
    drives: Sequence[Drive], before: Sequence[Sighting], here: Sequence[Sighting] = ()
) -> list[str]:
    return codes(unaccounted(drives, Policy(), before, here))


def test_a_drive_that_came_late_and_one_that_went_are_named() -> None:
    (late,) = unaccounted((SDA,), Policy(), (), (seen(SDA), seen(SDB, 2)))
    assert late.code == "drive-came-late"
    assert "WDC WD80 OTHER-9 (/dev/sdb)" in explained(late)["en"]
    (gone,) = unaccounted((SDA,), Policy(), (seen(SDA), seen(SDB, 2)))
    assert gone.code == "drive-went-missing"
    assert "a new start knows nothing of it" in explained(gone)["en"]
    assert "OTHER-9" in explained(gone)["ar"]


def test_a_drive_that_comes_back_is_the_one_that_it_was() -> None:
    """Rescanned, renamed, at another port, after a sleep; and it may be away just now."""
    again = seen(SDA, 3, path="/dev/sdc", key="")
    assert found((SDA,), (seen(SDA),), (again,)) == []
    assert found((SDA,), (seen(SDA), again)) == []
    assert found((SDA,), (seen(SDA),)) == []
    assert len(first_seen((seen(SDA),), (again,))) == 0


def test_a_drive_that_was_silent_at_first_is_no_other_one() -> None:
    nameless = seen(SDA, identity=Identity(model="???", serial=""), key="")
    assert found((SDA,), (nameless, seen(SDA)), (seen(SDA),)) == []
    silent = replace(SDA, identity=Identity(model="???", serial=""))
    assert found((silent,), (seen(SDA, key=""),), (seen(SDA, key=""),)) == []


def test_an_adapter_that_calls_a_drive_by_another_serial_makes_no_second_drive() -> None:
    odd = seen(SDA, identity=Identity(model="ATA-DISK", serial="0000WD-1234"))
    assert found((SDA,), (odd,), (replace(odd, key="", path="/dev/sdc"),)) == []
    assert found((SDB,), (odd,)) == ["drive-went-missing"]


def test_two_drives_with_one_serial_are_two() -> None:
    twin = seen(SDA, 2, path="/dev/sdb", key="")
    assert found((SDA,), (seen(SDA),), (seen(SDA), twin)) == ["drive-came-late"]


def test_what_people_plug_in_and_take_out_is_not_the_machines() -> None:
    stick = seen(SDB, 2, usb=True, removable=True)
    case = seen(SDB, 2, usb=True)
    card = seen(SDB, 2, removable=True)
    assert found((SDA,), (stick, case, card), (seen(SDA), stick, case)) == []
    # A card that stays in the slot goes out of the house with it.
    assert found((SDA,), (), (seen(SDA), card)) == ["drive-came-late"]
    usb_too = Policy(buses=(Bus.SATA, Bus.USB))
    assert codes(unaccounted((SDA,), usb_too, (), (stick, case))) == ["drive-came-late"]


def test_a_sighting_is_read_from_what_the_kernel_keeps(tmp_path: Path) -> None:
    scsi = tmp_path / "devices/pci0000:00/ata1/host0/target0:0:0/0:0:0:0"
    (scsi / "block/sda").mkdir(parents=True)
    (scsi / "block/sda/device").symlink_to(scsi)
    (scsi / "model").write_text("WDC WD10EZEX-08W\n")
    (scsi / "wwid").write_text("naa.50014ee2b1234567\n")
    (scsi / "vpd_pg80").write_bytes(b"\0\x80\0\x14     WD-WCC6Y0000001")
    (tmp_path / "block").mkdir()
    (tmp_path / "block/sda").symlink_to(scsi / "block/sda")
    one = sighting("sda", (disk(sysfs=str(scsi / "block/sda")),), tmp_path)
    assert one.identity == Identity(
        model="WDC WD10EZEX-08W", serial="WD-WCC6Y0000001", wwn="naa.50014ee2b1234567"
    )
    assert (one.path, one.place) == ("/dev/sda", str(scsi / "block"))
    assert (one.key, one.usb, one.removable) == ("key-WD-1234", False, False)
    (scsi / "vpd_pg80").write_bytes(b"\0")
    assert sighting("sda", (), tmp_path).identity.serial == ""


# --- the engine, from the search to the certificate -----------------------------------------


class Pc:
    """The machine's own view: what is there now, for the engine's eyes."""

    def __init__(self, store: Store, *drives: Drive) -> None:
        self.store, self.drives = store, drives

    def machine(self, *_args: object, **_more: object) -> Machine:
        return machine(*self.drives)

    def present(self) -> tuple[tuple[str, int | None], ...]:
        return tuple((drive.path, 1) for drive in self.drives)

    def sightings(self, drives: Sequence[Drive] = ()) -> tuple[Sighting, ...]:
        return tuple(seen(one, place=one.sysfs.rpartition("/")[0]) for one in self.drives)

    def certificate(self) -> dict[str, Any]:
        """The one machine certificate, found genuine by its signature."""
        bodies = [
            read.body
            for file in self.store.statements.glob("*.jws")
            if (read := verify.statement(file.read_bytes(), Trust()).statement).type == "machine"
        ]
        (body,) = bodies
        return body


@pytest.fixture
def pc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pc:
    store = Store(
        root=tmp_path / "state", run=tmp_path / "run", relay=tmp_path / "relay",
        second=tmp_path / "usb",
    )  # fmt: skip
    for place in (store.image_keys, store.station, store.outbox, store.statements, store.trust):
        place.mkdir(parents=True, exist_ok=True)
    made = Pc(store, SDA)
    monkeypatch.setattr("appliance.hardware.machine.machine", made.machine)
    monkeypatch.setattr("appliance.hardware.machine.settled", lambda: True)
    monkeypatch.setattr("appliance.hardware.drives.drives_present", made.present)
    monkeypatch.setattr("appliance.hardware.sightings.sightings", made.sightings)
    monkeypatch.setattr("appliance.job.running.drives_present", made.present)
    monkeypatch.setattr("appliance.job.running.sightings", made.sightings)
    monkeypatch.setattr("appliance.job.running._LOOK_EVERY_S", 0.0)
    monkeypatch.setattr("appliance.job.engine._QUIET_S", 0.0)
    monkeypatch.setattr(systemd, "is_running", lambda unit: False)
    return made


def chosen(**values: object) -> settings.Settings:
    return settings.Settings(settings.defaults() | values)


@contextmanager
def detecting(pc: Pc, *earlier: Sighting) -> Iterator[tuple[Engine, Path]]:
    """An engine that searches, in a start in which these drives were seen before."""
    engine = Engine(pc.store)
    engine._settings = chosen(**{"image.sources": ["stick"]})
    engine._issuer = Issuer(pc.store, engine._settings, None)
    log, record = Writer(pc.store.job_log(JOB)), JobRecord()
    take(record, log.add("job", job=JOB, boot="boot-1", asset_tag="TJ-0042-7"))
    for one in earlier:
        take(record, log.add("drive-seen", drive=to_json(one)))

    def searched() -> None:
        # A search that ends without a consent says so.
        with suppress(RuntimeError):
            engine._detect(log, record)

    search = threading.Thread(target=searched, daemon=True)
    search.start()
    yield engine, log.path
    engine._consented.set()
    search.join(10)


def until(what: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not what():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_drive_that_fell_off_before_consent_is_shown_and_forbids_attesting(pc: Pc) -> None:
    with detecting(pc) as (engine, log):
        until(lambda: engine.board.state.phase is JobPhase.CONSENT)
        assert engine.board.state.plan is not None and not engine.board.state.plan.blockers
        pc.drives = ()
        until(lambda: engine.board.state.plan is not None and not engine.board.state.plan.drives)
        until(lambda: engine.board.state.phase is JobPhase.CONSENT)
        assert codes(engine.board.state.plan.blockers) == ["drive-went-missing"]
        with pytest.raises(ConsentError):
            engine.handle("AttestNoMedia", {"technician": "Salem"})
        pc.drives = (replace(SDA, path="/dev/sdc"),)
        until(lambda: engine.board.state.plan is not None and not engine.board.state.plan.blockers)
    (one,) = job_record(events(log)).seen
    assert one.identity.serial == "WD-1234"


def test_an_engine_that_was_killed_remembers_what_this_start_has_seen(pc: Pc) -> None:
    with detecting(pc, seen(SDB, 2)) as (engine, _log):
        until(lambda: engine.board.state.phase is JobPhase.CONSENT)
        assert engine.board.state.plan is not None
        assert codes(engine.board.state.plan.blockers) == ["drive-went-missing"]


def erased_job(pc: Pc, **values: object) -> tuple[Running, Board]:
    """A job whose one planned drive has been erased, and nothing stated yet."""
    log = Writer(pc.store.job_log(JOB))
    if not log.events:
        plan = job_plan(machine(SDA), Policy(), ())
        log.add("job", job=JOB, boot="boot-1", asset_tag="TJ-0042-7")
        log.add("drive-seen", drive=to_json(seen(SDA)))
        log.add("plan", plan=to_json(plan), digest=digest(plan))
        consent = Consent(
            plan_digest=digest(plan), technician="Salem", given_at="2026-01-01T00:00:00Z"
        )
        log.add("consent", consent=to_json(consent))
        log.add("worker-started", drive=SDA.key, kind="erase")
        erased = Writer(pc.store.drive_log(JOB, SDA.key, "erase"))
        for event in erase_log(SDA, overwritten(SDA)):
            erased.add(event.event, **event.data)
        erased.close()
        log.close()
        log = Writer(pc.store.job_log(JOB))
    issuer = Issuer(pc.store, chosen(**values), None)
    station = StationInfo(
        id="", organisation_ar="", organisation_en="", site="", technicians=(), enrolled=False
    )
    board = Board(JobState(phase=JobPhase.DETECTING, job=JOB, station=station))
    record = job_record(log.events)
    copies = Copies(pc.store, "")
    return Running(pc.store, chosen(**values), issuer, board, log, record, copies), board


def closed_in_another_machine(pc: Pc, **values: object) -> Running:
    """The job as the stick's next start leaves it, whose drives are nobody's business here."""
    pc.drives = (nvme(),)
    running, _board = erased_job(pc, **values)
    running.state_interrupted()
    running.close_interrupted()
    return running


def exceptions(body: dict[str, Any]) -> list[str]:
    return [item["code"] for item in body["exceptions"]]


def test_a_machine_with_a_drive_that_came_after_consent_is_not_certified(pc: Pc) -> None:
    pc.drives = (SDA, SDB)
    running, board = erased_job(pc)
    running.run_to_end(0.01)
    body = pc.certificate()
    assert (body["outcome"], exceptions(body)) == ("unknown", ["drive-came-late"])
    assert body["exceptions"][0]["facts"]["drive"].endswith("OTHER-9 (/dev/sdb)")
    assert [item["outcome"] for item in body["drives"]] == ["cleared"]
    assert board.state.outcome is Outcome.UNKNOWN
    assert codes(board.state.problems) == ["drive-came-late"]


def test_a_drive_that_came_after_consent_and_went_again_is_not_forgotten(pc: Pc) -> None:
    pc.drives = (SDA, SDB)
    running, _board = erased_job(pc)
    running._look_out()
    pc.drives = (SDA,)
    running.run_to_end(0.01)
    assert exceptions(pc.certificate()) == ["drive-went-missing"]


def test_after_a_power_cut_the_log_still_knows_it(pc: Pc) -> None:
    pc.drives = (SDA, SDB)
    running, _board = erased_job(pc)
    running._look_out()
    closed_in_another_machine(pc)
    assert exceptions(pc.certificate()) == ["drive-went-missing"]


@pytest.mark.parametrize(
    "there", [(), (replace(SDA, path="/dev/sdc", sysfs=AT.format(4) + "/sdc"),)]
)
def test_a_machine_whose_own_drive_was_renamed_or_is_away_is_certified(
    pc: Pc, there: tuple[Drive, ...]
) -> None:
    pc.drives = there
    running, board = erased_job(pc)
    running.run_to_end(0.01)
    body = pc.certificate()
    assert (body["outcome"], exceptions(body)) == ("cleared", [])
    assert board.state.problems == ()


def test_no_certificate_is_made_while_a_dying_drive_may_still_come(
    pc: Pc, monkeypatch: pytest.MonkeyPatch
) -> None:
    up_s = 20.0
    monkeypatch.setattr("appliance.job.running.time.clock_gettime", lambda _clock: up_s)
    running, board = erased_job(pc)
    rounds = 0

    def check() -> None:
        nonlocal up_s, rounds
        rounds += 1
        if rounds == 5:
            # What it waits for, and how long, is shown.
            assert board.state.late_drives_s == 70
            pc.drives, up_s = (SDA, SDB), 100.0

    running.run_to_end(0.01, check)
    assert exceptions(pc.certificate()) == ["drive-came-late"]
    assert board.state.late_drives_s is None


@pytest.mark.parametrize(
    ("up_s", "outcome", "why"), [(89.0, "unknown", ["late-drives-unseen"]), (91.0, "cleared", [])]
)
def test_a_machine_that_is_switched_off_before_a_slow_drive_could_come_is_not_certified(
    pc: Pc, monkeypatch: pytest.MonkeyPatch, up_s: float, outcome: str, why: list[str]
) -> None:
    monkeypatch.setattr("appliance.job.running.time.clock_gettime", lambda _clock: up_s)
    running, _board = erased_job(pc)
    running._look_out()
    again = closed_in_another_machine(pc)
    body = pc.certificate()
    assert (body["outcome"], exceptions(body)) == (outcome, why)
    assert [item["outcome"] for item in body["drives"]] == ["cleared"], "its own proof holds"
    assert again._record.outcome == outcome


# --- whose papers ----------------------------------------------------------------------------

DONOR_A = {"donor": "Donor A", "lot": "2026-01", "station.site": "Riyadh"}
DONOR_B = {"donor": "Donor B", "lot": "2026-02", "station.site": "Jeddah"}


def test_a_certificate_stated_after_a_power_cut_names_the_donor_of_its_consent(pc: Pc) -> None:
    running, _board = erased_job(pc)
    running._look_out()
    log = running._log
    take(
        running._record,
        log.add("papers", papers=to_json(Issuer(pc.store, chosen(**DONOR_A), None).office())),
    )
    closed_in_another_machine(pc, **DONOR_B)
    body = pc.certificate()
    assert (body["donor"], body["lot"], body["site"]) == ("Donor A", "2026-01", "Riyadh")
    (person,) = body["persons"]
    assert (person["name"], person["location"]) == ("Salem", "Riyadh")
    assert body["asset_tag"] == "TJ-0042-7"


def test_a_log_of_an_older_version_gets_the_papers_of_today(pc: Pc) -> None:
    closed_in_another_machine(pc, **DONOR_B)
    assert pc.certificate()["donor"] == "Donor B"


def test_consent_writes_the_papers_down_before_anything_starts(pc: Pc) -> None:
    with detecting(pc) as (engine, log):
        engine._settings = chosen(**DONOR_A, **{"image.sources": ["stick"]})
        engine._issuer = Issuer(pc.store, engine._settings, None)
        until(lambda: engine.board.state.phase is JobPhase.CONSENT)
        consent = Consent(
            plan_digest=engine.board.state.plan_digest,
            technician="Salem",
            typed={SDA.key: "1234"},
        )
        engine.handle("Consent", {"consent": to_json(consent)})
        # Read, never opened for writing: that cuts off a line which the engine has half written.
        until(lambda: job_record(events(log)).consent is not None)
    papers = job_record(events(log)).papers
    assert papers is not None
    assert (papers.donor, papers.lot, papers.site) == ("Donor A", "2026-01", "Riyadh")
