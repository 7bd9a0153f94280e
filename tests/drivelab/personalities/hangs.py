"""A hard disk that hangs three times, half a minute each, in one write."""

from tests.drivelab.ata import WRITES, AtaDrive
from tests.drivelab.atacommand import Deferred, Taskfile
from tests.drivelab.ataidentify import AtaTraits
from tests.drivelab.personality import Bench, Expected

BUS = "sata"
EXPECTED = Expected(outcome="cleared", level="clear", method="overwrite", honest=True)


def build(bench: Bench) -> AtaDrive:
    traits = AtaTraits(
        model="LAB HANGS", serial="LABHNG0029", wwn=0x5000C5000000001D, security=False
    )
    drive = AtaDrive(bench.clock, bench.store(), traits)
    left = 3

    def hang(task: Taskfile) -> None:
        nonlocal left
        if task.command in WRITES and drive.written_blocks > drive.medium.blocks // 2 and left:
            left -= 1
            raise Deferred(None)

    drive.before_command.append(hang)
    return drive
