"""An SSD that claims twice the blocks that it has: beyond the end it starts again at the first."""

from tests.drivelab.ata import AtaDrive
from tests.drivelab.ataidentify import SOLID_STATE_RPM, AtaTraits
from tests.drivelab.media import WrapsAround
from tests.drivelab.personality import Bench, Expected

BUS = "sata"
EXPECTED = Expected(
    outcome="failed", level="none", method="overwrite", reason="readback-mismatch", truth="gone"
)


def build(bench: Bench) -> AtaDrive:
    traits = AtaTraits(
        model="LAB 2TB PRO",
        serial="LABFAKE0006",
        wwn=0x5002538000000006,
        security=False,
        rpm=SOLID_STATE_RPM,
    )
    store = bench.store(mib=32)
    return AtaDrive(bench.clock, WrapsAround(store, 2 * store.blocks), traits)
