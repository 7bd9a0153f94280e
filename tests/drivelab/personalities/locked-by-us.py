"""A hard disk that an earlier run of ours left locked, in the middle of an erase."""

from appliance.model import Policy
from tests.drivelab.ata import AtaDrive
from tests.drivelab.ataidentify import AtaTraits
from tests.drivelab.personality import Bench, Expected

BUS = "sata"
EXPECTED = Expected(outcome="purged", level="purge", method="ata-erase-enhanced", honest=True)


def build(bench: Bench) -> AtaDrive:
    traits = AtaTraits(model="LAB LOCKED BY US", serial="LABLBU0062", wwn=0x500253800000003E)
    drive = AtaDrive(bench.clock, bench.store(), traits)
    drive.security.enable(Policy().ata_password.encode())
    return drive
