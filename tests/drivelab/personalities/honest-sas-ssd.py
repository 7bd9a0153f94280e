"""A SAS SSD that does what it says."""

from tests.drivelab.personality import Bench, Expected
from tests.drivelab.scsi import ScsiDisk, ScsiTraits

BUS = "sas"
EXPECTED = Expected(outcome="purged", level="purge", method="scsi-sanitize-block", honest=True)


def build(bench: Bench) -> ScsiDisk:
    traits = ScsiTraits(
        vendor="LAB",
        product="HONEST SAS SSD",
        serial="LABSAS0021",
        wwn=0x5000CCA000000021,
        sanitize=frozenset(("block", "crypto", "overwrite")),
    )
    return ScsiDisk(bench.clock, bench.store(), traits)
