"""A hard disk in the middle of a sanitize that another stick began."""

from tests.drivelab.ata import AtaDrive
from tests.drivelab.ataidentify import AtaTraits
from tests.drivelab.personality import Bench, Expected

BUS = "sata"
EXPECTED = Expected(outcome="purged", level="purge", method="ata-sanitize-overwrite", honest=True)


def build(bench: Bench) -> AtaDrive:
    traits = AtaTraits(
        model="LAB RUNS ALREADY",
        sanitize=frozenset(("overwrite",)),
        serial="LABRUN0060",
        wwn=0x500253800000003C,
    )
    drive = AtaDrive(bench.clock, bench.store(), traits)
    drive.sanitize.start("overwrite")
    # However long the PC takes to start: half done until somebody consents.
    drive.sanitize.stuck_at = 0.5

    def go_on() -> None:
        drive.sanitize.stuck_at = None

    drive.moments["consent"] = go_on
    return drive
