"""A hard disk that reports by SMART that it is failing, and still does what it is told."""

from tests.drivelab.ata import AtaDrive
from tests.drivelab.ataidentify import AtaTraits
from tests.drivelab.personality import Bench, Expected

BUS = "sata"
EXPECTED = Expected(outcome="purged", level="purge", method="ata-erase-enhanced", honest=True)


def build(bench: Bench) -> AtaDrive:
    traits = AtaTraits(
        model="LAB FAILING",
        serial="LABSMT0026",
        wwn=0x5000C5000000001A,
        failing=True,
        reallocated=1801,
    )
    return AtaDrive(bench.clock, bench.store(), traits)
