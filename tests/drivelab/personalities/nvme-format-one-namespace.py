"""An NVMe controller whose Format for all namespaces takes only the first of them.

Canaries in the others unmask it; an overwrite of all follows.
"""

from tests.drivelab.nvme import NvmeController
from tests.drivelab.nvmeidentify import NvmeTraits
from tests.drivelab.personality import Bench, Expected

BUS = "nvme"
EXPECTED = Expected(outcome="cleared", level="clear", method="overwrite")


def build(bench: Bench) -> NvmeController:
    traits = NvmeTraits(
        model="LAB FORMATS ONE OF TWO", serial="LABNVME0023", formats_first_only=True
    )
    media = [bench.store(mib=24, number=number) for number in range(2)]
    return NvmeController(bench.clock, list(media), traits)
