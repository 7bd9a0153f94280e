"""A hard disk that says that its hidden area is gone, keeps it, and erases what is visible."""

from tests.drivelab.ata import AtaDrive
from tests.drivelab.ataidentify import AtaTraits
from tests.drivelab.personality import Bench, Expected

BUS = "sata"
EXPECTED = Expected(
    outcome="failed",
    level="none",
    method="ata-erase-enhanced",
    reason="hidden-area-left",
    truth="left",
)


def build(bench: Bench) -> AtaDrive:
    traits = AtaTraits(
        model="LAB HPAKEEPS", serial="LABHPK0025", wwn=0x5000C50000000019, erases_visible=True
    )
    drive = AtaDrive(bench.clock, bench.store(), traits)
    drive.capacity.hide(hpa=8192)
    drive.capacity.deaf = True
    return drive
