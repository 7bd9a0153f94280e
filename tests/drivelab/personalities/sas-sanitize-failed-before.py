"""A SAS disk whose SANITIZE failed some day: it takes no command, the kernel shows it as empty.

It is led out of that state first. Its next one fails as well, and it is overwritten.
"""

from tests.drivelab.personality import Bench, Expected
from tests.drivelab.scsi import ScsiDisk, ScsiTraits, sanitizing

BUS = "sas"
EXPECTED = Expected(outcome="cleared", level="clear", method="overwrite")


def build(bench: Bench) -> ScsiDisk:
    traits = ScsiTraits(
        vendor="LAB",
        product="SAS FAILED",
        serial="LABSAS0027",
        wwn=0x5000C50000000027,
        rpm=10500,
        sanitize=frozenset(("block",)),
        fails=frozenset(("block",)),
        sanitize_s=1e-3,
    )
    return sanitizing(ScsiDisk(bench.clock, bench.store(), traits), "block")
