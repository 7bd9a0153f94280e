"""An NVMe drive that accepts a Sanitize and forgets it: its log never tells of one."""

from tests.drivelab.nvme import NvmeController
from tests.drivelab.nvmeidentify import NvmeTraits
from tests.drivelab.personality import Bench, Expected

BUS = "nvme"
EXPECTED = Expected(outcome="cleared", level="clear", method="nvme-format-crypto")


def build(bench: Bench) -> NvmeController:
    traits = NvmeTraits(
        model="LAB SANITIZE FORGOTTEN",
        serial="LABNVME0025",
        sanitize=frozenset(("crypto", "block")),
        forgets_sanitize=True,
    )
    return NvmeController(bench.clock, [bench.store()], traits)
