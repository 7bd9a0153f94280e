"""A hard disk that is another one, by its serial, once its hidden area has been removed."""

from tests.drivelab.ata import AtaDrive
from tests.drivelab.atacommand import Taskfile
from tests.drivelab.ataidentify import AtaTraits
from tests.drivelab.personality import Bench, Expected

BUS = "sata"
EXPECTED = Expected(
    outcome="failed", level="none", method="", reason="identity-changed", truth="untouched"
)

_SET_MAX_ADDRESS_EXT = 0x37


def build(bench: Bench) -> AtaDrive:
    traits = AtaTraits(
        model="LAB BECOMES", serial="LABBEC0033", wwn=0x5000C50000000021, security=False
    )
    drive = AtaDrive(bench.clock, bench.store(mib=16), traits)
    drive.capacity.hide(hpa=8192)

    def change(task: Taskfile) -> None:
        if task.command == _SET_MAX_ADDRESS_EXT:
            drive.serial = "LABBEC7777"

    drive.before_command.append(change)
    return drive
