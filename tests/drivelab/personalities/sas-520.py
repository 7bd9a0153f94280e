"""A SAS disk out of a storage array, with 520-byte sectors: the kernel shows it as empty.

To be recognised, left alone, and the way to make it usable said.
"""

from tests.drivelab.personality import Bench, Expected
from tests.drivelab.scsi import ScsiDisk, ScsiTraits

BUS = "sas"
EXPECTED = Expected(
    outcome="left-alone", level="none", method="", reason="block-size", truth="untouched"
)


def build(bench: Bench) -> ScsiDisk:
    traits = ScsiTraits(
        vendor="LAB",
        product="ARRAY DISK",
        serial="LABSAS0024",
        wwn=0x5000C50000000024,
        rpm=10500,
        extra_bytes=8,
        sanitize=frozenset(("overwrite",)),
        reads_zeros=False,
    )
    return ScsiDisk(bench.clock, bench.store(), traits)
