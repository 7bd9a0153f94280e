"""A SAS disk in the middle of a SANITIZE that somebody else began: the kernel shows it as empty.

Nothing can stop it: to be left alone until it has ended, and that said.
"""

from tests.drivelab.personality import Bench, Expected
from tests.drivelab.scsi import ScsiDisk, ScsiTraits, sanitizing

BUS = "sas"
EXPECTED = Expected(
    outcome="left-alone", level="none", method="", reason="sanitize-runs", truth="untouched"
)


def build(bench: Bench) -> ScsiDisk:
    traits = ScsiTraits(
        vendor="LAB",
        product="SAS BUSY",
        serial="LABSAS0026",
        wwn=0x5000C50000000026,
        rpm=10500,
        sanitize=frozenset(("block",)),
        sanitize_s=1e9,
    )
    return sanitizing(ScsiDisk(bench.clock, bench.store(), traits), "block")
