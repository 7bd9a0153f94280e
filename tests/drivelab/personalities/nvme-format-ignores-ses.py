"""An NVMe drive whose Format reports success and erases nothing, whatever its SES.

The product must notice by its canaries and old samples, and fall back to an overwrite.
"""

from tests.drivelab.nvme import NvmeController
from tests.drivelab.nvmeidentify import NvmeTraits
from tests.drivelab.personality import Bench, Expected

BUS = "nvme"
EXPECTED = Expected(outcome="cleared", level="clear", method="overwrite")


def build(bench: Bench) -> NvmeController:
    traits = NvmeTraits(
        model="LAB FORMAT LIAR",
        serial="LABNVME0004",
        keeps=frozenset(("format-1", "format-2")),
    )
    return NvmeController(bench.clock, [bench.store()], traits)
