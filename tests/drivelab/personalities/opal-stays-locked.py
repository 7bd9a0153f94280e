"""A locked SATA SSD that says its revert has been done, and stays locked."""

from tests.drivelab.ata import AtaDrive
from tests.drivelab.ataidentify import SOLID_STATE_RPM, AtaTraits
from tests.drivelab.personality import Bench, Expected
from tests.drivelab.tcg import TcgTraits

BUS = "sata"
PSID = "LABPSID7K2M9Q4X8T1C6V3B5N0Z2D8F4"
EXPECTED = Expected(
    outcome="failed", level="none", method="", reason="tcg-stays-locked", truth="untouched"
)


def build(bench: Bench) -> AtaDrive:
    traits = AtaTraits(
        model="LAB OPAL STUCK",
        serial="LABOPL0064",
        wwn=0x5002538000000164,
        rpm=SOLID_STATE_RPM,
        sanitize=frozenset(("crypto", "block")),
        keeps=frozenset(("tcg-revert",)),
        tcg=TcgTraits(psid=PSID, stays_locked=True),
    )
    return AtaDrive(bench.clock, bench.store(), traits)
