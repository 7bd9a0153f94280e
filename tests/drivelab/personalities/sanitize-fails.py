"""An SSD whose first sanitize fails and leaves it without access until another one succeeds."""

from tests.drivelab.ata import AtaDrive
from tests.drivelab.ataidentify import SOLID_STATE_RPM, AtaTraits
from tests.drivelab.personality import Bench, Expected

BUS = "sata"
EXPECTED = Expected(outcome="purged", level="purge", method="ata-sanitize-block")


def build(bench: Bench) -> AtaDrive:
    traits = AtaTraits(
        model="LAB FAILS ONCE",
        sanitize=frozenset(("crypto", "block")),
        serial="LABFLS0058",
        wwn=0x500253800000003A,
        rpm=SOLID_STATE_RPM,
        trim=True,
    )
    drive = AtaDrive(bench.clock, bench.store(), traits)
    drive.sanitize.failures = 1
    return drive
