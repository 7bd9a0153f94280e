"""A hard disk that does what it says."""

from tests.drivelab.ata import AtaDrive
from tests.drivelab.ataidentify import AtaTraits
from tests.drivelab.personality import Bench, Expected

BUS = "sata"
EXPECTED = Expected(outcome="cleared", level="clear", method="overwrite", honest=True)


def build(bench: Bench) -> AtaDrive:
    traits = AtaTraits(model="LAB HONEST HDD", serial="LABHDD0001", wwn=0x5000C50000000001)
    return AtaDrive(bench.clock, bench.store(), traits)
