"""efibootmgr: the firmware's list of what it can boot.

An entry is a convenience: the image also starts from the removable-media path, so a
firmware that takes no entry makes a warning, never a failure.
"""

from __future__ import annotations

from pathlib import Path

from appliance.errors import ToolError
from appliance.tools import run

EFIVARS = Path("/sys/firmware/efi/efivars")


def available() -> bool:
    """Whether this machine was started by UEFI and shows its variables."""
    return EFIVARS.is_dir() and any(EFIVARS.iterdir())


def add_entry(drive: str, esp_number: int, esp_guid: str, label: str, loader: str) -> None:
    """Add an entry at the head of the boot order for `loader` on the drive's ESP.

    ToolError where efibootmgr fails, or where the firmware's list does not show it afterwards.
    """
    run(
        [
            "efibootmgr",
            "--create",
            "--disk",
            drive,
            "--part",
            str(esp_number),
            "--label",
            label,
            "--loader",
            loader,
        ],
        timeout_s=60,
    )
    if not listed(run(["efibootmgr", "--verbose"]).stdout, esp_guid, label):
        raise ToolError("tool-failed", tool="efibootmgr", status=0, problem="entry not listed")


def listed(listing: str, esp_guid: str, label: str) -> bool:
    """Whether `efibootmgr --verbose` shows an entry with that label on that partition."""
    return any(
        line.startswith("Boot") and label in line and esp_guid.lower() in line.lower()
        for line in listing.splitlines()
    )
