"""`python -m tests.drivelab.server PERSONALITY SOCKET DIRECTORY`: one controller in one process.

Says `listening` when QEMU may come and `ready NAME` for each moment that it is told of on its
standard input (`moment NAME`). The journal of the drive goes to DIRECTORY/NAME.journal, its
medium lies beside. Ends with QEMU, or with its standard input.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from tests.drivelab.ahci import Adapter
from tests.drivelab.ata import AtaDrive
from tests.drivelab.clock import RunningClock
from tests.drivelab.emmc import Emmc
from tests.drivelab.nvme import NvmeController
from tests.drivelab.nvmepci import NvmeFunction
from tests.drivelab.personality import Bench, Drive, load
from tests.drivelab.scsi import ScsiDisk
from tests.drivelab.sdhci import SdhciFunction
from tests.drivelab.usb import UsbDevice
from tests.drivelab.usbredir import UsbRedirection
from tests.drivelab.vhostscsi import VhostScsi

# A firmware minute is a second here: sanitizes and erases are long.
SPEED = 60.0


def main(arguments: list[str]) -> int:
    """Serve until QEMU goes."""
    name, path, directory = arguments[0], Path(arguments[1]), Path(arguments[2])
    # Timers share the interpreter with the socket: give it up quickly (LAB.md: 4k reads).
    sys.setswitchinterval(0.0005)
    personality = load(name)
    bench = Bench(clock=RunningClock(SPEED), name=personality.name, directory=directory)
    drive = personality.build(bench)
    begun = time.monotonic()
    with (directory / f"{personality.name}.journal").open("w", buffering=1) as journal:
        drive.listener = lambda text: print(f"{time.monotonic() - begun:9.3f} {text}", file=journal)
        threading.Thread(target=_listen, args=(drive,), daemon=True).start()
        transport(drive).serve(path, lambda: print("listening", flush=True))
    return 0


class Transport(Protocol):
    """What plugs a drive into QEMU."""

    def serve(self, path: Path, listening: Callable[[], None]) -> None: ...


def transport(drive: Drive) -> Transport:
    """The controller that goes with a drive's kind; the laboratory's arguments fit it."""
    match drive:
        case AtaDrive():
            return Adapter([drive])
        case NvmeController():
            return NvmeFunction(drive)
        case ScsiDisk():
            return VhostScsi(drive)
        case Emmc():
            return SdhciFunction(drive)
        case UsbDevice():
            return UsbRedirection(drive)


def _listen(drive: Drive) -> None:
    for line in sys.stdin:
        word, _, name = line.strip().partition(" ")
        if word == "moment":
            drive.moment(name)
            print(f"ready {name}", flush=True)
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
