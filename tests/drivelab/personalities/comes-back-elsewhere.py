"""A hard disk that vanishes midway and comes back later under another name."""

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
        model="LAB COMESBACK", serial="LABCBE0030", wwn=0x5000C5000000001E, security=False
    )
    drive = AtaDrive(bench.clock, bench.store(), traits)
    gone = False

    def half_way(task: Taskfile) -> None:
        nonlocal gone
        if task.command in WRITES and drive.written_blocks > drive.medium.blocks // 2 and not gone:
            gone = True
            drive.unplug()
            # Half a minute later in the laboratory: libata has given the old name up by then.
            bench.clock.after(1800.0, drive.plug)
            raise Deferred(None)

    drive.before_command.append(half_way)
    return drive
