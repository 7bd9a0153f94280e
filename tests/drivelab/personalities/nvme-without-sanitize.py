"""An NVMe drive that can only Format, as most consumer drives of before 2020."""

from tests.drivelab.nvme import NvmeController
from tests.drivelab.nvmeidentify import NvmeTraits
from tests.drivelab.personality import Bench, Expected

BUS = "nvme"
EXPECTED = Expected(outcome="cleared", level="clear", method="nvme-format-user-data", honest=True)


def build(bench: Bench) -> NvmeController:
    traits = NvmeTraits(model="LAB FORMAT ONLY", serial="LABNVME0021", fna=0)
    return NvmeController(bench.clock, [bench.store()], traits)
