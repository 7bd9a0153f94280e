"""A hard disk that vanishes from its cable when half of it has been written."""

from tests.drivelab.ata import WRITES, AtaDrive
from tests.drivelab.atacommand import Deferred, Taskfile
from tests.drivelab.ataidentify import AtaTraits
from tests.drivelab.personality import Bench, Expected

BUS = "sata"
EXPECTED = Expected(
    outcome="failed", level="none", method="overwrite", reason="overwrite-device-gone", truth="left"
)


def build(bench: Bench) -> AtaDrive:
    traits = AtaTraits(
        model="LAB VANISHES", serial="LABVAN0011", wwn=0x5000C5000000000B, security=False
    )
    drive = AtaDrive(bench.clock, bench.store(), traits)

    def half_way(task: Taskfile) -> None:
        if task.command in WRITES and drive.written_blocks > drive.medium.blocks // 2:
            drive.unplug()
            raise Deferred(None)

    drive.before_command.append(half_way)
    return drive
