"""An NVMe drive whose model and serial hold Arabic, direction marks, escapes and bad UTF-8."""

from tests.drivelab.nvme import NvmeController
from tests.drivelab.nvmeidentify import NvmeTraits
from tests.drivelab.personality import Bench, Expected

BUS = "nvme"
EXPECTED = Expected(outcome="cleared", level="clear", method="nvme-format-crypto", honest=True)


def build(bench: Bench) -> NvmeController:
    traits = NvmeTraits(
        model="قرص".encode() + b" \xe2\x80\xae\x1b[31m<b>&\x00\xed\xa0\x80",
        serial=b"\x1b[2J\xd9\xa1\xd9 N\n12",
    )
    return NvmeController(bench.clock, [bench.store()], traits)
