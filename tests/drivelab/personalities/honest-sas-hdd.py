"""A SAS hard disk that does what it says: SANITIZE by overwriting."""

from tests.drivelab.personality import Bench, Expected
from tests.drivelab.scsi import ScsiDisk, ScsiTraits

BUS = "sas"
EXPECTED = Expected(outcome="purged", level="purge", method="scsi-sanitize-overwrite", honest=True)


def build(bench: Bench) -> ScsiDisk:
    traits = ScsiTraits(
        vendor="LAB",
        product="HONEST SAS HDD",
        serial="LABSAS0022",
        wwn=0x5000C50000000022,
        rpm=10500,
        sanitize=frozenset(("overwrite",)),
        reads_zeros=False,
    )
    return ScsiDisk(bench.clock, bench.store(), traits)
