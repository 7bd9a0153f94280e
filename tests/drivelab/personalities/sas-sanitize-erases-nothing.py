"""A SAS SSD whose SANITIZE shows progress, reports success, and erases nothing.

Canaries and old samples must give it away, whichever kind is tried; then it is overwritten.
"""

from tests.drivelab.personality import Bench, Expected
from tests.drivelab.scsi import ScsiDisk, ScsiTraits

BUS = "sas"
EXPECTED = Expected(outcome="cleared", level="clear", method="overwrite")


def build(bench: Bench) -> ScsiDisk:
    traits = ScsiTraits(
        vendor="LAB",
        product="SAS LIAR",
        serial="LABSAS0023",
        wwn=0x5000CCA000000023,
        sanitize=frozenset(("block", "crypto")),
        keeps=frozenset(("block", "crypto")),
    )
    return ScsiDisk(bench.clock, bench.store(), traits)
