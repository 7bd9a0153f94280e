"""A hard disk that hides its last 4 MiB in a host protected area."""

from tests.drivelab.ata import AtaDrive
from tests.drivelab.ataidentify import AtaTraits
from tests.drivelab.personality import Bench, Expected

BUS = "sata"
EXPECTED = Expected(outcome="purged", level="purge", method="ata-erase-enhanced", honest=True)


def build(bench: Bench) -> AtaDrive:
    traits = AtaTraits(model="LAB HPA", serial="LABHPA0014", wwn=0x5000C5000000000E)
    drive = AtaDrive(bench.clock, bench.store(), traits)
    drive.capacity.hide(hpa=8192)
    return drive
