"""An eMMC that does what it says; its boot partitions hold a donor's data, too."""

from tests.drivelab.emmc import Emmc, EmmcTraits
from tests.drivelab.personality import Bench, Expected

BUS = "mmc"
EXPECTED = Expected(
    outcome="cleared",
    level="clear",
    method="mmc-erase-sanitize",
    reason="hidden-area-not-excluded",  # RPMB, which nobody can erase
    honest=True,
)


def build(bench: Bench) -> Emmc:
    media = [bench.store(), bench.store(1, number=1), bench.store(1, number=2)]
    return Emmc(bench.clock, media, EmmcTraits(name="LABE31", serial=0x1AB00031))
