"""A hard disk whose configuration overlay makes it 6 MiB smaller than it was built; no security."""

from tests.drivelab.ata import AtaDrive
from tests.drivelab.ataidentify import AtaTraits
from tests.drivelab.personality import Bench, Expected

BUS = "sata"
EXPECTED = Expected(outcome="cleared", level="clear", method="overwrite", honest=True)


def build(bench: Bench) -> AtaDrive:
    traits = AtaTraits(
        model="LAB DCO", serial="LABDCO0020", wwn=0x5000C50000000014, dco=True, security=False
    )
    drive = AtaDrive(bench.clock, bench.store(), traits)
    drive.capacity.hide(dco=12288)
    return drive
