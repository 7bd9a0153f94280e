"""A hard disk that can scramble its keys and overwrite nothing by itself."""

from tests.drivelab.ata import AtaDrive
from tests.drivelab.ataidentify import AtaTraits
from tests.drivelab.personality import Bench, Expected

BUS = "sata"
EXPECTED = Expected(
    outcome="purged", level="purge", method="ata-sanitize-crypto-overwrite", honest=True
)


def build(bench: Bench) -> AtaDrive:
    traits = AtaTraits(
        model="LAB CRYPTO HDD",
        sanitize=frozenset(("crypto",)),
        serial="LABCRY0050",
        wwn=0x5002538000000032,
    )
    return AtaDrive(bench.clock, bench.store(), traits)
