"""A hard disk without SANITIZE that does what it says."""

from tests.drivelab.ata import AtaDrive
from tests.drivelab.ataidentify import AtaTraits
from tests.drivelab.personality import Bench, Expected

BUS = "sata"
EXPECTED = Expected(outcome="purged", level="purge", method="ata-erase-enhanced", honest=True)


def build(bench: Bench) -> AtaDrive:
    traits = AtaTraits(model="LAB PLAIN HDD", serial="LABPLN0049", wwn=0x5002538000000031)
    return AtaDrive(bench.clock, bench.store(), traits)
