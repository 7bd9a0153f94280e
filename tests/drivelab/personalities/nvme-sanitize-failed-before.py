"""An NVMe drive that somebody's failed Sanitize left in a failure mode without an exit.

Only another Sanitize, and a restricted one, leads out of it; ours follow.
"""

from tests.drivelab.nvme import NvmeController
from tests.drivelab.nvmeidentify import NvmeTraits
from tests.drivelab.personality import Bench, Expected

BUS = "nvme"
EXPECTED = Expected(
    outcome="purged", level="purge", method="nvme-sanitize-crypto-block", honest=True
)


def build(bench: Bench) -> NvmeController:
    traits = NvmeTraits(
        model="LAB FAILED BEFORE",
        serial="LABNVME0027",
        sanitize=frozenset(("crypto", "block")),
        sanitize_s=300.0,
    )
    controller = NvmeController(bench.clock, [bench.store()], traits)
    # A block erase without unrestricted exit.
    controller.fail_sanitize(0x02)
    return controller
