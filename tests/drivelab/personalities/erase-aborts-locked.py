"""A hard disk whose SECURITY ERASE aborts midway and leaves it locked."""

from tests.drivelab.ata import AtaDrive
from tests.drivelab.ataidentify import AtaTraits
from tests.drivelab.personality import Bench, Expected

BUS = "sata"
EXPECTED = Expected(outcome="cleared", level="clear", method="overwrite")


def build(bench: Bench) -> AtaDrive:
    traits = AtaTraits(model="LAB ABORTS", serial="LABABO0061", wwn=0x500253800000003D)
    drive = AtaDrive(bench.clock, bench.store(), traits)
    drive.security.aborts_at = 0.4
    return drive
