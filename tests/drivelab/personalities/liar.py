"""An SSD whose every erase command reports success and erases nothing."""

from tests.drivelab.ata import AtaDrive
from tests.drivelab.ataidentify import SOLID_STATE_RPM, AtaTraits
from tests.drivelab.personality import Bench, Expected

BUS = "sata"
EXPECTED = Expected(outcome="cleared", level="clear", method="overwrite")


def build(bench: Bench) -> AtaDrive:
    traits = AtaTraits(
        model="LAB LIAR",
        sanitize=frozenset(("crypto", "block")),
        keeps=frozenset(("sanitize-crypto", "sanitize-block", "erase", "enhanced-erase")),
        serial="LABLIE0053",
        wwn=0x5002538000000035,
        rpm=SOLID_STATE_RPM,
        trim=True,
    )
    return AtaDrive(bench.clock, bench.store(), traits)
