"""Which drives are there, by what the kernel keeps of them: nothing is asked of a drive.

A drive may be at work, or hang, when this is read; so it opens nothing and sends no command.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from appliance.hardware.descriptor import kernel_identity
from appliance.hardware.drives import drive_names
from appliance.hardware.sysfs import SYS, number, printable, text
from appliance.model import Drive, Identity, Sighting

_SERIAL_PAGE = 0x80


def sightings(drives: Sequence[Drive] = ()) -> tuple[Sighting, ...]:
    """Every drive that is there now; `drives`: as they were asked a moment ago."""
    names = (name for name in drive_names() if (SYS / "block" / name).exists())
    return tuple(sighting(name, drives) for name in names)


def sighting(name: str, drives: Sequence[Drive] = (), sys: Path = SYS) -> Sighting:
    """One of them, with the key of the drive that stood at its very place and has a serial."""
    sysfs = sys / "block" / name
    place = sysfs.resolve()
    known = kernel_identity(sysfs)
    card = name.startswith("mmcblk") and text(sysfs / "device/type") == "SD"
    return Sighting(
        identity=Identity(
            model=known.model,
            serial=known.serial or _page_serial(sysfs / "device/vpd_pg80"),
            wwn=known.wwn or text(sysfs / "device/wwid"),
        ),
        path=f"/dev/{name}",
        place=str(place.parent),
        usb="/usb" in str(place),
        removable=card or number(sysfs / "removable") == 1,
        key=next(
            (one.key for one in drives if one.sysfs == str(place) and one.identity.serial), ""
        ),
    )


def _page_serial(page: Path) -> str:
    """The serial of VPD page 80h (SPC-5 7.7.16), which the kernel read when the drive came."""
    try:
        raw = page.read_bytes()
    except OSError:
        return ""
    return printable(raw[4 : 4 + raw[3]]) if len(raw) > 3 and raw[1] == _SERIAL_PAGE else ""
