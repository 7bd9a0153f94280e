"""A self-encrypting SATA SSD that its former owner left locked, behind a shadow."""

from tests.drivelab.ata import AtaDrive
from tests.drivelab.ataidentify import SOLID_STATE_RPM, AtaTraits
from tests.drivelab.personality import Bench, Expected
from tests.drivelab.tcg import TcgTraits

BUS = "sata"
PSID = "LABPSID7K2M9Q4X8T1C6V3B5N0Z2D8F1"
EXPECTED = Expected(
    outcome="purged", level="purge", method="ata-sanitize-crypto-block", honest=True
)


def build(bench: Bench) -> AtaDrive:
    traits = AtaTraits(
        model="LAB OPAL",
        serial="LABOPL0061",
        wwn=0x5002538000000161,
        rpm=SOLID_STATE_RPM,
        sanitize=frozenset(("crypto", "block")),
        tcg=TcgTraits(psid=PSID, shadow=b"boot and ask".ljust(1 << 20, b"\0")),
    )
    return AtaDrive(bench.clock, bench.store(), traits)
