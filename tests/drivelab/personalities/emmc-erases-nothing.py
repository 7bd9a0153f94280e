"""An eMMC whose secure erase, TRIM and SANITIZE report success and leave all as it was."""

from tests.drivelab.emmc import Emmc, EmmcTraits
from tests.drivelab.personality import Bench, Expected

BUS = "mmc"
EXPECTED = Expected(
    outcome="cleared",
    level="clear",
    method="overwrite",
    reason="hidden-area-not-excluded",  # RPMB, which nobody can erase
)


def build(bench: Bench) -> Emmc:
    media = [bench.store(), bench.store(1, number=1), bench.store(1, number=2)]
    kinds = ("erase", "trim", "discard", "secure-erase", "secure-trim-2")
    traits = EmmcTraits(name="LABE32", serial=0x1AB00032, keeps=frozenset(kinds))
    return Emmc(bench.clock, media, traits)
