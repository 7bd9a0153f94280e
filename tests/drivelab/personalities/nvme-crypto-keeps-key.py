"""An NVMe drive whose crypto erases keep the key: everything can be read as before."""

from tests.drivelab.nvme import NvmeController
from tests.drivelab.nvmeidentify import NvmeTraits
from tests.drivelab.personality import Bench, Expected

BUS = "nvme"
EXPECTED = Expected(outcome="cleared", level="clear", method="nvme-format-user-data")


def build(bench: Bench) -> NvmeController:
    traits = NvmeTraits(
        model="LAB KEEPS THE KEY",
        serial="LABNVME0032",
        sanitize=frozenset(("crypto",)),
        sanitize_s=300.0,
        keeps=frozenset(("sanitize-crypto", "format-2")),
    )
    return NvmeController(bench.clock, [bench.store()], traits)
