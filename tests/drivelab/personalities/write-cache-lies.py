"""An SSD whose write cache forgets what it says that it has stored."""

from tests.drivelab.ata import AtaDrive
from tests.drivelab.ataidentify import SOLID_STATE_RPM, AtaTraits
from tests.drivelab.media import VolatileCache
from tests.drivelab.personality import Bench, Expected

BUS = "sata"
EXPECTED = Expected(
    outcome="failed", level="none", method="overwrite", reason="readback-mismatch", truth="left"
)


def build(bench: Bench) -> AtaDrive:
    traits = AtaTraits(
        model="LAB CACHE",
        serial="LABCAC0028",
        wwn=0x500253800000001C,
        security=False,
        rpm=SOLID_STATE_RPM,
    )
    return AtaDrive(bench.clock, VolatileCache(bench.store(mib=16), 4096, honest=False), traits)
