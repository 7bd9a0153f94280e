"""The unattended face: what it asks for, what it says, how it ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from appliance import i18n
from appliance.batch.course import DELIVERY_S, IMAGES_S, Course
from appliance.batch.lines import MARK, Event, human_line, machine_line
from appliance.batch.story import exit_code, told
from appliance.errors import TajdeedError
from appliance.job.board import Board
from appliance.job.protocol import EngineGone
from appliance.job.server import Server
from appliance.job.state import Delivery, JobState, Progress
from appliance.model import Identity, Outcome, Reason
from appliance.tui.feed import Answered, Gone, Refused
from appliance.tui.screen import Call
from tests.unit import face_states as states
from tests.unit.terminal import ROOT

TICKET = "e30.e30.c2ln"


def course(**changes: Any) -> Course:
    settings: dict[str, Any] = {"countdown_s": 3, "at_end": "poweroff", "delivers": True}
    return Course(TICKET, **{**settings, **changes})


def names(events: list[Event]) -> list[str]:
    return [event["event"] for event in events]


@pytest.fixture(autouse=True)
def english() -> None:
    i18n.use("en")


def test_it_counts_down_and_then_shows_the_ticket() -> None:
    run = course()
    run.absorb(states.CONSENT, 100.0)
    said = []
    call = None
    for tenth in range(31):
        events, call = run.due(100.0 + tenth / 10)
        said += [event["left_s"] for event in events if event["event"] == "countdown"]
        if tenth < 30:
            assert call is None
    assert said == [3, 2, 1, 0]
    assert call == Call("ConsentByTicket", {"ticket": TICKET})
    assert run.due(104.0) == ([], None)


def asking_state(*reasons: Reason) -> JobState:
    return replace(states.CONSENT, plan=replace(states.PLAN, image_reasons=reasons))


def test_it_does_not_start_without_an_image_while_a_server_is_asked_for_one() -> None:
    asking = Reason(code="image-source-asking", facts={"source": "https://images.example.org"})
    run = course(countdown_s=0)
    run.absorb(asking_state(asking), 0.0)
    assert run.due(0.0) == ([], None)
    assert run.due(60.0) == ([], None)
    run.absorb(asking_state(), 61.0)
    events, call = run.due(61.0)
    assert (names(events), call) == (
        ["countdown"],
        Call("ConsentByTicket", {"ticket": TICKET}),
    )


def test_it_does_not_wait_for_ever_for_a_server() -> None:
    run = course(countdown_s=0)
    run.absorb(asking_state(Reason(code="image-source-asking")), 0.0)
    assert run.due(0.0) == ([], None)
    _events, call = run.due(IMAGES_S)
    assert call is not None


def frozen_state(*, allowed: bool) -> JobState:
    first, *rest = states.PLAN.drives
    plan = replace(
        states.PLAN,
        policy=replace(states.PLAN.policy, suspend_frozen=allowed),
        drives=(replace(first, notes=(Reason(code="ata-frozen"),)), *rest),
    )
    return replace(states.CONSENT, plan=plan)


def test_it_lets_the_machine_sleep_once_for_frozen_drives_where_the_settings_say_so() -> None:
    run = course()
    run.absorb(frozen_state(allowed=True), 0.0)
    assert run.due(0.0) == ([{"event": "sleep"}], Call("Suspend", {"technician": ""}))
    run.absorb(states.DETECTING, 1.0)
    run.due(1.0)
    run.absorb(frozen_state(allowed=True), 9.0)
    assert run.due(9.0) == ([{"event": "countdown", "left_s": 3}], None)
    other = course()
    other.absorb(frozen_state(allowed=False), 0.0)
    assert other.due(0.0) == ([{"event": "countdown", "left_s": 3}], None)


def test_a_search_that_begins_again_begins_the_countdown_again() -> None:
    run = course()
    run.absorb(states.CONSENT, 0.0)
    run.due(0.0)
    run.absorb(states.DETECTING, 2.0)
    run.due(2.0)
    run.absorb(states.CONSENT, 10.0)
    assert run.due(10.0) == ([{"event": "countdown", "left_s": 3}], None)


def test_a_refused_ticket_ends_with_2_and_the_reason() -> None:
    run = course(countdown_s=0)
    run.absorb(states.CONSENT, 0.0)
    assert run.due(0.0)[1] is not None
    said = run.absorb(Refused("ConsentByTicket", TajdeedError("ticket-expired", at="x")), 1.0)
    assert names(said) == ["refused", "end"]
    assert said[0]["code"] == "ticket-expired"
    assert (run.exit, said[1]["exit"], said[1]["power"]) == (2, 2, "stay")


def test_an_engine_that_is_not_ready_is_asked_again() -> None:
    run = course(countdown_s=0)
    run.absorb(states.CONSENT, 0.0)
    assert run.due(0.0)[1] is not None
    assert run.absorb(Refused("ConsentByTicket", TajdeedError("still-searching")), 0.5) == []
    assert run.due(1.0)[1] is None
    assert run.due(3.0)[1] == Call("ConsentByTicket", {"ticket": TICKET})


def test_a_wrong_configuration_ends_with_2() -> None:
    run = course()
    run.absorb(states.BLOCKED, 0.0)
    events, call = run.due(0.0)
    assert names(events) == ["refused", "end"]
    assert events[0]["code"] == "config-unknown-key"
    assert call is None
    assert run.exit == 2


def test_a_full_stick_is_said_once_and_waited_for() -> None:
    run = course(countdown_s=0)
    full = Reason(code="state-full", facts={"free_mib": 3, "waiting": 7})
    run.absorb(replace(states.BLOCKED, problems=(full,)), 0.0)
    events, call = run.due(0.0)
    assert (names(events), events[0]["code"], call) == (["problem"], "state-full", None)
    assert run.due(60.0) == ([], None)
    assert run.exit is None
    run.absorb(states.CONSENT, 61.0)
    assert run.due(61.0)[1] == Call("ConsentByTicket", {"ticket": TICKET})


def test_a_face_that_comes_late_follows_without_a_second_consent() -> None:
    run = course(countdown_s=0)
    run.absorb(states.RUNNING, 0.0)
    assert run.due(0.0)[1] is None
    run.absorb(states.REGISTERED, 1.0)
    events, call = run.due(1.0)
    assert call == Call("PowerOff")
    assert events == [{"event": "end", "exit": 0, "power": "off"}]


def test_progress_is_said_once_a_second_at_most() -> None:
    run = course()
    run.absorb(states.RUNNING, 0.0)
    said = 0
    for tenth in range(51):
        drive = replace(states.RUNNING.drives[0], done_bytes=tenth)
        run.absorb(Progress(drives=(drive,), delivery=states.RUNNING.delivery), 10 + tenth / 10)
        said += names(run.due(10 + tenth / 10)[0]).count("progress")
    assert 5 <= said <= 6


def test_progress_says_what_the_certificate_waits_for() -> None:
    run = course()
    run.absorb(states.RUNNING, 0.0)
    run.due(0.0)
    drives = states.LATE_DRIVES.drives
    run.absorb(Progress(drives=drives, delivery=Delivery(), late_drives_s=70), 10.0)
    (event,) = run.due(10.0)[0]
    assert event["late_drives_s"] == 70


def test_it_stays_on_for_the_delivery_but_not_for_ever() -> None:
    waiting = replace(states.REGISTERED, delivery=Delivery(waiting=2))
    run = course()
    run.absorb(waiting, 0.0)
    assert run.due(0.0) == ([], None)
    run.absorb(Progress(drives=waiting.drives, delivery=Delivery(registered=2)), 5.0)
    assert run.due(5.0)[1] == Call("PowerOff")
    late = course()
    late.absorb(waiting, 0.0)
    late.due(0.0)
    assert late.due(DELIVERY_S + 1)[1] == Call("PowerOff")
    assert late.exit == 0


def test_at_end_stay_leaves_the_machine_on() -> None:
    run = course(at_end="stay", delivers=False)
    run.absorb(states.FINISHED, 0.0)
    assert run.due(0.0) == ([{"event": "end", "exit": 1, "power": "stay"}], None)


@pytest.mark.parametrize(
    ("outcome", "image_outcome", "code"),
    [
        (Outcome.PURGED, "laid-down", 0),
        (Outcome.PURGED, "failed", 1),
        (Outcome.PURGED, "", 1),
        (Outcome.UNKNOWN, "laid-down", 1),
        (Outcome.NOT_ATTEMPTED, "", 1),
        (None, "", 1),
    ],
)
def test_exit_code_says_whether_all_ended_as_planned(
    outcome: Outcome | None, image_outcome: str, code: int
) -> None:
    nvme = replace(states.REGISTERED.drives[1], outcome=outcome, image_outcome=image_outcome)
    state = replace(
        states.REGISTERED, drives=(states.REGISTERED.drives[0], nvme, states.REGISTERED.drives[2])
    )
    assert exit_code(state) == code


def test_a_drive_that_is_missing_from_the_state_is_no_success() -> None:
    assert exit_code(replace(states.REGISTERED, drives=states.REGISTERED.drives[1:])) == 1


def test_each_statement_and_change_of_a_drive_is_said_once() -> None:
    first = told(None, states.RUNNING)
    assert names(first) == ["attached", "machine", "drive", "drive", "drive", "delivery"]
    assert told(states.RUNNING, states.RUNNING) == []
    after = told(states.RUNNING, states.FINISHED)
    assert names(after) == ["phase", "statement", "drive", "drive", "finished"]
    failed = after[2]
    assert (failed["path"], failed["outcome"], failed["serial"]) == (
        "/dev/sda",
        Outcome.FAILED,
        "S2ZZJ9AB706134",
    )


def test_engine_gone_is_said_once_and_the_run_goes_on() -> None:
    run = course()
    run.absorb(states.RUNNING, 0.0)
    gone = Gone(EngineGone("refused"))
    assert names(run.absorb(gone, 1.0)) == ["engine-gone"]
    assert run.absorb(gone, 2.0) == []
    run.absorb(states.RUNNING, 3.0)
    assert names(run.absorb(gone, 4.0)) == ["engine-gone"]
    assert run.exit is None


def test_a_pulled_stick_is_said_once_and_in_words() -> None:
    run = course()
    run.absorb(states.RUNNING, 0.0)
    without = replace(states.RUNNING, problems=(Reason(code="stick-gone"),))
    (event,) = run.absorb(without, 1.0)
    assert (event["event"], event["code"]) == ("problem", "stick-gone")
    assert "pulled out" in human_line(event)
    assert run.absorb(without, 2.0) == []
    assert run.exit is None, "nobody knows yet how the drives will have ended"


def test_a_line_is_one_line_of_ascii_whatever_the_drive_is_called() -> None:
    evil = replace(states.SATA, identity=Identity(model=states.HOSTILE, serial=states.HOSTILE))
    machine = replace(states.MACHINE, drives=(evil,))
    plan = replace(
        states.PLAN, machine=machine, drives=(replace(states.PLAN.drives[0], drive=evil),)
    )
    state = replace(states.RUNNING, machine=machine, plan=plan, drives=states.RUNNING.drives[:1])
    for event in told(None, state):
        line = machine_line(event)
        assert line.startswith(MARK)
        assert line.isascii()
        assert line.isprintable()
        assert json.loads(line.removeprefix(MARK))["event"] == event["event"]
        assert human_line(event).isprintable()


def test_consent_is_told() -> None:
    assert course().absorb(Answered("ConsentByTicket"), 0.0) == [{"event": "consented"}]


# --- the whole program over the real protocol -----------------------------------------------


class Engine:
    """Board and server of the engine; the ticket starts a job that ends at once."""

    def __init__(self, socket: Path, end: JobState) -> None:
        self.board = Board(states.CONSENT)
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.off = threading.Event()
        self.stays_on = False
        self._end = end
        Server(socket, self.board, self._handle).start()

    def _handle(self, method: str, parameters: dict[str, Any]) -> dict[str, Any]:
        self.calls.append((method, parameters))
        if method == "ConsentByTicket":
            for state in (states.RUNNING, self._end):
                self.board.change(
                    **{name: getattr(state, name) for name in JobState.__dataclass_fields__}
                )
        if method == "PowerOff":
            if self.stays_on:
                raise TajdeedError("job-runs")
            self.off.set()
        return {}


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "batch.jws").write_text(TICKET + "\n")
    (folder / "station.yaml").write_text(
        "batch: {enabled: true, countdown_s: 0, at_end: poweroff, ticket: batch.jws}\n"
    )
    yield folder


def run_batch(socket: Path, data: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "appliance.cli", "batch", "--json", "--socket", str(socket),
         "--data", str(data), *flags],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip


def said(text: str) -> list[Event]:
    return [json.loads(line.split(MARK, 1)[1]) for line in text.splitlines() if MARK in line]


@pytest.mark.parametrize(("end", "code"), [(states.REGISTERED, 0), (states.FINISHED, 1)])
def test_a_whole_run(tmp_path: Path, data: Path, end: JobState, code: int) -> None:
    engine = Engine(tmp_path / "socket", replace(end, delivery=Delivery(registered=3)))
    console = tmp_path / "console"
    console.touch()
    ended = run_batch(tmp_path / "socket", data, "--console", str(console))
    assert ended.stderr == ""
    assert ended.returncode == code
    assert engine.calls[0] == ("ConsentByTicket", {"ticket": TICKET})
    assert engine.off.wait(5)
    events = said(ended.stdout)
    assert events[-1]["exit"] == code
    assert events[-1]["power"] == "off"
    assert "finished" in names(events)
    assert said(console.read_text()) == events


def test_an_engine_that_does_not_switch_off_is_told(tmp_path: Path, data: Path) -> None:
    engine = Engine(tmp_path / "socket", replace(states.REGISTERED, delivery=Delivery()))
    engine.stays_on = True
    ended = run_batch(tmp_path / "socket", data)
    assert ended.returncode == 0
    assert said(ended.stdout)[-1] == {**said(ended.stdout)[-1], "exit": 0, "power": "stay"}


def test_without_a_ticket_nothing_is_asked_for(tmp_path: Path, data: Path) -> None:
    engine = Engine(tmp_path / "socket", states.REGISTERED)
    (data / "batch.jws").unlink()
    ended = run_batch(tmp_path / "socket", data)
    assert ended.returncode == 2
    assert names(said(ended.stdout)) == ["refused", "end"]
    assert engine.calls == []


def test_a_wrong_station_file_is_told_with_its_line(tmp_path: Path, data: Path) -> None:
    (data / "station.yaml").write_text("language: ar\nbatsh: {}\n")
    ended = run_batch(tmp_path / "socket", data)
    assert ended.returncode == 2
    event = said(ended.stdout)[0]
    assert event["code"] == "config-unknown-key"
    assert event["facts"]["line"] == 2


HIDDEN = Reason(
    code="nvme-remapped-dell",
    facts={"name": "0x8086:0x2822", "address": "0000:00:17.0", "count": 1},
)


def test_what_keeps_the_machine_from_its_certificate_is_said_before_the_countdown() -> None:
    run = course()
    state = replace(states.CONSENT, plan=replace(states.PLAN, blockers=(HIDDEN,)))
    events = run.absorb(state, 0.0)
    (said,) = [event for event in events if event["event"] == "problem"]
    assert "AHCI instead of RAID" in said["text"]
    assert names(run.due(0.0)[0]) == ["countdown"]
    assert [event for event in run.absorb(state, 1.0) if event["event"] == "problem"] == []


def test_a_machine_that_is_not_certified_does_not_end_as_planned() -> None:
    good = tuple(
        replace(item, outcome=Outcome.PURGED, deployment_id="d") for item in states.FINISHED.drives
    )
    ended = replace(states.FINISHED, drives=good, outcome=Outcome.PURGED)
    assert exit_code(ended) == 0
    assert exit_code(replace(ended, outcome=Outcome.UNKNOWN)) == 1
