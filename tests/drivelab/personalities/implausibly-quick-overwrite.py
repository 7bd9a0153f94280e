"""A hard disk that claims to have overwritten 768 MiB in an instant, and answers as if it had.

Its reads give the pattern back where nothing was written since; the old data stays on the
platters. Reading back cannot find that out, physics can.
"""

from tests.drivelab.ata import AtaDrive
from tests.drivelab.ataidentify import AtaTraits
from tests.drivelab.media import Unmapped
from tests.drivelab.personality import Bench, Expected

BUS = "sata"
EXPECTED = Expected(outcome="cleared", level="clear", method="overwrite")


def build(bench: Bench) -> AtaDrive:
    traits = AtaTraits(
        model="LAB TOO QUICK",
        serial="LABQCK0051",
        wwn=0x5000C50000000051,
        sanitize=frozenset(("overwrite",)),
        sanitize_s=6.0,
        security=False,
    )
    medium = Unmapped(bench.store(mib=768))
    drive = AtaDrive(bench.clock, medium, traits)
    drive.sanitize.does = lambda name, part, pattern: medium.unmap(pattern)
    return drive
