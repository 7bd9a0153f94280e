"""The neighbour with which `swaps-names-one` swaps names."""

from dataclasses import replace

from tests.drivelab.ata import AtaDrive
from tests.drivelab.ataidentify import AtaTraits
from tests.drivelab.personality import Bench, Expected

BUS = "sata"
EXPECTED = Expected(
    outcome="not-attempted", level="none", method="", reason="identity-changed", truth="untouched"
)


def build(bench: Bench) -> AtaDrive:
    traits = AtaTraits(
        model="LAB SWAP B", serial="LABSWP0032", wwn=0x5000C50000000020, security=False
    )
    drive = AtaDrive(bench.clock, bench.store(), traits)

    def swap() -> None:
        drive.traits = replace(
            traits, model="LAB SWAP A", serial="LABSWP0031", wwn=0x5000C5000000001F
        )
        drive.serial = drive.traits.serial

    drive.moments["consent"] = swap
    return drive
