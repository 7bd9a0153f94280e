"""A locked drive of a class that no tool of ours reverts."""

from tests.drivelab.ata import AtaDrive
from tests.drivelab.ataidentify import SOLID_STATE_RPM, AtaTraits
from tests.drivelab.personality import Bench, Expected
from tests.drivelab.tcg import TcgTraits

BUS = "sata"
EXPECTED = Expected(
    outcome="left-alone", level="none", method="", reason="tcg-locked-for-us", truth="untouched"
)


def build(bench: Bench) -> AtaDrive:
    traits = AtaTraits(
        model="LAB PYRITE",
        serial="LABPYR0068",
        wwn=0x5002538000000168,
        rpm=SOLID_STATE_RPM,
        sanitize=frozenset(("crypto", "block")),
        tcg=TcgTraits(psid="LABPSID7K2M9Q4X8T1C6V3B5N0Z2D8F9", feature=0x0302),
    )
    return AtaDrive(bench.clock, bench.store(), traits)
