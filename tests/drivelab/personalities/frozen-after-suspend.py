"""A hard disk whose security feature set the PC's firmware freezes again and again."""

from tests.drivelab.ata import AtaDrive
from tests.drivelab.atacommand import Taskfile
from tests.drivelab.ataidentify import AtaTraits
from tests.drivelab.personality import Bench, Expected

BUS = "sata"
SLEEPS = True
EXPECTED = Expected(outcome="cleared", level="clear", method="overwrite", honest=True)


def build(bench: Bench) -> AtaDrive:
    traits = AtaTraits(model="LAB FROZEN AGAIN", serial="LABFRZ0016", wwn=0x5000C50000000046)
    drive = AtaDrive(bench.clock, bench.store(), traits)

    def freeze(task: Taskfile) -> None:
        drive.security.frozen = True

    drive.before_command.append(freeze)
    return drive
