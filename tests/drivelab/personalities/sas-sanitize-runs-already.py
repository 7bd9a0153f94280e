"""A SAS SSD in the middle of a SANITIZE that somebody else began: the kernel shows it as empty.

Nothing can stop it. It is waited for, and what it erased proves nothing: the plan's own methods
follow.
"""

from tests.drivelab.personality import Bench, Expected
from tests.drivelab.scsi import ScsiDisk, ScsiTraits, sanitizing_until_consent

BUS = "sas"
EXPECTED = Expected(outcome="purged", level="purge", method="scsi-sanitize-block", honest=True)


def build(bench: Bench) -> ScsiDisk:
    traits = ScsiTraits(
        vendor="LAB",
        product="SAS BUSY",
        serial="LABSAS0026",
        wwn=0x5000C50000000026,
        sanitize=frozenset(("block",)),
        sanitize_s=3000.0,
    )
    return sanitizing_until_consent(ScsiDisk(bench.clock, bench.store(), traits), "block")
