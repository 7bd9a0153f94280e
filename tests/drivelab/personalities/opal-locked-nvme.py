"""A self-encrypting NVMe drive that its former owner left locked."""

from tests.drivelab.nvme import NvmeController
from tests.drivelab.nvmeidentify import NvmeTraits
from tests.drivelab.personality import Bench, Expected
from tests.drivelab.tcg import TcgTraits

BUS = "nvme"
PSID = "LABPSID7K2M9Q4X8T1C6V3B5N0Z2D8F2"
EXPECTED = Expected(
    outcome="purged", level="purge", method="nvme-sanitize-crypto-block", honest=True
)


def build(bench: Bench) -> NvmeController:
    traits = NvmeTraits(
        model="LAB OPAL NVME",
        serial="LABOPLN062",
        sanitize=frozenset(("crypto", "block")),
        sanitize_s=300.0,
        tcg=TcgTraits(psid=PSID),
    )
    return NvmeController(bench.clock, [bench.store()], traits)
