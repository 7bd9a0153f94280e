"""An SSD that takes sanitize commands, forgets where its data lies, and erases nothing.

It never says that it runs, and its log shows the success of an earlier operation. Afterwards its
blocks read as zeros, so no reading back finds out; that nobody saw it run does.
"""

from tests.drivelab.ata import AtaDrive
from tests.drivelab.atacommand import Taskfile
from tests.drivelab.ataidentify import SOLID_STATE_RPM, AtaTraits
from tests.drivelab.media import Unmapped
from tests.drivelab.personality import Bench, Expected

BUS = "sata"
EXPECTED = Expected(outcome="cleared", level="clear", method="ata-erase-enhanced")


def build(bench: Bench) -> AtaDrive:
    traits = AtaTraits(
        model="LAB IDLE LOG",
        sanitize=frozenset(("crypto", "block")),
        serial="LABIDL0057",
        wwn=0x5002538000000039,
        rpm=SOLID_STATE_RPM,
        trim=True,
    )
    medium = Unmapped(bench.store())
    drive = AtaDrive(bench.clock, medium, traits)
    drive.sanitize.only_says_yes = drive.sanitize.succeeded = True

    def forget(task: Taskfile) -> None:
        if task.command == 0xB4 and task.feature in (0x11, 0x12):
            medium.unmap(bytes(1))

    drive.before_command.append(forget)
    return drive
