"""A serial line of a virtual PC: read by a thread, searched by regular expressions, typed into.

Searches see the text without terminal escape sequences. `Shell` runs commands through a line on
which a guest's shell listens.
"""

import re
import threading
import time
from collections.abc import Callable
from pathlib import Path

from imagebuilder.vm.plugs import connected

# ECMA-48 control sequences, character set switches, operating system commands.
_ESCAPES = re.compile(
    rb"\x1b\[[0-?]*[ -/]*[@-~]"
    rb"|\x1b[()#][0-9A-Za-z]"
    rb"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"
    rb"|\x1b[=>78cDEHMNOZ]"
    rb"|\x1b(?:[\[\]()#][0-?]*[ -/]*)?$"  # one of them, still incomplete
)


class ConsoleTimeout(Exception):
    """What was waited for did not come; carries the line's last words."""


class Console:
    """One serial line, connected to QEMU's socket at `path`."""

    def __init__(self, path: Path, name: str) -> None:
        self.name = name
        self._socket = connected(path)
        self._raw = bytearray()
        self._closed = False
        self._position = 0
        self._news = threading.Condition()
        self._thread = threading.Thread(target=self._read, daemon=True, name=f"console-{name}")
        self._thread.start()

    @property
    def raw(self) -> bytes:
        """Everything that the guest has sent so far, escape sequences included."""
        with self._news:
            return bytes(self._raw)

    @property
    def text(self) -> str:
        """Everything so far without escape sequences."""
        return _plain(self.raw)

    def wait_for(
        self,
        pattern: str,
        timeout_s: float,
        *,
        alive: Callable[[], None] | None = None,
    ) -> re.Match[str]:
        """The next match of `pattern` after the end of the last one that was waited for.

        `alive` is called four times a second and raises when waiting makes no sense any more.
        Raises `ConsoleTimeout`.
        """
        expression = re.compile(pattern)
        deadline = time.monotonic() + timeout_s
        size = -1
        while True:
            with self._news:
                if len(self._raw) == size and not self._closed:
                    self._news.wait(0.25)
                size = len(self._raw)
                closed = self._closed
            text = self.text
            match = expression.search(text, self._position)
            if match:
                self._position = match.end()
                return match
            if alive is not None:
                alive()
            if closed or time.monotonic() > deadline:
                why = "the line was closed" if closed else f"not within {timeout_s:g} s"
                tail = "\n".join(text.splitlines()[-30:])
                raise ConsoleTimeout(f"{self.name}: {pattern!r}: {why}; its last lines:\n{tail}")

    def skip(self) -> None:
        """The next `wait_for` looks only at what comes from now on."""
        self._position = len(self.text)

    def send(self, text: str) -> None:
        """Type text into the guest."""
        self._socket.sendall(text.encode())

    def close(self) -> None:
        """End the reading thread and the connection."""
        self._socket.close()

    def _read(self) -> None:
        while True:
            try:
                data = self._socket.recv(65536)
            except OSError:
                data = b""
            with self._news:
                if data:
                    self._raw += data
                else:
                    self._closed = True
                self._news.notify_all()
            if not data:
                return


class Shell:
    """A guest's shell behind a serial line, which does not echo and prints no prompt."""

    def __init__(self, console: Console, alive: Callable[[], None] | None = None) -> None:
        self._console = console
        self._alive = alive
        self._count = 0

    def ready(self, timeout_s: float) -> None:
        """Wait until the shell answers."""
        deadline = time.monotonic() + timeout_s
        while True:
            try:
                self.run("true", timeout_s=5)
                return
            except ConsoleTimeout:
                if time.monotonic() > deadline:
                    raise

    def run(self, command: str, timeout_s: float = 60) -> tuple[int, str]:
        """Run a command; its exit status and its output (both streams, as they came)."""
        self._count += 1
        mark = f"@@{self._count}"
        self._console.skip()
        self._console.send(f"echo '{mark}''<'; {{ {command}\n}} 2>&1; echo \"{mark}\"\">$?@\"\n")
        self._console.wait_for(f"{mark}<\r?\n", timeout_s, alive=self._alive)
        match = self._console.wait_for(rf"(?s)(.*?){mark}>(\d+)@", timeout_s, alive=self._alive)
        return int(match[2]), match[1].replace("\r\n", "\n").strip("\n")

    def check(self, command: str, timeout_s: float = 60) -> str:
        """Run a command that must succeed; its output."""
        status, output = self.run(command, timeout_s)
        if status:
            raise AssertionError(f"in the guest: {command}: status {status}\n{output}")
        return output


def _plain(raw: bytes) -> str:
    return _ESCAPES.sub(b"", raw).decode(errors="replace")
