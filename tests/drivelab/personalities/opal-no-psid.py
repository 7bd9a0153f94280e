"""A locked NVMe drive whose label nobody can read."""

from tests.drivelab.nvme import NvmeController
from tests.drivelab.nvmeidentify import NvmeTraits
from tests.drivelab.personality import Bench, Expected
from tests.drivelab.tcg import TcgTraits

BUS = "nvme"
EXPECTED = Expected(
    outcome="not-attempted", level="none", method="", reason="tcg-psid-missing", truth="untouched"
)


def build(bench: Bench) -> NvmeController:
    traits = NvmeTraits(
        model="LAB OPAL NO LABEL",
        serial="LABOPLN066",
        sanitize=frozenset(("crypto", "block")),
        tcg=TcgTraits(psid="LABPSID7K2M9Q4X8T1C6V3B5N0Z2D8F7"),
    )
    return NvmeController(bench.clock, [bench.store()], traits)
