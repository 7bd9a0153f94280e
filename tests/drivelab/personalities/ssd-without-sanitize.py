"""A SATA SSD without SANITIZE that does what it says."""

from tests.drivelab.ata import AtaDrive
from tests.drivelab.ataidentify import SOLID_STATE_RPM, AtaTraits
from tests.drivelab.personality import Bench, Expected

BUS = "sata"
EXPECTED = Expected(outcome="cleared", level="clear", method="ata-erase-enhanced", honest=True)


def build(bench: Bench) -> AtaDrive:
    traits = AtaTraits(
        model="LAB PLAIN SSD",
        serial="LABPLS0051",
        wwn=0x5002538000000033,
        rpm=SOLID_STATE_RPM,
        trim=True,
    )
    return AtaDrive(bench.clock, bench.store(), traits)
