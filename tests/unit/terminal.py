"""A pseudo-terminal with a small screen model, to run a face in as a person would see it."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_SEQUENCE = re.compile(rb"\x1b\[([?\d;]*)([A-Za-z])|\x1b[()][A-Z0-9]|\x1b[=>78]|\x1b\][^\x07]*\x07")


class Picture:
    """What stands on a terminal of that size after the bytes that it was fed."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self._pending = b""
        self._wipe()

    def _wipe(self) -> None:
        self._cells = [[" "] * self.width for _ in range(self.height)]
        self._x = self._y = 0

    @property
    def lines(self) -> list[str]:
        return ["".join(cells) for cells in self._cells]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def resize(self, width: int, height: int) -> None:
        """Another size; what stood there is gone."""
        self.width, self.height = width, height
        self._wipe()

    def feed(self, data: bytes) -> None:
        """Bytes that a program wrote; AssertionError for a sequence that is not ours."""
        self._pending += data
        while self._pending:
            if self._pending[0] == 0x1B:
                match = _SEQUENCE.match(self._pending)
                if match is None:
                    if len(self._pending) > 32:
                        raise AssertionError(f"unknown sequence: {self._pending[:16]!r}")
                    return
                self._control(match)
                self._pending = self._pending[match.end() :]
                continue
            end = self._pending.find(b"\x1b")
            chunk = self._pending if end < 0 else self._pending[:end]
            try:
                text = chunk.decode()
            except UnicodeDecodeError:
                return
            self._pending = self._pending[len(chunk) :]
            for char in text:
                self._put(char)

    def _control(self, match: re.Match[bytes]) -> None:
        numbers = [int(n) for n in re.findall(rb"\d+", match.group(1) or b"")]
        if match.group(2) == b"H":
            row, column = [*numbers, 1, 1][:2] if len(numbers) != 1 else (numbers[0], 1)
            self._y, self._x = row - 1, column - 1
        elif match.group(2) == b"J":
            x, y = self._x, self._y
            self._wipe()
            self._x, self._y = x, y

    def _put(self, char: str) -> None:
        if char == "\r":
            self._x = 0
        elif char == "\n":
            self._y = min(self._y + 1, self.height - 1)
        elif char.isprintable() and self._y < self.height and self._x < self.width:
            self._cells[self._y][self._x] = char
            self._x += 1


class Terminal:
    """A program on a terminal of its own; `lines` is what stands on its screen."""

    def __init__(self, *argv: str, term: str = "linux", size: tuple[int, int] = (80, 24)) -> None:
        self.picture = Picture(*size)
        self._master, slave = pty.openpty()
        self._set_size(slave)
        environment = {
            "PATH": os.environ["PATH"],
            "TERM": term,
            "LANG": "C.UTF-8",
            "PYTHONPATH": str(ROOT),
        }
        # setsid -c: a session of its own with this terminal, so that a resize is signalled.
        self.process = subprocess.Popen(
            ["setsid", "-c", sys.executable, "-W", "ignore", *argv],
            stdin=slave, stdout=slave, stderr=slave, env=environment, cwd=ROOT,
        )  # fmt: skip
        os.close(slave)
        self.raw = b""

    def _set_size(self, fd: int) -> None:
        size = struct.pack("HHHH", self.picture.height, self.picture.width, 0, 0)
        fcntl.ioctl(fd, termios.TIOCSWINSZ, size)

    def resize(self, width: int, height: int) -> None:
        """As when a window changes its size; the program is told by SIGWINCH."""
        self.picture.resize(width, height)
        self._set_size(self._master)

    @property
    def lines(self) -> list[str]:
        return self.picture.lines

    @property
    def text(self) -> str:
        return self.picture.text

    def press(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def wait_for(self, text: str, timeout_s: float = 20.0) -> None:
        """Read until the text stands on the screen; AssertionError shows what stood instead."""
        self.wait_until(lambda: text in self.text, f"{text!r} to appear", timeout_s)

    def wait_until(self, condition: Callable[[], bool], what: str, timeout_s: float = 20.0) -> None:
        end = time.monotonic() + timeout_s
        while not condition():
            left = end - time.monotonic()
            assert left > 0, f"waited for {what}; the screen was:\n{self.text}"
            ready, _, _ = select.select([self._master], [], [], min(left, 0.2))
            if ready:
                try:
                    data = os.read(self._master, 65536)
                except OSError:
                    data = b""  # the program has ended and closed its side
                self.raw += data
                self.picture.feed(data)

    def close(self) -> None:
        """End the program if it still runs."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(10)
        os.close(self._master)
