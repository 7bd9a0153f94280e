"""A drive behind a USB bridge that tells a serial number of its own, and lets nothing through."""

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
        product="CASE",
        serial="",
        protocol=None,
        rpm=0,
        vital=False,
    )
    device = UsbTraits(
        vendor_id=0x152D, product_id=0x0579, maker="LAB", product="Case", serial="CASE00000043"
    )
    return UsbDevice(bench.clock, ScsiDisk(bench.clock, bench.store(24), unit), device)
