"""A hard disk with 40 blocks that can be read and not be written any more."""

from tests.drivelab.ata import AtaDrive
from tests.drivelab.ataidentify import AtaTraits
from tests.drivelab.media import Unwritable
from tests.drivelab.personality import Bench, Expected

BUS = "sata"
EXPECTED = Expected(
    outcome="failed", level="none", method="overwrite", reason="write-errors", truth="left"
)


def build(bench: Bench) -> AtaDrive:
    traits = AtaTraits(
        model="LAB WRITE ERRORS",
        serial="LABWRE0008",
        wwn=0x5000C50000000008,
        security=False,
        reallocated=812,
    )
    return AtaDrive(bench.clock, Unwritable(bench.store(), 61_000, 40), traits)
