"""A hard disk whose SECURITY ERASE reports success and erases nothing, enhanced or not."""

from tests.drivelab.ata import AtaDrive
from tests.drivelab.ataidentify import AtaTraits
from tests.drivelab.personality import Bench, Expected

BUS = "sata"
EXPECTED = Expected(outcome="cleared", level="clear", method="overwrite")


def build(bench: Bench) -> AtaDrive:
    traits = AtaTraits(
        model="LAB SE LIAR",
        keeps=frozenset(("erase", "enhanced-erase")),
        serial="LABSEL0052",
        wwn=0x5002538000000034,
    )
    return AtaDrive(bench.clock, bench.store(), traits)
