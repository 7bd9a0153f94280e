"""A hard disk that stands in the failed state of somebody else's sanitize."""

from tests.drivelab.ata import AtaDrive
from tests.drivelab.ataidentify import AtaTraits
from tests.drivelab.personality import Bench, Expected

BUS = "sata"
EXPECTED = Expected(outcome="purged", level="purge", method="ata-sanitize-overwrite")


def build(bench: Bench) -> AtaDrive:
    traits = AtaTraits(
        model="LAB FAILED BEFORE",
        sanitize=frozenset(("overwrite",)),
        serial="LABFLB0059",
        wwn=0x500253800000003B,
    )
    drive = AtaDrive(bench.clock, bench.store(), traits)
    drive.sanitize.failed = True
    return drive
