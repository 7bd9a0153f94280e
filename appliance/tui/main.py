"""`tajdeed tui`: one face on one terminal.

A Linux console with a framebuffer carries our fonts, so it follows the station's language;
any other terminal (a serial line) speaks English unless it is told otherwise, because
nobody knows what it can show.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from pathlib import Path

from appliance import i18n
from appliance.tui import first

SOCKET = "/run/tajdeed/engine.socket"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of `tajdeed tui`."""
    parser.add_argument("--early", action="store_true", help="paint before anything is loaded")
    parser.add_argument("--language", choices=i18n.LANGUAGES, help="keep to this language")
    parser.add_argument("--socket", default=SOCKET, help="the engine's socket")


def terminal_shows_arabic(tty: str, framebuffer: Path = Path("/dev/fb0")) -> bool:
    """Whether this terminal has our console font: a virtual console on a framebuffer."""
    return re.fullmatch(r"/dev/tty\d+", tty) is not None and framebuffer.exists()


def kernel_language(command_line: str) -> str:
    """The language that `tajdeed.lang` of the kernel command line asks for, else Arabic."""
    asked = re.findall(r"(?:^|\s)tajdeed\.lang=(\w+)", command_line)
    return asked[-1] if asked and asked[-1] in i18n.LANGUAGES else "ar"


def _command_line() -> str:
    try:
        return Path("/proc/cmdline").read_text()
    except OSError:
        return ""


def run(args: argparse.Namespace) -> int:
    """Show the face until it is told to end; 0, or 2 where there is no terminal."""
    try:
        tty = os.ttyname(sys.stdin.fileno())
    except OSError:
        sys.stderr.write("tajdeed tui: standard input is not a terminal\n")
        return 2
    follows = args.language is None and terminal_shows_arabic(tty)
    i18n.use(args.language or (kernel_language(_command_line()) if follows else "en"))
    if args.early:
        first.paint(i18n.language() == "ar")
    # Only now: these take longer than the first screen may.
    from appliance.tui import loop
    from appliance.tui.session import Session

    return loop.run(Session(follows=follows), Path(args.socket))
