"""A self-encrypting SATA SSD that is set up, open, and erased without its PSID."""

from tests.drivelab.ata import AtaDrive
from tests.drivelab.ataidentify import SOLID_STATE_RPM, AtaTraits
from tests.drivelab.personality import Bench, Expected
from tests.drivelab.tcg import TcgTraits

BUS = "sata"
EXPECTED = Expected(
    outcome="purged",
    level="purge",
    method="ata-sanitize-crypto-block",
    reason="tcg-stays-in-use",
    honest=True,
)


def build(bench: Bench) -> AtaDrive:
    traits = AtaTraits(
        model="LAB OPAL IN USE",
        serial="LABOPL0067",
        wwn=0x5002538000000167,
        rpm=SOLID_STATE_RPM,
        sanitize=frozenset(("crypto", "block")),
        tcg=TcgTraits(psid="LABPSID7K2M9Q4X8T1C6V3B5N0Z2D8F8", locked=False),
    )
    return AtaDrive(bench.clock, bench.store(), traits)
