"""An SSD whose security feature set the PC's firmware freezes again and again."""

from tests.drivelab.ata import AtaDrive
from tests.drivelab.atacommand import Taskfile
from tests.drivelab.ataidentify import SOLID_STATE_RPM, AtaTraits
from tests.drivelab.personality import Bench, Expected

BUS = "sata"
EXPECTED = Expected(outcome="cleared", level="clear", method="overwrite", honest=True)


def build(bench: Bench) -> AtaDrive:
    traits = AtaTraits(
        model="LAB FROZEN",
        serial="LABFRZ0016",
        wwn=0x5002538000000010,
        rpm=SOLID_STATE_RPM,
        trim=True,
    )
    drive = AtaDrive(bench.clock, bench.store(), traits)

    def freeze(task: Taskfile) -> None:
        drive.security.frozen = True

    drive.before_command.append(freeze)
    return drive
