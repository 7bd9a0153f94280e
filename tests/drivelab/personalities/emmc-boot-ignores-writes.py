"""An eMMC that erases its user area and silently keeps what is in a boot partition."""

from tests.drivelab.emmc import Emmc, EmmcTraits
from tests.drivelab.media import IgnoresWrites
from tests.drivelab.personality import Bench, Expected

BUS = "mmc"
EXPECTED = Expected(
    outcome="failed",
    level="none",
    method="mmc-erase-sanitize",
    reason="hidden-area-left",
    truth="left",
)


def build(bench: Bench) -> Emmc:
    user, boot0, boot1 = bench.store(), bench.store(1, number=1), bench.store(1, number=2)
    return Emmc(
        bench.clock,
        (user, boot0, IgnoresWrites(boot1)),
        EmmcTraits(name="LABE33", serial=0x1AB00033),
    )
