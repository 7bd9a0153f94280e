"""A hard disk that takes every write, reports success and keeps the old data."""

from tests.drivelab.ata import AtaDrive
from tests.drivelab.ataidentify import AtaTraits
from tests.drivelab.media import IgnoresWrites
from tests.drivelab.personality import Bench, Expected

BUS = "sata"
EXPECTED = Expected(
    outcome="failed", level="none", method="overwrite", reason="readback-mismatch", truth="left"
)


def build(bench: Bench) -> AtaDrive:
    traits = AtaTraits(
        model="LAB IGNORES WRITES", serial="LABIGN0005", wwn=0x5000C50000000005, security=False
    )
    return AtaDrive(bench.clock, IgnoresWrites(bench.store()), traits)
