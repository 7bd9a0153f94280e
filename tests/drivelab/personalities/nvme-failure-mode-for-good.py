"""An NVMe drive in failure mode whose every further Sanitize fails as well.

It takes no read, no write and no Format: it is left as it is, and must be destroyed.
"""

from tests.drivelab.nvme import NvmeController
from tests.drivelab.nvmeidentify import NvmeTraits
from tests.drivelab.personality import Bench, Expected

BUS = "nvme"
EXPECTED = Expected(
    outcome="failed", level="none", method="", reason="sanitize-stays-failed", truth="untouched"
)


def build(bench: Bench) -> NvmeController:
    traits = NvmeTraits(
        model="LAB FAILED FOR GOOD",
        serial="LABNVME0028",
        sanitize=frozenset(("crypto", "block")),
        sanitize_s=120.0,
        sanitize_failures=1000,
    )
    controller = NvmeController(bench.clock, [bench.store()], traits)
    controller.fail_sanitize(0x02)
    return controller
