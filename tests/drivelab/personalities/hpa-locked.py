"""A hard disk with a host protected area and SET MAX ADDRESS locked."""

from tests.drivelab.ata import AtaDrive
from tests.drivelab.ataidentify import AtaTraits
from tests.drivelab.personality import Bench, Expected

BUS = "sata"
EXPECTED = Expected(
    outcome="failed",
    level="none",
    method="ata-erase-enhanced",
    reason="hidden-area-left",
    truth="gone",
)


def build(bench: Bench) -> AtaDrive:
    traits = AtaTraits(model="LAB HPALOCK", serial="LABHPL0024", wwn=0x5000C50000000018)
    drive = AtaDrive(bench.clock, bench.store(), traits)
    drive.capacity.hide(hpa=8192)
    drive.capacity.frozen = True
    return drive
