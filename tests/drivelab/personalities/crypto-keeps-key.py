"""A hard disk whose crypto scramble reports success and keeps its key."""

from tests.drivelab.ata import AtaDrive
from tests.drivelab.ataidentify import AtaTraits
from tests.drivelab.personality import Bench, Expected

BUS = "sata"
EXPECTED = Expected(outcome="purged", level="purge", method="ata-erase-enhanced")


def build(bench: Bench) -> AtaDrive:
    traits = AtaTraits(
        model="LAB KEEPS KEY",
        sanitize=frozenset(("crypto",)),
        keeps=frozenset(("sanitize-crypto",)),
        serial="LABKEY0055",
        wwn=0x5002538000000037,
    )
    return AtaDrive(bench.clock, bench.store(), traits)
