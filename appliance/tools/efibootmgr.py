"""efibootmgr: the firmware's list of what it can boot.

An entry is a convenience: the image also starts from the removable-media path, so a
firmware that takes no entry makes a warning, never a failure.
"""

from __future__ import annotations

import re
from collections.abc import Set
from dataclasses import dataclass
from pathlib import Path

from appliance.errors import ToolError
from appliance.tools import run

EFIVARS = Path("/sys/firmware/efi/efivars")

# "Boot0003* label<TAB>HD(1,GPT,guid,0x800,0x32000)/File(...)"; the star marks an active entry.
_ENTRY = re.compile(r"^Boot([0-9A-Fa-f]{4})[* ] ?(.*)$")
# UEFI 2.10, 10.3.5.1, as text; the MBR's "guid" is its signature.
_PARTITION = re.compile(r"\bHD\((\d+),(GPT|MBR),(?:0x)?([0-9A-Fa-f-]+),")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry. `partition`: that which it starts from, named as
    blkid names it (PARTUUID); empty where it is none (the setup, a network card, a whole drive)."""

    number: str
    partition: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleared:
    """What became of entries that start nothing any more; by what the firmware shows then.
    `problem`: the first failure, where some are left."""

    removed: int
    left: int
    problem: ToolError | None


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


def remove_entries(kept: Set[str]) -> Cleared:
    """Remove every entry that starts from a partition which is none of `kept` (PARTUUIDs):
    what is left of systems that are gone. One that cannot be removed does not save the others.

    ToolError where the firmware's list cannot be read.
    """
    problem: ToolError | None = None
    gone = leftovers(run(["efibootmgr", "--verbose"]).stdout, kept)
    for entry in gone:
        try:
            run(["efibootmgr", "--bootnum", entry.number, "--delete-bootnum"], timeout_s=60)
        except ToolError as error:
            problem = problem or error
    left = leftovers(run(["efibootmgr", "--verbose"]).stdout, kept) if gone else ()
    if left and problem is None:
        problem = ToolError("tool-failed", tool="efibootmgr", status=0, problem="still listed")
    return Cleared(removed=len(gone) - len(left), left=len(left), problem=problem if left else None)


def leftovers(listing: str, kept: Set[str]) -> tuple[Entry, ...]:
    """The entries of `efibootmgr --verbose` that start from a partition not in `kept`."""
    return tuple(
        entry for entry in entries(listing) if entry.partition and entry.partition not in kept
    )


def entries(listing: str) -> tuple[Entry, ...]:
    """The entries in the listing of `efibootmgr --verbose`."""
    found = []
    for line in listing.splitlines():
        if match := _ENTRY.match(line):
            found.append(Entry(number=match[1], partition=_partition(match[2]), text=match[2]))
    return tuple(found)


def _partition(text: str) -> str:
    match = _PARTITION.search(text)
    if match is None:
        return ""
    number, kind, ident = match.groups()
    return ident.lower() if kind == "GPT" else f"{int(ident, 16):08x}-{int(number):02x}"


def listed(listing: str, esp_guid: str, label: str) -> bool:
    """Whether `efibootmgr --verbose` shows an entry with that label on that partition."""
    return any(
        entry.partition == esp_guid.lower() and label in entry.text for entry in entries(listing)
    )
