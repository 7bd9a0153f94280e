"""An NVMe drive whose every erase reaches only the first half of it and reports success."""

from tests.drivelab.nvme import NvmeController
from tests.drivelab.nvmeidentify import NvmeTraits
from tests.drivelab.personality import Bench, Expected

BUS = "nvme"
EXPECTED = Expected(outcome="cleared", level="clear", method="overwrite")


def build(bench: Bench) -> NvmeController:
    traits = NvmeTraits(
        model="LAB ERASES HALF",
        serial="LABNVME0031",
        sanitize=frozenset(("crypto", "block")),
        sanitize_s=300.0,
        covers=0.5,
    )
    return NvmeController(bench.clock, [bench.store()], traits)
