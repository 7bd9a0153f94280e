"""The real face on a pseudo-terminal, over the real protocol, against a board of states."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from appliance.errors import TajdeedError
from appliance.job.board import Board
from appliance.job.server import Server
from appliance.job.state import JobState, Progress
from appliance.model import to_json
from tests.unit import face_states as states
from tests.unit.terminal import ROOT, Terminal

Start = Callable[..., Terminal]
FACE = ("-m", "appliance.cli", "tui")


class Engine:
    """The engine's board and server, with calls kept instead of obeyed."""

    def __init__(self, socket: Path, state: JobState) -> None:
        self.board = Board(state)
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.called = threading.Event()
        self.refusal: TajdeedError | None = None
        Server(socket, self.board, self._handle).start()

    def _handle(self, method: str, parameters: dict[str, Any]) -> dict[str, Any]:
        self.calls.append((method, parameters))
        self.called.set()
        if self.refusal is not None:
            raise self.refusal
        return {}

    def show(self, state: JobState) -> None:
        fields = {name: getattr(state, name) for name in JobState.__dataclass_fields__}
        self.board.change(**fields)


@pytest.fixture
def socket(tmp_path: Path) -> Path:
    return tmp_path / "engine.socket"


@pytest.fixture
def start(socket: Path) -> Iterator[Start]:
    """Starts faces and ends them after the test."""
    terminals: list[Terminal] = []

    def begin(*flags: str, **how: Any) -> Terminal:
        terminal = Terminal(*FACE, "--socket", str(socket), *flags, **how)
        terminals.append(terminal)
        return terminal

    yield begin
    for terminal in terminals:
        terminal.close()


def test_the_first_screen_needs_no_engine_and_the_face_attaches_by_itself(
    socket: Path, start: Start
) -> None:
    face = start("--early")
    face.wait_for("Searching for the drives of this machine")
    Engine(socket, states.CONSENT)
    face.wait_for("LENOVO 20L6S3VP00")


def test_from_consent_to_result_with_keys(socket: Path, start: Start) -> None:
    engine = Engine(socket, states.CONSENT)
    face = start()
    face.wait_for("LENOVO")
    face.press("\r")
    face.wait_for("Then Family system, light")
    face.press("c")
    face.wait_for("Technician")
    face.press("Sami\t6134")
    face.wait_for("✓ right")
    face.press("3456")
    face.wait_until(lambda: face.text.count("✓ right") == 2, "both serials to be right")
    face.press("\x1b[21~")
    face.wait_until(engine.called.is_set, "the consent to arrive")
    method, parameters = engine.calls[0]
    assert method == "Consent"
    assert parameters["consent"]["typed"] == {"sata": "6134", "nvme": "3456"}
    engine.show(states.RUNNING)
    face.wait_for("52.2 %")
    later = replace(states.RUNNING.drives[0], done_bytes=400_086_289_612)
    drives = (later, *states.RUNNING.drives[1:])
    engine.board.progress(Progress(drives=drives, delivery=states.RUNNING.delivery))
    face.wait_for("79.9 %")
    engine.show(states.FINISHED)
    face.wait_for("Do not hand this machine on")


def test_a_refusal_of_the_engine_is_shown(socket: Path, start: Start) -> None:
    engine = Engine(socket, states.FINISHED)
    engine.refusal = TajdeedError("engine-gone", problem="told by the test")
    face = start()
    face.wait_for("Result")
    face.press("P")
    face.wait_for("told by the test")


def test_a_killed_face_comes_back_to_where_the_job_is(socket: Path, start: Start) -> None:
    Engine(socket, states.RUNNING)
    face = start()
    face.wait_for("52.2 %")
    face.process.send_signal(signal.SIGKILL)
    face.process.wait(10)
    again = start()
    again.wait_for("52.2 %")


def test_two_faces_show_one_job(socket: Path, start: Start) -> None:
    engine = Engine(socket, states.CONSENT)
    one, other = start(), start("--language", "ar")
    one.wait_for("LENOVO")
    other.wait_for("LENOVO")
    engine.show(states.RUNNING)
    one.wait_for("52.2 %")
    other.wait_for("52.2 %")


def test_the_language_key_mirrors_the_screen(socket: Path, start: Start) -> None:
    Engine(socket, states.RUNNING)
    face = start()
    face.wait_for("52.2 %")
    left = next(line.index("ST500LM012") for line in face.lines if "ST500LM012" in line)
    face.press("\x1b[[B")
    face.wait_for("\ufe8d")  # an alef: Arabic stands on the screen
    face.wait_for("52.2 %")
    right = next(line.index("ST500LM012") for line in face.lines if "ST500LM012" in line)
    assert left < 10 < right


def test_a_resized_terminal_is_filled_again(socket: Path, start: Start) -> None:
    Engine(socket, states.CONSENT)
    face = start()
    face.wait_for("F2  Arabic")
    face.resize(60, 20)
    face.wait_for("80x24")
    face.resize(100, 30)
    face.wait_for("LENOVO")
    face.wait_until(lambda: "F2" in face.lines[29], "the keys to stand on the last line")


def test_the_engine_may_be_killed_and_come_back(socket: Path, start: Start) -> None:
    engine = _engine_process(socket, states.RUNNING)
    face = start()
    try:
        face.wait_for("52.2 %")
        engine.kill()
        engine.wait(10)
        face.wait_for("engine does not answer")
        face.wait_for("52.2 %")
    finally:
        engine.kill()
        engine.wait(10)
    again = _engine_process(socket, states.FINISHED)
    try:
        face.wait_for("Do not hand this machine on")
        face.wait_until(lambda: "engine does not answer" not in face.text, "the notice to go")
    finally:
        again.kill()
        again.wait(10)


_SERVE = """
import json, sys, threading
from pathlib import Path
from appliance.job.board import Board
from appliance.job.server import Server
from appliance.job.state import JobState
from appliance.model import from_json
state = from_json(JobState, json.load(sys.stdin))
Server(Path(sys.argv[1]), Board(state), lambda method, parameters: {}).start()
threading.Event().wait()
"""


def _engine_process(socket: Path, state: JobState) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", _SERVE, str(socket)],
        stdin=subprocess.PIPE, text=True, cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert process.stdin is not None
    process.stdin.write(json.dumps(to_json(state)))
    process.stdin.close()
    return process


def test_a_serial_terminal_without_colours_gets_the_monochrome_twin(
    socket: Path, start: Start
) -> None:
    Engine(socket, states.CONSENT)
    face = start(term="vt220")
    face.wait_for("LENOVO")
    face.wait_for("F2  Arabic")
    assert b"\x1b[7m" in face.raw
    assert b"\x1b[44m" not in face.raw


def test_the_terminal_is_given_back_when_the_face_ends(socket: Path, start: Start) -> None:
    Engine(socket, states.CONSENT)
    face = start()
    face.wait_for("LENOVO")
    face.process.send_signal(signal.SIGTERM)
    assert face.process.wait(10) == 0
    face.wait_until(lambda: b"\x1b[?25h" in face.raw, "the cursor to be shown again")


def test_without_a_terminal_it_says_so() -> None:
    ended = subprocess.run(
        [sys.executable, *FACE], stdin=subprocess.DEVNULL, capture_output=True, text=True,
        cwd=ROOT, check=False,
    )  # fmt: skip
    assert ended.returncode == 2
    assert "not a terminal" in ended.stderr


def test_nothing_heavy_is_loaded_before_the_first_screen() -> None:
    script = (
        "import sys; import appliance.cli, appliance.tui.main, appliance.tui.first as f;"
        "from appliance.tui.text import visual; visual('جاهز', True);"
        "print(*sorted(sys.modules))"
    )
    ended = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); {script}"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    loaded = set(ended.stdout.split())
    heavy = {"blessed", "asyncio", "requests", "cryptography", "yaml", "fontTools"}
    assert not loaded & heavy
    assert "appliance.model" not in loaded
