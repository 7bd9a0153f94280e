"""An SSD whose every erase command reports success and erases the first half."""

from tests.drivelab.ata import AtaDrive
from tests.drivelab.ataidentify import SOLID_STATE_RPM, AtaTraits
from tests.drivelab.personality import Bench, Expected

BUS = "sata"
EXPECTED = Expected(outcome="cleared", level="clear", method="overwrite")


def build(bench: Bench) -> AtaDrive:
    traits = AtaTraits(
        model="LAB HALF",
        sanitize=frozenset(("block",)),
        halves=frozenset(("sanitize-crypto", "sanitize-block", "erase", "enhanced-erase")),
        serial="LABHLF0054",
        wwn=0x5002538000000036,
        rpm=SOLID_STATE_RPM,
        trim=True,
    )
    return AtaDrive(bench.clock, bench.store(), traits)
