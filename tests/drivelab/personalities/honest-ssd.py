"""A SATA SSD that does what it says."""

from tests.drivelab.ata import AtaDrive
from tests.drivelab.ataidentify import SOLID_STATE_RPM, AtaTraits
from tests.drivelab.personality import Bench, Expected

BUS = "sata"
EXPECTED = Expected(
    outcome="purged", level="purge", method="ata-sanitize-crypto-block", honest=True
)


def build(bench: Bench) -> AtaDrive:
    traits = AtaTraits(
        model="LAB HONEST SSD",
        serial="LABSSD0002",
        wwn=0x5002538000000002,
        rpm=SOLID_STATE_RPM,
        trim=True,
        sanitize=frozenset(("crypto", "block")),
    )
    return AtaDrive(bench.clock, bench.store(), traits)
