"""A drive that is another one when consent has been given: its serial number has changed."""

from tests.drivelab.ata import AtaDrive
from tests.drivelab.ataidentify import AtaTraits
from tests.drivelab.personality import Bench, Expected

BUS = "sata"
EXPECTED = Expected(
    outcome="not-attempted", level="none", method="", reason="identity-changed", truth="untouched"
)


def build(bench: Bench) -> AtaDrive:
    traits = AtaTraits(model="LAB CHAMELEON", serial="LABCHA0010", wwn=0x5000C5000000000A)
    drive = AtaDrive(bench.clock, bench.store(), traits)

    def swap() -> None:
        drive.serial = "LABCHA9999"

    drive.moments["consent"] = swap
    return drive
