"""A hard disk locked with a password that only its former owner knows."""

from tests.drivelab.ata import AtaDrive
from tests.drivelab.ataidentify import AtaTraits
from tests.drivelab.personality import Bench, Expected

BUS = "sata"
EXPECTED = Expected(
    outcome="not-attempted", level="none", method="", reason="ata-locked", truth="untouched"
)


def build(bench: Bench) -> AtaDrive:
    traits = AtaTraits(model="LAB LOCKED", serial="LABLCK0015", wwn=0x5000C5000000000F)
    drive = AtaDrive(bench.clock, bench.store(), traits)
    drive.security.enable(b"nobody remembers")
    return drive
