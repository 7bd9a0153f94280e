"""An NVMe drive whose first Sanitize fails; out of its failure mode the next one succeeds."""

from tests.drivelab.nvme import NvmeController
from tests.drivelab.nvmeidentify import NvmeTraits
from tests.drivelab.personality import Bench, Expected

BUS = "nvme"
EXPECTED = Expected(outcome="purged", level="purge", method="nvme-sanitize-block", honest=True)


def build(bench: Bench) -> NvmeController:
    traits = NvmeTraits(
        model="LAB SANITIZE FAILS",
        serial="LABNVME0026",
        sanitize=frozenset(("crypto", "block")),
        sanitize_s=300.0,
        sanitize_failures=1,
    )
    return NvmeController(bench.clock, [bench.store()], traits)
