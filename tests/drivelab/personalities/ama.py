"""A hard disk of the newer kind: its accessible maximum address hides the last 4 MiB."""

from tests.drivelab.ata import AtaDrive
from tests.drivelab.ataidentify import AtaTraits
from tests.drivelab.personality import Bench, Expected

BUS = "sata"
EXPECTED = Expected(outcome="purged", level="purge", method="ata-erase-enhanced", honest=True)


def build(bench: Bench) -> AtaDrive:
    traits = AtaTraits(
        model="LAB AMA", serial="LABAMA0021", wwn=0x5000C50000000015, hpa=False, ama=True
    )
    drive = AtaDrive(bench.clock, bench.store(), traits)
    drive.capacity.hide(ama=8192)
    return drive
