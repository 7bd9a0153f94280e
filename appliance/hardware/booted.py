"""Which disk we were booted from: the stick, never a target.

The initramfs writes /run/tajdeed/booted; it alone knows which partition it mounted. On a
workstation (`tajdeed plan` outside the stick) the file is missing, and the drives that
hold mounted file systems are protected by their holders instead.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from appliance.hardware.sysfs import SYS
from appliance.model import Reason

BOOTED = Path("/run/tajdeed/booted")


@dataclass(frozen=True, slots=True, kw_only=True)
class Booted:
    """Kernel name of the stick's disk (None: unknown), the name of the partition that only
    this stick and its twins carry, and why nothing can be signed, if so."""

    disk: str | None
    mark: str = ""
    unsigned: Reason | None = None


def is_gone(stick: Booted, sys: Path = SYS) -> bool:
    """Whether the stick that we run from was pulled out. Starts no program and reads no file of
    it: of those only what is in memory is still there."""
    return stick.disk is not None and not (sys / "block" / stick.disk).exists()


def booted(file: Path = BOOTED) -> Booted:
    """What the initramfs wrote; `disk=None` where it is missing or unreadable."""
    try:
        record = json.loads(file.read_text())
        disk = Path(record["stick"]["disk"]).name
        mark = str(record["stick"]["partuuid"])
        reason = record.get("unsigned_reason")
    except (OSError, ValueError, KeyError, TypeError):
        return Booted(disk=None)
    return Booted(
        disk=disk,
        mark=mark,
        unsigned=Reason(code="state-not-writable", facts={"problem": str(reason)})
        if reason
        else None,
    )
