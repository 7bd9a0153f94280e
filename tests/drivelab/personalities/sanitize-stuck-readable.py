"""An SSD that reads as empty the moment its sanitize begins, and stays at 30 % of it for ever.

Its map is forgotten, the blocks behind it are not erased, and it lets itself be read meanwhile, so
nothing but the end that never comes tells that the old data is still in the flash.
"""

from tests.drivelab.ata import AtaDrive
from tests.drivelab.atacommand import Taskfile
from tests.drivelab.ataidentify import SOLID_STATE_RPM, AtaTraits
from tests.drivelab.media import Unmapped
from tests.drivelab.personality import Bench, Expected

BUS = "sata"
EXPECTED = Expected(
    outcome="unknown",
    level="none",
    method="ata-sanitize-block",
    reason="order-without-end",
    truth="left",
)


def build(bench: Bench) -> AtaDrive:
    traits = AtaTraits(
        model="LAB STUCK READABLE",
        serial="LABSTR0084",
        wwn=0x5002538000000054,
        rpm=SOLID_STATE_RPM,
        trim=True,
        sanitize=frozenset(("block",)),
    )
    medium = Unmapped(bench.store())
    drive = AtaDrive(bench.clock, medium, traits)
    drive.sanitize.stuck_at = 0.3
    drive.sanitize.stays_open = True

    def forget_the_map(task: Taskfile) -> None:
        if (task.command, task.feature) == (0xB4, 0x12):
            medium.unmap(bytes(4))

    drive.before_command.append(forget_the_map)
    return drive
