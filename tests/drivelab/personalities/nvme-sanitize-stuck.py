"""An NVMe drive whose Sanitize stays at 30 % for ever.

Nobody knows how it will end, and nothing else may begin.
"""

from tests.drivelab.nvme import NvmeController
from tests.drivelab.nvmeidentify import NvmeTraits
from tests.drivelab.personality import Bench, Expected

BUS = "nvme"
EXPECTED = Expected(
    outcome="unknown",
    level="none",
    method="nvme-sanitize-crypto-block",
    reason="order-without-end",
    truth="left",
)


def build(bench: Bench) -> NvmeController:
    traits = NvmeTraits(
        model="LAB SANITIZE STUCK",
        serial="LABNVME0024",
        sanitize=frozenset(("crypto", "block")),
        sanitize_s=300.0,
        stuck_at=0.3,
    )
    return NvmeController(bench.clock, [bench.store()], traits)
