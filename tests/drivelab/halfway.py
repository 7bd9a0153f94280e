"""A hard disk whose SANITIZE stays half done until somebody consents once more: for a power cut."""

from tests.drivelab.ata import AtaDrive
from tests.drivelab.ataidentify import AtaTraits
from tests.drivelab.personality import Bench, Expected

BUS = "sata"
EXPECTED = Expected(outcome="purged", level="purge", method="ata-sanitize-overwrite", honest=True)


def build(bench: Bench) -> AtaDrive:
    traits = AtaTraits(
        model="LAB HALFWAY",
        serial="LABHLF0090",
        wwn=0x5000C5000000005A,
        sanitize=frozenset(("overwrite",)),
    )
    drive = AtaDrive(bench.clock, bench.store(), traits)
    drive.sanitize.stuck_at = 0.5

    def go_on() -> None:
        drive.sanitize.stuck_at = None

    drive.moments["consent"] = go_on
    return drive
