"""What stands between us and a drive behind USB: whose words we hear, and what gets through.

Read from the device's descriptors in sysfs, and by one harmless ATA command (IDENTIFY DEVICE).
Some bridges refuse it, some answer it from the drive, some say "done" and do nothing: no firmware
command of a drive is ever sent through any of them.
"""

from __future__ import annotations

from pathlib import Path

from appliance.hardware.descriptor import ata_identify, scsi_command
from appliance.hardware.sysfs import link_name, text
from appliance.model import UsbFacts

# ATA PASS-THROUGH(16) with IDENTIFY DEVICE, as `descriptor.ata_identify` sends it.
_IDENTIFY = bytes([0x85, 4 << 1, 0x0E, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0xEC, 0])


def usb_facts(fd: int, sysfs: Path) -> UsbFacts | None:
    """The USB device above a block device; None where there is none."""
    for parent in (sysfs / "device").resolve().parents:
        if (parent / "idVendor").exists():
            return UsbFacts(
                ids=f"{text(parent / 'idVendor')}:{text(parent / 'idProduct')}",
                name=" ".join(
                    part
                    for part in (text(parent / "manufacturer"), text(parent / "product"))
                    if part
                ),
                serial=text(parent / "serial") or "",
                driver=_driver(sysfs, parent),
                ata_commands=_ata_commands(fd),
            )
    return None


def _driver(sysfs: Path, device: Path) -> str:
    """The kernel driver of the interface: `usb-storage` or `uas`."""
    for parent in (sysfs / "device").resolve().parents:
        if parent.parent == device:
            return link_name(parent / "driver") or ""
    return ""


def _ata_commands(fd: int) -> str:
    """`pass`, `refused`, or `eaten`: taken as done, with nothing in the answer."""
    try:
        ata_identify(fd)
    except OSError:
        try:
            answer = scsi_command(fd, _IDENTIFY, 512)
        except OSError:
            return "refused"
        return "refused" if answer.status or answer.host_status else "eaten"
    return "pass"
