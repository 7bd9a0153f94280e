"""An NVMe controller with three namespaces: one drive, erased and certified as one."""

from tests.drivelab.nvme import NvmeController
from tests.drivelab.nvmeidentify import NvmeTraits
from tests.drivelab.personality import Bench, Expected

BUS = "nvme"
EXPECTED = Expected(
    outcome="purged", level="purge", method="nvme-sanitize-crypto-block", honest=True
)


def build(bench: Bench) -> NvmeController:
    traits = NvmeTraits(
        model="LAB THREE NAMESPACES",
        serial="LABNVME0022",
        sanitize=frozenset(("crypto", "block")),
        sanitize_s=300.0,
    )
    media = [bench.store(mib=16, number=number) for number in range(3)]
    return NvmeController(bench.clock, list(media), traits)
