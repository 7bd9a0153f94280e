"""A hard disk whose model and serial hold control characters, terminal escapes and bad UTF-8."""

from tests.drivelab.ata import AtaDrive
from tests.drivelab.ataidentify import AtaTraits
from tests.drivelab.personality import Bench, Expected

BUS = "sata"
EXPECTED = Expected(outcome="purged", level="purge", method="ata-erase-enhanced", honest=True)


def build(bench: Bench) -> AtaDrive:
    traits = AtaTraits(
        model=b"LAB\x1b[2J\x1b]0;owned\x07\xff\xfe\xc0\x80 \xe2\x80\xae%s'\";",
        serial=b"\r\n\x00S\x9b31m\x7f\x08AB12",
        wwn=0x5000C5000000000C,
    )
    return AtaDrive(bench.clock, bench.store(), traits)
