"""`tajdeed batch`: shows a ticket to the engine after a countdown and tells what happens.

Exit codes: 0 every drive of the plan ended as planned; 1 something failed; 2 the ticket or
the configuration was refused and nothing was touched. The lines are described in
`appliance.batch.lines`.
"""

from __future__ import annotations

import argparse
import os
import sys
import threading
import time
from pathlib import Path

from appliance import i18n
from appliance.batch.course import Course, refusal
from appliance.batch.lines import Event, human_line, machine_line
from appliance.errors import ConfigError, TajdeedError
from appliance.job.protocol import call
from appliance.settings import CMDLINE, DATA, STATION_FILE, read
from appliance.tui.feed import Feed
from appliance.tui.screen import Call

SOCKET = "/run/tajdeed/engine.socket"
TICK_S = 0.25


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of `tajdeed batch`."""
    parser.add_argument("--json", action="store_true", help="one line '@tajdeed {json}' an event")
    parser.add_argument("--console", type=Path, help="write there, too (a terminal's path)")
    parser.add_argument("--socket", type=Path, default=Path(SOCKET), help="the engine's socket")
    parser.add_argument("--data", type=Path, default=DATA, help="the stick's data partition")


class Teller:
    """Writes events to standard output and, if there is one, to a console.

    Each line is one write, so that lines stay whole beside a screen on the same terminal. An
    output that is gone or hangs up is not written to any more; the run goes on.
    """

    def __init__(self, *, as_json: bool, console: Path | None) -> None:
        self._as_json = as_json
        self._outs = [sys.stdout.fileno()]
        if console is not None:
            # Never this process's controlling terminal: its hang-up must not end the run.
            self._outs.append(os.open(console, os.O_WRONLY | os.O_NOCTTY))

    def tell(self, events: list[Event]) -> None:
        for event in events:
            line = machine_line(event) if self._as_json else human_line(event)
            if line:
                self._write(line)

    def _write(self, line: str) -> None:
        for out in list(self._outs):
            # On a terminal the line begins a new one, wherever a screen left the cursor.
            text = f"\r\n{line}\r\n" if os.isatty(out) else f"{line}\n"
            left = text.encode(errors="replace")
            try:
                while left:
                    left = left[os.write(out, left) :]
            except OSError:
                self._outs.remove(out)


def run(args: argparse.Namespace) -> int:
    """Run to the end of the job."""
    i18n.use("en")  # a journal and a serial line; the screen beside speaks the person's language
    teller = Teller(as_json=args.json, console=args.console)
    try:
        settings = read(args.data / STATION_FILE.name, CMDLINE)
        ticket = _ticket(args.data, settings["batch.ticket"])
    except ConfigError as error:
        teller.tell([refusal(error), {"event": "end", "exit": 2, "power": "stay"}])
        return 2
    course = Course(
        ticket,
        countdown_s=settings["batch.countdown_s"],
        at_end=settings["batch.at_end"],
        delivers=bool(settings["servers"]),
    )
    return follow(course, args.socket, teller)


def _ticket(data: Path, name: str) -> str:
    """The ticket's text; ConfigError `ticket-unreadable` where the file cannot be read."""
    file = data / name
    try:
        return file.read_text(encoding="ascii").strip()
    except (OSError, ValueError) as error:
        raise ConfigError("ticket-unreadable", file=str(file), problem=str(error)) from error


def follow(course: Course, socket: Path, teller: Teller) -> int:
    """Drive the course with the engine's news and the clock; the exit code."""
    woken = threading.Event()
    feed = Feed(socket, woken.set)
    feed.start()
    while course.exit is None:
        woken.wait(TICK_S)
        woken.clear()
        for news in feed.take():
            teller.tell(course.absorb(news, time.monotonic()))
        events, asked = course.due(time.monotonic())
        if asked is not None and asked.method == "PowerOff":
            # The last thing that is asked for: nobody is here any more to hear of it later.
            events = _at_last(asked, events, socket)
        elif asked is not None:
            feed.ask(asked.method, asked.parameters)
        teller.tell(events)
    return course.exit


def _at_last(asked: Call, events: list[Event], socket: Path) -> list[Event]:
    """Ask the engine and wait for its answer; if it does not switch off, say that."""
    try:
        call(asked.method, socket, **asked.parameters)
    except TajdeedError:
        return [
            {**event, "power": "stay"} if event["event"] == "end" else event for event in events
        ]
    return events
