"""Simulated drives for a virtual PC: starts a process for each, plugs it in, tells the truth.

Every drive sits on a controller of its own, so the PCI slot says whose it is, whatever the drive
calls itself. The processes are owned here and end with the `with` statement.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from tests.drivelab.donor import left_bytes
from tests.drivelab.personality import Bus, Personality

_REPOSITORY = Path(__file__).resolve().parents[2]
# Slots of the root bus that QEMU's own devices leave alone.
_FIRST_SLOT, _LAST_SLOT = 0x0A, 0x1E


class LaboratoryError(Exception):
    """A drive's process could not be started or has died; its own words are in the text."""


class Laboratory:
    """Some personalities, plugged into one virtual PC. `directory` keeps media and journals."""

    def __init__(self, personalities: Sequence[Personality], directory: Path) -> None:
        if len(personalities) > _LAST_SLOT - _FIRST_SLOT + 1:
            raise ValueError("more drives than PCI slots")
        self.directory = directory
        self.personalities = tuple(personalities)
        self.processes: dict[str, subprocess.Popen[str]] = {}
        self._sockets: Path | None = None

    def __enter__(self) -> Self:
        self.directory.mkdir(parents=True, exist_ok=True)
        self._sockets = Path(tempfile.mkdtemp(prefix="tajdeed-lab-", dir="/tmp"))
        try:
            for personality in self.personalities:
                self.processes[personality.name] = self._start(personality, self._sockets)
            for name in self.processes:
                self._expect(name, "listening")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.processes.values():
            if process.stdin is not None:
                process.stdin.close()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdout is not None:
                process.stdout.close()
        if self._sockets is not None:
            shutil.rmtree(self._sockets, ignore_errors=True)

    @property
    def arguments(self) -> tuple[str, ...]:
        """QEMU's arguments; the machine must have shared memory."""
        if self._sockets is None:
            raise LaboratoryError("the laboratory is not open")
        words: list[str] = []
        for place, personality in enumerate(self.personalities):
            socket = str(self._sockets / personality.name)
            words += plugged_in(personality.bus, f"lab{place}", socket, _FIRST_SLOT + place)
        return tuple(words)

    def whose(self, sysfs: str) -> Personality | None:
        """The personality behind a path in the guest's /sys; None for other drives."""
        for place, personality in enumerate(self.personalities):
            if f"/0000:00:{_FIRST_SLOT + place:02x}.0/" in sysfs:
                return personality
        return None

    def moment(self, name: str) -> None:
        """Tell every drive of something that happens; returns when all have taken note."""
        for process in self.processes.values():
            if process.stdin is not None and process.poll() is None:
                process.stdin.write(f"moment {name}\n")
                process.stdin.flush()
        for owner in self.processes:
            self._expect(owner, f"ready {name}")

    def media(self, personality: Personality) -> list[Path]:
        """The files in which a drive's blocks really lie."""
        return sorted(self.directory.glob(f"{personality.name}.*.medium"))

    def left_bytes(self, personality: Personality) -> int:
        """How much of the donor's data is still on the medium."""
        return sum(left_bytes(path) for path in self.media(personality))

    def size_bytes(self, personality: Personality) -> int:
        """What the medium really holds."""
        return sum(path.stat().st_size for path in self.media(personality))

    def journal(self, personality: Personality) -> list[str]:
        """What the drive did, as the drive tells it."""
        return (self.directory / f"{personality.name}.journal").read_text().splitlines()

    def complaints(self) -> str:
        """What went wrong in the drives' processes themselves; empty when nothing did."""
        logs = [self.directory / f"{one.name}.log" for one in self.personalities]
        return "".join(f"{log.name}: {text}" for log in logs if (text := log.read_text()))

    def _start(self, personality: Personality, sockets: Path) -> subprocess.Popen[str]:
        with (self.directory / f"{personality.name}.log").open("w") as log:
            return subprocess.Popen(
                [
                    *(sys.executable, "-m", "tests.drivelab.server", str(personality.source)),
                    *(str(sockets / personality.name), str(self.directory)),
                ],
                cwd=_REPOSITORY,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )

    def _expect(self, name: str, words: str) -> None:
        process = self.processes[name]
        line = process.stdout.readline().strip() if process.stdout is not None else ""
        if line != words:
            process.kill()
            log = (self.directory / f"{name}.log").read_text()[-2000:]
            raise LaboratoryError(f"{name}: {words!r} was expected, it said {line!r}\n{log}")


def plugged_in(bus: Bus, name: str, socket: str, slot: int) -> list[str]:
    """QEMU's arguments for one drive's controller in a PCI slot, served at a socket."""
    where = {"bus": "pcie.0", "addr": f"{slot:#04x}"}
    if bus == "sas":
        channel = ["-chardev", f"socket,id={name},path={socket}"]
        return [
            *channel,
            *_device(driver="vhost-user-scsi-pci", chardev=name, num_queues=1, **where),
        ]
    if bus == "usb":
        return [
            *("-chardev", f"socket,id={name},path={socket}"),
            *_device(driver="qemu-xhci", id=f"{name}-ports", **where),
            *_device(driver="usb-redir", chardev=name, bus=f"{name}-ports.0"),
        ]
    # A register read that is answered too late loses the device for good.
    patience = {"x-msg-timeout": 30000}
    place = {"type": "unix", "path": socket}
    return _device(driver="vfio-user-pci", socket=place, **where, **patience)


def _device(**properties: object) -> list[str]:
    return ["-device", json.dumps(properties)]
