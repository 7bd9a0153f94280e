"""A locked SATA SSD whose revert opens it and keeps data and key."""

from tests.drivelab.ata import AtaDrive
from tests.drivelab.ataidentify import SOLID_STATE_RPM, AtaTraits
from tests.drivelab.personality import Bench, Expected
from tests.drivelab.tcg import TcgTraits

BUS = "sata"
PSID = "LABPSID7K2M9Q4X8T1C6V3B5N0Z2D8F3"
EXPECTED = Expected(outcome="cleared", level="clear", method="overwrite")


def build(bench: Bench) -> AtaDrive:
    traits = AtaTraits(
        model="LAB OPAL LIAR",
        serial="LABOPL0063",
        wwn=0x5002538000000163,
        rpm=SOLID_STATE_RPM,
        security=False,
        keeps=frozenset(("tcg-revert",)),
        tcg=TcgTraits(psid=PSID),
    )
    return AtaDrive(bench.clock, bench.store(), traits)
