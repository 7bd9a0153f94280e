"""What a person at a virtual machine sees on its serial line, and presses there."""

import time

from imagebuilder.vm import Machine
from tests.unit.terminal import Picture

F10 = "\x1b[21~"


class Screen:
    """The face on the serial line, as a person sees it."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._picture = Picture(80, 25)
        self._read = 0

    @property
    def text(self) -> str:
        raw = self._machine.serial[0].raw
        self._picture.feed(raw[self._read :])
        self._read = len(raw)
        return self._picture.text

    def wait_for(self, text: str, timeout_s: float = 60) -> None:
        deadline = time.monotonic() + timeout_s
        while text not in self.text:
            self._machine.check_alive()
            assert time.monotonic() < deadline, f"no {text!r}; the screen was:\n{self.text}"
            time.sleep(0.2)

    def press(self, keys: str) -> None:
        self._machine.serial[0].send(keys)
