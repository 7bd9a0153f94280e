"""An NVMe drive that does what it says."""

from tests.drivelab.nvme import NvmeController
from tests.drivelab.nvmeidentify import NvmeTraits
from tests.drivelab.personality import Bench, Expected

BUS = "nvme"
EXPECTED = Expected(outcome="cleared", level="clear", method="nvme-format-user-data", honest=True)


def build(bench: Bench) -> NvmeController:
    traits = NvmeTraits(
        model="LAB HONEST NVME",
        serial="LABNVME0003",
        sanitize=frozenset(("crypto", "block")),
    )
    return NvmeController(bench.clock, [bench.store()], traits)
