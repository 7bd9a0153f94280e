"""A hard disk with logical blocks of 4096 bytes (4Kn)."""

from tests.drivelab.ata import AtaDrive
from tests.drivelab.ataidentify import AtaTraits
from tests.drivelab.personality import Bench, Expected

BUS = "sata"
EXPECTED = Expected(outcome="purged", level="purge", method="ata-erase-enhanced", honest=True)


def build(bench: Bench) -> AtaDrive:
    traits = AtaTraits(model="LAB 4KN", serial="LAB4KN0013", wwn=0x5000C5000000000D)
    return AtaDrive(bench.clock, bench.store(block_bytes=4096), traits)
