"""The very first screen: before systemd, before the engine, before the terminal library.

It imports almost nothing and writes plain ECMA-48 sequences, which every terminal that we
start on understands, so that a person sees within a second that the machine is not hung.
`WAITING` rows are also what the loop shows while it has no state yet.
"""

from __future__ import annotations

import os
import sys
import termios
from pathlib import Path

from appliance.i18n import _
from appliance.tui.rows import EMPTY, Cell, Row, painted, row
from appliance.tui.text import isolated, wrapped

MARK = Path("/run/tajdeed/first-screen")
SIZE = (80, 24)

_SGR = {"title": "\x1b[0;1;37;44m", "strong": "\x1b[0;1m", "normal": "\x1b[0m"}


def uptime_s() -> int:
    """Seconds since the kernel started; 0 where the kernel does not say (proc(5))."""
    try:
        return int(float(Path("/proc/uptime").read_text().split()[0]))
    except (OSError, ValueError, IndexError):
        return 0


def waiting_rows(problem: str = "") -> list[Row]:
    """What is going on while there is no engine to ask; `problem` is what it last said."""
    rows = [
        row(Cell(" ", "title"), Cell(_("Tajdeed"), "title", fill=True)),
        EMPTY,
        row("  ", Cell(_("Searching for the drives of this machine..."), "strong")),
        EMPTY,
        row("  ", _("Nothing is written to them before you consent.")),
        EMPTY,
        row("  ", _("{n} s since the start").format(n=isolated(uptime_s()))),
    ]
    return [*rows, EMPTY, *(row("  ", line) for line in wrapped(problem, SIZE[0] - 4))]


def hush() -> None:
    """Keys that are pressed before the loop reads them wait, and are not written anywhere."""
    try:
        keyboard = sys.stdin.fileno()
        attributes = termios.tcgetattr(keyboard)
        attributes[3] &= ~(termios.ECHO | termios.ICANON)
        termios.tcsetattr(keyboard, termios.TCSANOW, attributes)
    except (OSError, termios.error):
        return


def paint(rtl: bool) -> None:
    """Write the first screen to standard output and leave the mark that it is there."""
    hush()
    try:
        width = os.get_terminal_size(sys.stdout.fileno()).columns or SIZE[0]
    except OSError:
        width = SIZE[0]
    out = ["\x1b[?25l\x1b[0m\x1b[2J"]
    for number, each in enumerate(waiting_rows(), start=1):
        runs = painted(each, width, rtl)
        text = "".join(f"{_SGR.get(role, _SGR['normal'])}{part}" for part, role in runs)
        out.append(f"\x1b[{number};1H{text}\x1b[0m")
    sys.stdout.write("".join(out))
    sys.stdout.flush()
    mark()


def mark() -> None:
    """Say that a face has drawn; the boot goes on without it where this cannot be written."""
    try:
        MARK.touch()
    except OSError:
        return
