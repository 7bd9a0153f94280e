"""A locked SATA SSD for which another PSID is typed than its own."""

from tests.drivelab.ata import AtaDrive
from tests.drivelab.ataidentify import SOLID_STATE_RPM, AtaTraits
from tests.drivelab.personality import Bench, Expected
from tests.drivelab.tcg import TcgTraits

BUS = "sata"
PSID = "LABPSID7K2M9Q4X8T1C6V3B5N0Z2D8F5"
EXPECTED = Expected(
    outcome="not-attempted", level="none", method="", reason="tcg-psid-refused", truth="untouched"
)


def build(bench: Bench) -> AtaDrive:
    traits = AtaTraits(
        model="LAB OPAL TYPO",
        serial="LABOPL0065",
        wwn=0x5002538000000165,
        rpm=SOLID_STATE_RPM,
        sanitize=frozenset(("crypto", "block")),
        tcg=TcgTraits(psid="LABPSID7K2M9Q4X8T1C6V3B5N0Z2D8F6"),
    )
    return AtaDrive(bench.clock, bench.store(), traits)
