"""A hard disk that vanishes for good when its hidden area is removed."""

from tests.drivelab.ata import AtaDrive
from tests.drivelab.atacommand import Deferred, Taskfile
from tests.drivelab.ataidentify import AtaTraits
from tests.drivelab.personality import Bench, Expected

BUS = "sata"
EXPECTED = Expected(
    outcome="failed", level="none", method="", reason="drive-gone", truth="untouched"
)

_SET_MAX_ADDRESS_EXT = 0x37


def build(bench: Bench) -> AtaDrive:
    traits = AtaTraits(
        model="LAB NORETURN", serial="LABNRT0034", wwn=0x5000C50000000022, security=False
    )
    drive = AtaDrive(bench.clock, bench.store(mib=16), traits)
    drive.capacity.hide(hpa=8192)

    def change(task: Taskfile) -> None:
        if task.command == _SET_MAX_ADDRESS_EXT:
            drive.unplug()
            raise Deferred(None)

    drive.before_command.append(change)
    return drive
