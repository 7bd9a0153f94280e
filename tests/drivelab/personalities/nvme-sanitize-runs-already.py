"""An NVMe drive that is still busy with the Sanitize of an earlier run when the PC starts."""

from tests.drivelab.nvme import NvmeController
from tests.drivelab.nvmeidentify import NvmeTraits
from tests.drivelab.personality import Bench, Expected

BUS = "nvme"
EXPECTED = Expected(
    outcome="purged", level="purge", method="nvme-sanitize-crypto-block", honest=True
)


def build(bench: Bench) -> NvmeController:
    traits = NvmeTraits(
        model="LAB RUNS ALREADY",
        serial="LABNVME0029",
        sanitize=frozenset(("crypto", "block")),
        sanitize_s=300.0,
    )
    controller = NvmeController(bench.clock, [bench.store()], traits)
    controller.run_until_moment("consent", "block", 0x02, 240.0)
    return controller
