"""A hard disk with SANITIZE that does what it says."""

from tests.drivelab.ata import AtaDrive
from tests.drivelab.ataidentify import AtaTraits
from tests.drivelab.personality import Bench, Expected

BUS = "sata"
EXPECTED = Expected(outcome="purged", level="purge", method="ata-sanitize-overwrite", honest=True)


def build(bench: Bench) -> AtaDrive:
    traits = AtaTraits(
        model="LAB HONEST HDD",
        serial="LABHDD0001",
        wwn=0x5000C50000000001,
        sanitize=frozenset(("overwrite", "crypto")),
    )
    return AtaDrive(bench.clock, bench.store(), traits)
