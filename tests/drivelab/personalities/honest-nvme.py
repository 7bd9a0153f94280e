"""An NVMe drive that does what it says."""

from tests.drivelab.nvme import NvmeController
from tests.drivelab.nvmeidentify import NvmeTraits
from tests.drivelab.personality import Bench, Expected

BUS = "nvme"
EXPECTED = Expected(
    outcome="purged", level="purge", method="nvme-sanitize-crypto-block", honest=True
)


def build(bench: Bench) -> NvmeController:
    traits = NvmeTraits(
        model="LAB HONEST NVME",
        serial="LABNVME0003",
        sanitize=frozenset(("crypto", "block")),
        sanitize_s=300.0,
    )
    return NvmeController(bench.clock, [bench.store()], traits)
