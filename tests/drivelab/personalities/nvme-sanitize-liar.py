"""An NVMe drive whose Sanitize runs, reports success and erases nothing; its Format does."""

from tests.drivelab.nvme import NvmeController
from tests.drivelab.nvmeidentify import NvmeTraits
from tests.drivelab.personality import Bench, Expected

BUS = "nvme"
EXPECTED = Expected(outcome="cleared", level="clear", method="nvme-format-crypto")


def build(bench: Bench) -> NvmeController:
    traits = NvmeTraits(
        model="LAB SANITIZE LIAR",
        serial="LABNVME0030",
        sanitize=frozenset(("crypto", "block")),
        sanitize_s=300.0,
        keeps=frozenset(("sanitize-crypto", "sanitize-block")),
    )
    return NvmeController(bench.clock, [bench.store()], traits)
