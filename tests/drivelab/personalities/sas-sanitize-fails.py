"""A SAS SSD whose block erase ends in failure and must be left by EXIT FAILURE MODE."""

from tests.drivelab.personality import Bench, Expected
from tests.drivelab.scsi import ScsiDisk, ScsiTraits

BUS = "sas"
EXPECTED = Expected(outcome="cleared", level="clear", method="overwrite")


def build(bench: Bench) -> ScsiDisk:
    traits = ScsiTraits(
        vendor="LAB",
        product="SAS FAILS",
        serial="LABSAS0025",
        wwn=0x5000CCA000000025,
        sanitize=frozenset(("block",)),
        fails=frozenset(("block",)),
    )
    return ScsiDisk(bench.clock, bench.store(), traits)
