"""A log on a stick that takes no more: the failure is said once, and the chain stays whole."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance.errors import JournalError
from appliance.job import task as tasks
from appliance.job.eventlog import Writer, events
from appliance.job.state import JobPhase
from appliance.model import Outcome
from tests.unit import test_resuming as boots
from tests.unit.smallimage import MIB
from tests.unit.test_outbox import files_end_at
from tests.unit.test_resuming import JOB, Pc, lays_down, systemd_of

made, loop, pc = boots.made, boots.loop, boots.pc


def failing(times: int, of: Callable[[int], bool] = lambda fd: True) -> Callable[[int], None]:
    """An fsync that fails that often (0: always) for the descriptors meant."""
    sync, failed = os.fsync, 0

    def fsync(fd: int) -> None:
        nonlocal failed
        if of(fd) and (times == 0 or failed < times):
            failed += 1
            raise OSError(5, "Input/output error")
        sync(fd)

    return fsync


def names(path: Path) -> list[str]:
    return [event.event for event in events(path)]


def test_a_line_that_is_not_durable_is_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Writer(tmp_path / "x.log")
    log.add("one")
    monkeypatch.setattr(os, "fsync", failing(1))
    with pytest.raises(JournalError) as failed:
        log.add("lost")
    assert failed.value.code == "log-not-written"
    assert failed.value.facts["problem"] == "Input/output error"
    log.add("two")
    log.close()
    assert names(log.path) == ["one", "two"]
    assert Writer(log.path).head == log.head


def test_a_half_written_line_on_a_full_stick_is_taken_back(tmp_path: Path) -> None:
    log = Writer(tmp_path / "x.log")
    log.add("one")
    with files_end_at(log.path.stat().st_size + 40), pytest.raises(JournalError, match="large"):
        log.add("too long", text="x" * 100)
    assert names(log.path) == ["one"]
    assert log.path.read_bytes().endswith(b"\n")
    log.add("two")
    assert names(log.path) == ["one", "two"]


def test_where_it_cannot_be_taken_back_nothing_more_is_added(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Writer(tmp_path / "x.log")
    log.add("one")
    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", failing(0))
        with pytest.raises(JournalError):
            log.add("lost")
    with pytest.raises(JournalError, match="log-not-written"):
        log.add("two")
    assert set(names(log.path)) <= {"one", "lost"}, "whatever stands there is a whole chain"


def test_a_closed_log_writes_into_no_other_file(tmp_path: Path) -> None:
    log = Writer(tmp_path / "x.log")
    log.close()
    with (tmp_path / "other").open("w+b") as other:
        with pytest.raises(JournalError):
            log.add("one")
        other.seek(0)
        assert other.read() == b""


def test_a_stick_that_fails_while_an_image_is_laid_down_is_not_taken_for_the_drive(
    pc: Pc, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("appliance.imaging.laydown._CHECKPOINT_BYTES", 8 * MIB)
    monkeypatch.setattr("appliance.imaging.laydown._REPORT_EVERY_S", 0.0)

    def is_third_line(fd: int) -> bool:
        file = Path(os.readlink(f"/proc/self/fd/{fd}"))
        return file.name.endswith(".lay-down.log") and file.read_bytes().count(b"\n") == 3

    def works(task: tasks.Task) -> None:
        monkeypatch.setattr(os, "fsync", failing(1, is_third_line))
        try:
            lays_down(task)
        except JournalError as error:
            Path(task.progress).with_suffix(".said").write_text(error.code)

    systemd_of(pc, monkeypatch, works)
    running, board = pc.boot()
    running.run_to_end(0.05)
    path = pc.store.drive_log(JOB, pc.drive.key, "lay-down")
    assert names(path) == ["lay-down-started", "frames-durable"]
    said = pc.store.progress(JOB, pc.drive.key, "lay-down").with_suffix(".said")
    assert said.read_text() == "log-not-written"
    assert (board.state.phase, board.state.outcome) == (JobPhase.FINISHED, Outcome.CLEARED)
    assert board.state.drives[0].image_outcome == "failed"
    assert "deployment" not in pc.statements()
