"""A hard disk whose firmware setup freezes the overlay at each start: nobody can look."""

from tests.drivelab.ata import AtaDrive
from tests.drivelab.ataidentify import AtaTraits
from tests.drivelab.personality import Bench, Expected

BUS = "sata"
EXPECTED = Expected(
    outcome="cleared",
    level="clear",
    method="ata-erase-enhanced",
    reason="hidden-area-not-excluded",
    honest=True,
)


def build(bench: Bench) -> AtaDrive:
    traits = AtaTraits(model="LAB DCOLOCK", serial="LABDCL0023", wwn=0x5000C50000000017, dco=True)
    drive = AtaDrive(bench.clock, bench.store(), traits)
    drive.capacity.frozen = True
    return drive
