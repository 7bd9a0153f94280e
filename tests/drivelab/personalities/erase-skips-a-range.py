"""An SSD whose every erase command skips the same 64 KiB; what the host writes, it takes."""

from tests.drivelab.ata import AtaDrive
from tests.drivelab.ataidentify import SOLID_STATE_RPM, AtaTraits
from tests.drivelab.media import Layer
from tests.drivelab.personality import Bench, Expected

BUS = "sata"
EXPECTED = Expected(outcome="cleared", level="clear", method="overwrite")

_FIRST, _COUNT = 5_056, 128


class SkipsErase(Layer):
    """Erasing leaves a range alone."""

    def zero(self, first: int, count: int) -> None:
        end = first + count
        self.below.zero(first, max(0, min(end, _FIRST) - first))
        after = max(first, _FIRST + _COUNT)
        self.below.zero(after, max(0, end - after))


def build(bench: Bench) -> AtaDrive:
    traits = AtaTraits(
        model="LAB SKIPS",
        serial="LABSKP0071",
        wwn=0x5002538000000047,
        rpm=SOLID_STATE_RPM,
        sanitize=frozenset(("block",)),
    )
    return AtaDrive(bench.clock, SkipsErase(bench.store()), traits)
