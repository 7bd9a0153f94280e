"""Given a job that cannot be certified, or not even read: the next machine has its turn all the
same, nothing is deleted, and neither screen nor paper says more than is true."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.batch import story
from appliance.job import room
from appliance.job.engine import Engine
from appliance.job.eventlog import Writer
from appliance.job.issuing import Issuer
from appliance.job.record import job_record
from appliance.job.state import JobPhase, JobState
from appliance.job.store import Store
from appliance.model import Outcome
from appliance.tools import utc_now
from tests.unit import test_resuming as boots
from tests.unit.test_fold import log as erase_log
from tests.unit.test_fold import overwritten
from tests.unit.test_outbox import files_end_at
from tests.unit.test_resuming import JOB, Pc, PowerCut, lays_down, systemd_of
from tests.unit.test_tui_views import face, screen

made, loop, pc = boots.made, boots.loop, boots.pc


def spoil_trust(pc: Pc) -> Path:
    """A file in trust/ that holds no certificate: there is no signer then."""
    bad = pc.store.trust / "00-ca.pem"
    bad.write_bytes(b"\x00 not a certificate")
    return bad


def result_screen(state: JobState) -> str:
    """What a person reads at the end, in English."""
    return " ".join(screen(face(state, "en"), 150, 60))


def without_image(pc: Pc) -> None:
    (plan,) = pc.plan.drives
    pc.plan = replace(pc.plan, drives=(replace(plan, image=None),))


def is_over(pc: Pc) -> bool:
    return job_record(Writer(pc.store.job_log(JOB)).events).outcome is not None


# --- what cannot be signed --------------------------------------------------------------------


def test_without_a_key_the_image_is_installed_and_nothing_is_called_a_certificate(
    pc: Pc, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil_trust(pc)
    systemd_of(pc, monkeypatch, lays_down)
    running, board = pc.boot()
    running.run_to_end(0.05)
    state = board.state
    assert (state.phase, state.outcome) == (JobPhase.FINISHED, Outcome.CLEARED)
    assert state.deployment is not None
    (drive,) = state.drives
    assert drive.image_outcome == "laid-down"
    assert "drive-unsigned" in [reason.code for reason in drive.reasons]
    assert pc.statements() == {}
    assert not list(pc.store.outbox.glob("*.jws"))
    # Also where the engine was started again since, and the key is there once more.
    said = result_screen(state)
    assert "Unsigned record" in said and "Certificate" not in said
    assert "only an unsigned record" in said
    assert story.exit_code(state) == 1
    kept = [json.loads(file.read_bytes()) for file in (pc.store.jobs / JOB).glob("unsigned-*")]
    assert {record["type"] for record in kept} == {"drive", "machine", "deployment"}
    assert all(record["unsigned"] for record in kept)


def test_a_key_that_comes_back_certifies_no_machine_with_an_unsigned_drive(
    pc: Pc, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The drive was recorded unsigned; then the engine was killed and started again."""
    without_image(pc)
    bad = spoil_trust(pc)
    systemd_of(pc, monkeypatch, lays_down)

    def killed(*args: object) -> None:
        raise PowerCut

    with monkeypatch.context() as killing:
        killing.setattr(Issuer, "issue_machine", killed)
        running, _board = pc.boot()
        with pytest.raises(PowerCut):
            running.state_interrupted()
            running.close_interrupted()
    bad.unlink()
    running, board = pc.boot()
    running.run_to_end(0.05)
    assert board.state.phase == JobPhase.FINISHED
    assert [ref.is_signed for ref in board.state.statements] == [False, False]
    assert pc.statements() == {}


def test_an_unsigned_job_that_was_cut_is_closed_at_the_next_boot(
    pc: Pc, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Laid down, and the power went before that was noted: as the records of older versions,
    which lay in memory, the drive's record is gone by then."""
    bad = spoil_trust(pc)
    systemd_of(pc, monkeypatch, lays_down)

    def killed(*args: object) -> None:
        raise PowerCut

    with monkeypatch.context() as killing:
        killing.setattr(Issuer, "issue_deployment", killed)
        running, _board = pc.boot()
        with pytest.raises(PowerCut):
            running.run_to_end(0.05)
    bad.unlink()
    for file in (pc.store.jobs / JOB).glob("unsigned-*"):
        file.unlink()
    engine = boots.engine_of_next_boot(pc, pc.machine, monkeypatch)
    _log, record = engine._begin()
    assert record.job != JOB
    assert engine.board.state.problems == ()
    assert engine.board.state.deployment is None, "it is another machine's"
    assert is_over(pc)
    assert pc.statements() == {}


def test_one_failed_write_makes_unsigned_records_and_the_job_ends(
    pc: Pc, monkeypatch: pytest.MonkeyPatch
) -> None:
    systemd_of(pc, monkeypatch, lays_down)
    running, board = pc.boot()
    (pc.store.station / "seq.json").mkdir()
    running.run_to_end(0.05)
    assert (board.state.phase, board.state.outcome) == (JobPhase.FINISHED, Outcome.CLEARED)
    assert not any(ref.is_signed for ref in board.state.statements)


def test_what_no_schema_takes_is_recorded_unsigned_and_the_other_jobs_are_signed(
    pc: Pc, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_image(pc)
    systemd_of(pc, monkeypatch, lays_down)
    erased = Writer(pc.store.drive_log(JOB, pc.drive.key, "erase"))
    run = {"argv": ["hdparm"], "status": 0, "started_at": utc_now(), "elapsed_s": 0.1}
    first, *rest = erase_log(pc.drive, overwritten(pc.drive))
    erased.add(first.event, **first.data)
    for _number in range(301):
        erased.add("command", run={**run, "version": ""})
    for event in rest:
        erased.add(event.event, **event.data)
    erased.close()
    with monkeypatch.context() as already:
        already.setattr(boots, "erase_log", lambda *args: ())
        running, board = pc.boot()
    running.run_to_end(0.05)
    assert (board.state.phase, board.state.outcome) == (JobPhase.FINISHED, Outcome.CLEARED)
    assert not any(ref.is_signed for ref in board.state.statements)
    assert pc.statements() == {}
    assert running._issuer._signer is not None, "the key has no fault"


def test_a_text_that_is_too_long_is_cut_visibly_and_signed(
    pc: Pc, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_image(pc)
    (plan,) = pc.plan.drives
    long = replace(plan.drive, firmware="F" * 1000, identity=replace(
        plan.drive.identity, serial="S" * 900
    ))  # fmt: skip
    pc.drive, pc.machine = long, replace(pc.machine, drives=(long,), cpu="\x01" * 300)
    pc.plan = replace(pc.plan, machine=pc.machine, drives=(replace(plan, drive=long),))
    systemd_of(pc, monkeypatch, lays_down)
    running, board = pc.boot()
    running.run_to_end(0.05)
    assert board.state.outcome == Outcome.CLEARED
    found = pc.statements()
    (drive,), (machine,) = found["drive"], found["machine"]
    firmware, cpu = drive["drive"]["firmware"], machine["machine"]["cpu"]  # type: ignore[index]
    assert firmware == "F" * 399 + "…"
    assert len(cpu) == 400 and cpu.endswith("…")


# --- what cannot be read ------------------------------------------------------------------------


def finished_job(pc: Pc, monkeypatch: pytest.MonkeyPatch) -> None:
    without_image(pc)
    systemd_of(pc, monkeypatch, lays_down)
    running, _board = pc.boot()
    running.run_to_end(0.05)


def damage(file: Path, line: int) -> None:
    lines = file.read_bytes().splitlines(keepends=True)
    lines[line] = b"\x00" * 20 + lines[line][20:]
    file.write_bytes(b"".join(lines))


def content(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def engine_at_the_next_boot(pc: Pc, monkeypatch: pytest.MonkeyPatch) -> Engine:
    return boots.engine_of_next_boot(pc, replace(pc.machine, serial="ANOTHER"), monkeypatch)


def test_a_damaged_line_in_a_finished_job_stops_no_other_machine(
    pc: Pc, monkeypatch: pytest.MonkeyPatch
) -> None:
    finished_job(pc, monkeypatch)
    damage(pc.store.job_log(JOB), -1)
    before, papers = content(pc.store.jobs / JOB), pc.statements()
    engine = engine_at_the_next_boot(pc, monkeypatch)
    _log, record = engine._begin()
    assert record.job not in ("", JOB) and record.consent is None
    (problem,) = engine.board.state.problems
    assert problem.code == "job-set-aside"
    assert problem.facts["asset_tag"] == "TJ-0042-7"
    assert str(problem.facts["machine"]).endswith(pc.machine.serial)
    assert "log-broken" in str(problem.facts["problem"])
    kept = content(pc.store.jobs / f"{JOB}.broken")
    assert {name: kept[name] for name in before} == before, "nothing is lost"
    assert pc.statements() == papers, "what was signed stays signed"


def test_every_later_start_says_so_until_the_office_has_the_job(
    pc: Pc, monkeypatch: pytest.MonkeyPatch
) -> None:
    finished_job(pc, monkeypatch)
    damage(pc.store.job_log(JOB), 0)
    engine_at_the_next_boot(pc, monkeypatch)._begin()
    engine = engine_at_the_next_boot(pc, monkeypatch)
    engine._begin()
    (problem,) = engine.board.state.problems
    assert problem.facts["folder"] == f"{JOB}.broken"
    searching = " ".join(screen(face(engine.board.state, "en"), 150, 40))
    assert "counts as not certified" in " ".join(searching.split())
    (pc.store.jobs / f"{JOB}.broken").rename(pc.store.root / "taken away")
    engine = engine_at_the_next_boot(pc, monkeypatch)
    engine._begin()
    assert engine.board.state.problems == ()


def unknown_event_data(pc: Pc) -> None:
    log = Writer(pc.store.job_log(JOB))
    log.add("plan", plan={"of": "another version"})
    log.close()


def empty_log(pc: Pc) -> None:
    pc.store.job_log(JOB).write_bytes(b"")


def no_drive_log_line(pc: Pc) -> None:
    damage(pc.store.drive_log(JOB, pc.drive.key, "erase"), 2)


@pytest.mark.parametrize("fault", [unknown_event_data, empty_log, no_drive_log_line])
def test_an_interrupted_job_that_makes_no_sense_is_set_aside(
    pc: Pc, monkeypatch: pytest.MonkeyPatch, fault: Callable[[Pc], None]
) -> None:
    without_image(pc)
    pc.boot()
    fault(pc)
    engine = engine_at_the_next_boot(pc, monkeypatch)
    _log, record = engine._begin()
    assert record.job != JOB
    assert [problem.code for problem in engine.board.state.problems] == ["job-set-aside"]
    assert pc.store.drive_log(f"{JOB}.broken", pc.drive.key, "erase").exists()
    assert pc.statements() == {}, "nothing of it is certified"


def test_where_only_the_stick_failed_the_job_waits_for_the_next_start(
    pc: Pc, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_image(pc)
    pc.boot()
    engine = engine_at_the_next_boot(pc, monkeypatch)
    with files_end_at(pc.store.job_log(JOB).stat().st_size):
        _log, record = engine._begin()
    assert record.job != JOB, "the next machine has its turn"
    assert [problem.code for problem in engine.board.state.problems] == ["job-waits"]
    engine = engine_at_the_next_boot(pc, monkeypatch)
    engine._begin()
    assert engine.board.state.problems == ()
    assert is_over(pc)
    assert len(pc.statements()["machine"]) == 1


def test_a_job_that_waited_is_closed_before_another_one_begins(
    pc: Pc, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else its certificate would be the newer one, of a PC that was erased again since."""
    without_image(pc)
    pc.boot()
    engine = engine_at_the_next_boot(pc, monkeypatch)
    with contextlib.ExitStack() as full:
        full.enter_context(files_end_at(pc.store.job_log(JOB).stat().st_size))

        def room_again(_: Store) -> int:
            full.close()
            return room.LEAST_BYTES

        monkeypatch.setattr(room, "free_bytes", room_again)
        _log, record = engine._begin()
    assert record.job != JOB
    assert engine.board.state.problems == ()
    assert is_over(pc)
    assert len(pc.statements()["machine"]) == 1


# --- what goes wrong while it runs ------------------------------------------------------------


def test_a_job_that_is_stuck_says_why_and_goes_on_when_it_can(
    pc: Pc, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_image(pc)
    systemd_of(pc, monkeypatch, lays_down)
    monkeypatch.setattr("appliance.job.engine._AGAIN_S", 0.05)
    pc.boot()
    file = pc.store.drive_log(JOB, pc.drive.key, "erase")
    whole = file.read_bytes()
    damage(file, 2)
    engine = boots.engine_of_next_boot(pc, pc.machine, monkeypatch)
    log = Writer(pc.store.job_log(JOB))
    runs = threading.Thread(target=engine._run, args=(log, job_record(log.events)), daemon=True)
    runs.start()
    until(lambda: bool(engine.board.state.problems))
    assert engine.board.state.phase == JobPhase.RUNNING
    assert [problem.code for problem in engine.board.state.problems] == ["job-stuck"]
    file.write_bytes(whole)
    until(lambda: engine.board.state.phase == JobPhase.FINISHED)
    runs.join(10)
    assert not runs.is_alive()
    assert engine.board.state.problems == ()
    assert len(pc.statements()["machine"]) == 1


def test_a_line_that_was_read_and_taken_back_proves_nothing(
    pc: Pc, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker's stick failed with its very last line, and the engine had read it already."""
    without_image(pc)
    systemd_of(pc, monkeypatch, lays_down)
    running, board = pc.boot()
    file = pc.store.drive_log(JOB, pc.drive.key, "erase")
    assert running._events(pc.drive, "erase")[-1].event == "decided"
    file.write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[:-1]))
    running.run_to_end(0.05)
    assert board.state.outcome == Outcome.UNKNOWN


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)
