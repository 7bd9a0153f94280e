"""A hard disk with 32 blocks that can be written and never be read."""

from tests.drivelab.ata import AtaDrive
from tests.drivelab.ataidentify import AtaTraits
from tests.drivelab.media import Unreadable
from tests.drivelab.personality import Bench, Expected

BUS = "sata"
EXPECTED = Expected(
    outcome="failed", level="none", method="overwrite", reason="readback-unreadable", truth="gone"
)


def build(bench: Bench) -> AtaDrive:
    traits = AtaTraits(
        model="LAB UNREADABLE", serial="LABUNR0007", wwn=0x5000C50000000007, security=False
    )
    return AtaDrive(bench.clock, Unreadable(bench.store(), 40_000, 32), traits)
