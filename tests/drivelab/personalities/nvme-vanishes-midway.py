"""An NVMe drive that is gone from its slot when half of it has been overwritten."""

from tests.drivelab.nvme import NvmeController, NvmeError
from tests.drivelab.nvmeidentify import NvmeTraits
from tests.drivelab.personality import Bench, Expected

BUS = "nvme"
EXPECTED = Expected(
    outcome="failed", level="none", method="overwrite", reason="overwrite-device-gone", truth="left"
)
_WRITE, _NAMESPACE_NOT_READY = 0x01, 0x82


def build(bench: Bench) -> NvmeController:
    traits = NvmeTraits(model="LAB NVME VANISHES", serial="LABNVME0033", format_supported=False)
    store = bench.store()
    controller = NvmeController(bench.clock, [store], traits)

    def half_way(admin: bool, entry: bytes) -> None:
        half = store.blocks * store.block_bytes // 2
        if not admin and entry[0] == _WRITE and controller.written_bytes > half:
            controller.unplug()
            raise NvmeError(_NAMESPACE_NOT_READY)

    controller.before_command.append(half_way)
    return controller
