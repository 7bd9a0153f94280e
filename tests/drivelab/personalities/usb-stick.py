"""A USB stick: its serial number stands in its USB descriptor only."""

from tests.drivelab.personality import Bench, Expected
from tests.drivelab.scsi import ScsiDisk, ScsiTraits
from tests.drivelab.usb import UsbDevice, UsbTraits

BUS = "usb"
EXPECTED = Expected(outcome="cleared", level="clear", method="overwrite", honest=True)


def build(bench: Bench) -> UsbDevice:
    unit = ScsiTraits(
        vendor="LAB",
        product="USB STICK",
        serial="",
        protocol=None,
        rpm=0,
        removable=True,
        vital=False,
    )
    device = UsbTraits(
        vendor_id=0x13FE, product_id=0x4100, maker="LAB", product="Stick", serial="LABUSB0000000041"
    )
    return UsbDevice(bench.clock, ScsiDisk(bench.clock, bench.store(24), unit), device)
