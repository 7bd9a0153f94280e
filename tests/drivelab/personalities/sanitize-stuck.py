"""A hard disk whose sanitize stops at 30 % and never ends."""

from tests.drivelab.ata import AtaDrive
from tests.drivelab.ataidentify import AtaTraits
from tests.drivelab.personality import Bench, Expected

BUS = "sata"
EXPECTED = Expected(
    outcome="unknown",
    level="none",
    method="ata-sanitize-overwrite",
    reason="order-without-end",
    truth="left",
)


def build(bench: Bench) -> AtaDrive:
    traits = AtaTraits(
        model="LAB STUCK",
        sanitize=frozenset(("overwrite",)),
        serial="LABSTK0056",
        wwn=0x5002538000000038,
    )
    drive = AtaDrive(bench.clock, bench.store(), traits)
    drive.sanitize.stuck_at = 0.3
    return drive
