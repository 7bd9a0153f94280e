"""An eMMC that does what it says; its boot partitions hold a donor's data, too."""

from tests.drivelab.emmc import Emmc, EmmcTraits
from tests.drivelab.personality import Bench, Expected

BUS = "mmc"
EXPECTED = Expected(outcome="cleared", level="clear", method="mmc-erase-sanitize", honest=True)


def build(bench: Bench) -> Emmc:
    media = [bench.store(), bench.store(1, number=1), bench.store(1, number=2)]
    return Emmc(bench.clock, media, EmmcTraits(name="LABE31", serial=0x1AB00031))
