"""The only place that touches the terminal: keys in, changed rows out.

It waits in one `select` for keys, for the engine's news and for a change of size, so it
costs nothing while nothing happens. Only rows that changed are written; from time to time
all are, because the kernel may have written over a console.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from pathlib import Path
from types import FrameType

import blessed
from blessed.keyboard import Keystroke

from appliance.tui import first
from appliance.tui.feed import Feed
from appliance.tui.palette import ROLES
from appliance.tui.screen import Call, Redraw
from appliance.tui.session import Session

REPAINT_S = 15.0
TICK_S = 1.0

_NAMES = {
    "KEY_ENTER": "enter",
    "KEY_TAB": "tab",
    "KEY_BTAB": "backtab",
    "KEY_SHIFT_TAB": "backtab",
    "KEY_ESCAPE": "esc",
    "KEY_BACKSPACE": "backspace",
    "KEY_DELETE": "delete",
    "KEY_UP": "up",
    "KEY_DOWN": "down",
    "KEY_LEFT": "left",
    "KEY_RIGHT": "right",
    "KEY_PGUP": "pgup",
    "KEY_PGDOWN": "pgdn",
    **{f"KEY_F{number}": f"f{number}" for number in range(1, 13)},
}
_CONTROLS = {"\r": "enter", "\n": "enter", "\t": "tab", "\x1b": "esc", "\x7f": "backspace"}


class Leave(Exception):
    """The supervisor, or the person who started the face by hand, wants it to end."""


def key_name(stroke: Keystroke) -> str:
    """The name of a key as screens know it; empty for one that they cannot know."""
    if stroke.name in _NAMES:
        return _NAMES[stroke.name]
    text = str(stroke)
    if text in _CONTROLS:
        return _CONTROLS[text]
    if text == "\x08":
        return "backspace"
    if len(text) == 1 and ord(text) < 32:
        return f"^{chr(ord(text) + 96)}"
    return text if len(text) == 1 and text.isprintable() else ""


class Painter:
    """Writes frames to the terminal, row by changed row."""

    def __init__(self, term: blessed.Terminal) -> None:
        self._term = term
        colour = term.number_of_colors >= 8 and not os.environ.get("NO_COLOR")
        self._attributes = {
            name: str(getattr(term, role.colour if colour else role.mono))
            for name, role in ROLES.items()
        }
        self._rows: list[str] = []
        self._wipe = True

    def forget(self, *, wipe: bool) -> None:
        """Paint every row the next time; `wipe` first, where the old picture does not fit."""
        self._rows = []
        self._wipe = self._wipe or wipe

    def paint(self, frame: list[list[tuple[str, str]]]) -> None:
        term = self._term
        normal = str(term.normal)
        rows = ["".join(f"{self._attributes[r]}{t}{normal}" for t, r in runs) for runs in frame]
        out = [str(term.clear)] if self._wipe else []
        self._wipe = False
        for number, text in enumerate(rows):
            if number >= len(self._rows) or self._rows[number] != text:
                out.append(f"{term.move_xy(0, number)}{text}")
        self._rows = rows
        if out:
            sys.stdout.write("".join(out))
            sys.stdout.flush()


def run(session: Session, socket: Path) -> int:
    """Show the session on this terminal until it is told to end; 0."""
    read_end, write_end = os.pipe()
    for end in (read_end, write_end):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(write_end, warn_on_full_buffer=False)
    signal.signal(signal.SIGWINCH, lambda *_: None)
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, _leave)

    def wake() -> None:
        try:
            os.write(write_end, b"\0")
        except BlockingIOError:
            return  # the pipe is full: it will wake anyway

    feed = Feed(socket, wake)
    feed.start()
    term = blessed.Terminal()
    try:
        with term.fullscreen(), term.cbreak(), term.hidden_cursor():
            _show(session, feed, term, read_end)
    except Leave:
        return 0
    finally:
        signal.set_wakeup_fd(-1)
    return 0


def _leave(_number: int, _frame: FrameType | None) -> None:
    raise Leave


def _size(term: blessed.Terminal) -> tuple[int, int]:
    """Columns and rows; a serial line that was never told its size counts as the usual one."""
    return (term.width or first.SIZE[0], term.height or first.SIZE[1])


def _show(session: Session, feed: Feed, term: blessed.Terminal, wakes: int) -> None:
    painter = Painter(term)
    keyboard = sys.stdin.fileno()
    size = (0, 0)
    painted_at = time.monotonic()
    painter.paint(session.frame(*_size(term)))
    first.mark()
    while True:
        now = _size(term)
        if size != now or time.monotonic() - painted_at > REPAINT_S:
            painter.forget(wipe=size != now)
            size = now
            painted_at = time.monotonic()
        painter.paint(session.frame(*size))
        ready, _, _ = select.select([keyboard, wakes], [], [], TICK_S)
        if wakes in ready:
            os.read(wakes, 4096)
        for news in feed.take():
            session.absorb(news)
        if keyboard in ready:
            _read_keys(session, feed, term, painter)


def _read_keys(session: Session, feed: Feed, term: blessed.Terminal, painter: Painter) -> None:
    while stroke := term.inkey(timeout=0):
        left = session.press(key_name(stroke))
        if isinstance(left, Call):
            feed.ask(left.method, left.parameters)
        elif isinstance(left, Redraw):
            painter.forget(wipe=True)
