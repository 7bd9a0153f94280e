"""A drive behind a USB bridge that answers ATA commands as done and does none of them."""

from tests.drivelab.personality import Bench, Expected
from tests.drivelab.scsi import ScsiDisk, ScsiTraits
from tests.drivelab.usb import UsbDevice, UsbTraits

BUS = "usb"
EXPECTED = Expected(
    outcome="cleared",
    level="clear",
    method="overwrite",
    reason="serial-from-bridge",
    honest=True,
)


def build(bench: Bench) -> UsbDevice:
    unit = ScsiTraits(
        vendor="LAB",
        product="EATING BRIDGE",
        serial="BRIDGE0042",
        protocol=None,
        rpm=0,
        eats_pass_through=True,
    )
    device = UsbTraits(
        vendor_id=0x152D, product_id=0x0578, maker="LAB", product="Bridge", serial="BRIDGE0042"
    )
    return UsbDevice(bench.clock, ScsiDisk(bench.clock, bench.store(24), unit), device)
