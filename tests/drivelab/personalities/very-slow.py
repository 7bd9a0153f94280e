"""A hard disk that takes half a second for each read and write."""

from tests.drivelab.ata import AtaDrive
from tests.drivelab.ataidentify import AtaTraits
from tests.drivelab.personality import Bench, Expected

BUS = "sata"
EXPECTED = Expected(outcome="cleared", level="clear", method="overwrite", honest=True)


def build(bench: Bench) -> AtaDrive:
    # Half a second of the laboratory's time, see `server.SPEED`.
    traits = AtaTraits(
        model="LAB SLOW",
        serial="LABSLW0027",
        wwn=0x5000C5000000001B,
        latency_s=30.0,
        security=False,
    )
    return AtaDrive(bench.clock, bench.store(), traits)
