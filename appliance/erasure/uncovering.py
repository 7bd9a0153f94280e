"""What hides a part of an ATA drive is taken away: HPA, DCO, accessible maximum address.

Orders only; whether they worked is read from the drive afterwards (`look_again`). The kernel
learns of another size only when the port is scanned again, and takes some drives for new ones
then, under another name: so whoever did this lets go of the drive, has it scanned, and the
rest is done by a worker that may open the drive where it is now.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from appliance.erasure.site import Site
from appliance.errors import ToolError
from appliance.hardware import descriptor, hidden
from appliance.hardware.sysfs import SYS, number
from appliance.model import Bus, Drive, HiddenArea, Reason, to_json
from appliance.tools import Output, hdparm

_SETTLE_S = 30.0
_LOOK_EVERY_S = 0.25


def remove_hpa(site: Site, item: Reason) -> None:
    """SET MAX ADDRESS (EXT) to the native size, for good."""
    facts = _fresh(site).ata
    if facts is not None and facts.native_max_lba is not None:
        last = facts.native_max_lba
        _order(site, item, lambda path: hdparm.set_max_sectors(path, last + 1))


def remove_ama(site: Site, item: Reason) -> None:
    """SET ACCESSIBLE MAX ADDRESS EXT to the native size: once in a power cycle (ACS-3 7.1.3)."""
    facts = _fresh(site).ata
    if facts is not None and facts.ama_max_lba is not None:
        last = facts.ama_max_lba
        _order(site, item, lambda path: hdparm.set_max_sectors(path, last + 1))


def restore_dco(site: Site, item: Reason) -> None:
    """DEVICE CONFIGURATION RESTORE; refused by the drive while an HPA is set (ACS-2 7.10.5)."""
    _order(site, item, hdparm.restore_dco)


def _order(site: Site, item: Reason, command: Callable[[str], Output]) -> None:
    try:
        site.ran(command(site.drive.path).run)
    except ToolError as error:
        problem = Reason(code=error.code, facts=error.facts)
        site.say("exception", reason=to_json(problem))
    # Also after a complaint: it is the drive that knows what became of it.
    site.rescan = True
    site.say("uncovered", preparation=item.code, accessible_bytes=accessible_bytes(site))


def _fresh(site: Site) -> Drive:
    """The drive with its capacities as it answers now; what else was learnt of it stays."""
    now = hidden.ata_with_hidden(site.fd, descriptor.ata_identify(site.fd))
    known = site.drive.ata
    if known is None:
        return replace(site.drive, ata=now)
    facts = replace(now, sanitize_state=known.sanitize_state, sanitize_frozen=known.sanitize_frozen)
    return replace(site.drive, ata=facts)


def accessible_bytes(site: Site) -> int:
    """The size of which the drive itself speaks now, whatever the kernel believes; 0: none."""
    try:
        facts = _fresh(site).ata
    except OSError:
        return 0
    last = facts.accessible_max_lba if facts is not None else None
    return 0 if last is None else (last + 1) * site.drive.logical_block_bytes


def look_again(site: Site, before: Drive) -> None:
    """Say in the log what an ATA drive answers about its hidden areas at this moment.

    Not asked through an adapter; of other drives, whoever prepared them has said it.
    """
    if before.bus == Bus.SATA and before.ata is not None:
        site.say("hidden-areas", areas=to_json(_areas_now(site, before)))


def _areas_now(site: Site, before: Drive) -> tuple[HiddenArea, ...]:
    try:
        site.drive = _fresh(site)
    except OSError:
        return tuple(
            HiddenArea(kind=kind, state=hidden.UNSURE, detail="no answer") for kind in hidden.KINDS
        )
    return hidden.since(hidden.hidden_areas(before), hidden.hidden_areas(site.drive))


def scan_again(drive: Drive, size_bytes: int) -> None:
    """Have the drive's port scanned, and wait until it stands there with its size, or 30 s.

    `device/rescan` would leave the kernel's old size (libata keeps its own). Nobody may hold
    the drive meanwhile, or it comes back under another name. Never raises: what is not there
    afterwards is not found.
    """
    place = Path(drive.sysfs)
    host = next((part for part in place.parts if part.startswith("host")), None)
    if host is None:
        return
    try:
        (SYS / "class/scsi_host" / host / "scan").write_text("- - -")
    except OSError:
        return
    end = time.monotonic() + _SETTLE_S
    while time.monotonic() < end:
        sizes = [(number(found / "size") or 0) * 512 for found in place.parent.glob("*")]
        if size_bytes in sizes:
            return
        time.sleep(_LOOK_EVERY_S)
