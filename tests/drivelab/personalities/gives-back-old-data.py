"""An SSD whose translation gives back old blocks in one range of 64 KiB."""

from tests.drivelab.ata import AtaDrive
from tests.drivelab.ataidentify import SOLID_STATE_RPM, AtaTraits
from tests.drivelab.media import IgnoresWrites
from tests.drivelab.personality import Bench, Expected

BUS = "sata"
EXPECTED = Expected(
    outcome="failed", level="none", method="overwrite", reason="readback-mismatch", truth="left"
)


def build(bench: Bench) -> AtaDrive:
    traits = AtaTraits(
        model="LAB GIVES BACK",
        serial="LABOLD0009",
        wwn=0x5002538000000009,
        security=False,
        rpm=SOLID_STATE_RPM,
        trim=True,
    )
    return AtaDrive(bench.clock, IgnoresWrites(bench.store(), 50_048, 128), traits)
