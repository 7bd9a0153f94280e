"""An SSD that takes sanitize commands, does nothing, and shows the success of an earlier one."""

from tests.drivelab.ata import AtaDrive
from tests.drivelab.ataidentify import SOLID_STATE_RPM, AtaTraits
from tests.drivelab.personality import Bench, Expected

BUS = "sata"
EXPECTED = Expected(outcome="cleared", level="clear", method="ata-erase-enhanced")


def build(bench: Bench) -> AtaDrive:
    traits = AtaTraits(
        model="LAB IDLE LOG",
        sanitize=frozenset(("crypto", "block")),
        serial="LABIDL0057",
        wwn=0x5002538000000039,
        rpm=SOLID_STATE_RPM,
        trim=True,
    )
    drive = AtaDrive(bench.clock, bench.store(), traits)
    drive.sanitize.only_says_yes = drive.sanitize.succeeded = True
    return drive
