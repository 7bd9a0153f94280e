"""A hard disk with a host protected area below a configuration overlay."""

from tests.drivelab.ata import AtaDrive
from tests.drivelab.ataidentify import AtaTraits
from tests.drivelab.personality import Bench, Expected

BUS = "sata"
EXPECTED = Expected(outcome="purged", level="purge", method="ata-erase-enhanced", honest=True)


def build(bench: Bench) -> AtaDrive:
    traits = AtaTraits(model="LAB BOTH", serial="LABBOTH0022", wwn=0x5000C50000000016, dco=True)
    drive = AtaDrive(bench.clock, bench.store(), traits)
    drive.capacity.hide(hpa=4096, dco=8192)
    return drive
