"""Whole virtual PCs: QEMU of the tools root, driven by tests, benchmarks, `run` and `demo`.

`Machine` starts and owns one QEMU process; `Drive` describes what is plugged in; `Console` is a
serial line. Knows nothing of pytest and nothing of what the guest does.
"""

from imagebuilder.vm.console import Console, ConsoleTimeout, Shell
from imagebuilder.vm.drive import Drive, stick_drive
from imagebuilder.vm.machine import Machine, MachineError, MachineSpec

__all__ = [
    "Console",
    "ConsoleTimeout",
    "Drive",
    "Machine",
    "MachineError",
    "MachineSpec",
    "Shell",
    "stick_drive",
]
