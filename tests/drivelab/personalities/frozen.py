"""A hard disk that the PC's firmware freezes at power-on, and not when the PC wakes from sleep."""

from tests.drivelab.ata import AtaDrive
from tests.drivelab.atacommand import Taskfile
from tests.drivelab.ataidentify import AtaTraits
from tests.drivelab.personality import Bench, Expected

BUS = "sata"
SLEEPS = True
EXPECTED = Expected(outcome="purged", level="purge", method="ata-erase-enhanced", honest=True)

_STANDBY_IMMEDIATE = 0xE0


def build(bench: Bench) -> AtaDrive:
    traits = AtaTraits(model="LAB FROZEN", serial="LABFRZ0017", wwn=0x5000C50000000045)
    drive = AtaDrive(bench.clock, bench.store(), traits)
    slept: list[bool] = []

    def freeze(task: Taskfile) -> None:
        # The kernel's last word to a disk before the machine sleeps.
        if task.command == _STANDBY_IMMEDIATE:
            slept.append(True)
        drive.security.frozen = drive.security.frozen or not slept

    drive.before_command.append(freeze)
    return drive
