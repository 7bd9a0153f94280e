"""A hand and an eye on a family's desktop in a virtual PC: names are read, then clicked by mouse.

What is on the screen is told by AT-SPI, as to a screen reader; the click comes from outside, by a
tablet of QEMU's, so that only what a person could reach is reached.
"""

from __future__ import annotations

import base64
import json
import shlex
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from imagebuilder.vm import Machine
from tests.vm.guestshell import wait_until_idle

# QEMU's arguments for a pointer that can be put anywhere.
POINTER = ("-device", "usb-tablet,bus=usb.0")
_READER = Path(__file__).with_name("screenreader.py")
_IN_GUEST = "/run/screenreader.py"
_TITLES = Path(__file__).with_name("windowtitles.py")
_TITLES_IN_GUEST = "/run/windowtitles.py"
_TABLET = 0x7FFF
# LibreOffice on an emulated PC drops keys that come faster.
_KEY_S = 0.7


@dataclass(frozen=True, slots=True)
class Seen:
    """Something with a name on the screen. `place`: left, top, width, height in pixels."""

    name: str
    role: str
    place: tuple[int, int, int, int]
    usable: bool


class Desk:
    """The desktop of `login`, who is logged in. `clicks` counts those since it was set to 0."""

    def __init__(self, machine: Machine, login: str) -> None:
        self.machine = machine
        self.login = login
        self.clicks = 0
        for source, target in ((_READER, _IN_GUEST), (_TITLES, _TITLES_IN_GUEST)):
            code = base64.b64encode(source.read_bytes()).decode()
            machine.shell.check(f"echo {code} | base64 -d > {target}")
        picture = machine.screenshot(machine.workdir / "size.png")
        self.size: tuple[int, int] = struct.unpack(">II", picture.read_bytes()[16:24])

    def run(self, command: str, timeout_s: float = 120) -> str:
        """What a command prints that runs as the family's own, in its session."""
        run_there = f"""'exec runuser -u {self.login} -- env -i "$@" sh -c "$0"'"""
        environment = "/proc/$(pgrep -xo xfdesktop)/environ"
        words = f"xargs -0 -a {environment} sh -c {run_there} {shlex.quote(command)}"
        return self.machine.shell.check(words, timeout_s)

    def seen(self, *names: str) -> list[Seen]:
        """What is shown whose name is, or contains, one of these; with none, everything."""
        words = " ".join(shlex.quote(name) for name in names)
        found = []
        for line in self.run(f"python3 {_IN_GUEST} {words}").splitlines():
            if line.startswith("{"):
                said = json.loads(line)
                found.append(Seen(said["name"], said["role"], tuple(said["place"]), said["usable"]))
        return found

    def windows(self) -> list[str]:
        """The titles of the windows on the screen."""
        return self.run(f"python3 {_TITLES_IN_GUEST}").splitlines()

    def wait(self, part: str, timeout_s: float = 240) -> Seen:
        """Wait until something is shown whose name contains that."""
        deadline = time.monotonic() + timeout_s
        while True:
            for found in self.seen(part):
                return found
            if time.monotonic() > deadline:
                self.machine.screenshot(self.machine.workdir / "timeout.png")
                names = sorted({seen.name for seen in self.seen()})
                raise AssertionError(f"not on the screen: {part}; there are {names}")
            time.sleep(1)

    def wait_window(self, part: str, timeout_s: float = 400) -> None:
        """Wait until there is a window whose title contains that."""
        self._until(lambda titles: any(part in title for title in titles), part, timeout_s)

    def wait_ready(self, program: str, part: str, timeout_s: float = 400) -> None:
        """Wait until a program's window with that in its title takes keys."""
        self.wait_window(part, timeout_s)
        wait_until_idle(self.machine, program, timeout_s)

    def wait_gone(self, part: str, timeout_s: float = 120) -> None:
        """Wait until no window's title contains that."""
        self._until(lambda titles: not any(part in title for title in titles), part, timeout_s)

    def _until(self, met: Callable[[list[str]], bool], part: str, timeout_s: float) -> None:
        deadline = time.monotonic() + timeout_s
        while not met(titles := self.windows()):
            if time.monotonic() > deadline:
                self.machine.screenshot(self.machine.workdir / "timeout.png")
                raise AssertionError(f"waited for {part}; the windows are {titles}")
            time.sleep(1)

    def press(self, name: str, timeout_s: float = 240) -> None:
        """Click the button of that very name as soon as it is there and can be used."""
        deadline = time.monotonic() + timeout_s
        while True:
            for found in self.seen(name):
                if found.name == name and found.usable and found.role in _PRESSED:
                    self.click(found.place)
                    return
            if time.monotonic() > deadline:
                self.machine.screenshot(self.machine.workdir / "timeout.png")
                raise AssertionError(f"no button to press: {name}")
            time.sleep(1)

    def keys(self, *names: str) -> None:
        """Press one key after the other, so slowly that a program on a slow PC keeps up."""
        for name in names:
            self.machine.press(name)
            time.sleep(_KEY_S)

    def click(self, place: tuple[int, int, int, int]) -> None:
        """One click into the middle of that place."""
        left, top, width, height = place
        middle = (left + width // 2, top + height // 2)
        moves: list[dict[str, object]] = [
            {"type": "abs", "data": {"axis": axis, "value": at * _TABLET // whole}}
            for axis, at, whole in zip("xy", middle, self.size, strict=True)
        ]
        self._send(moves)
        time.sleep(0.3)
        for down in (True, False):
            self._send([{"type": "btn", "data": {"down": down, "button": "left"}}])
            time.sleep(0.1)
        self.clicks += 1

    def _send(self, events: list[dict[str, object]]) -> None:
        self.machine.qmp.command("input-send-event", events=events)


_PRESSED = frozenset({"button", "push button", "toggle button", "list item"})
