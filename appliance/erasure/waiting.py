"""A sanitize of an earlier run, of ours or anybody's: waited for, or its failure left behind.

A row for each bus. What such a sanitize erased is no evidence of ours: the plan's own methods
follow. While it may still run nothing else begins.
"""

from __future__ import annotations

from collections.abc import Callable

from appliance.erasure import atasanitize, nvmesanitize, scsisanitize
from appliance.erasure.site import Site
from appliance.errors import DriveError
from appliance.model import Bus, Order, Reason

WAITS: dict[Bus, Callable[[Site], Order]] = {
    Bus.NVME: nvmesanitize.wait_for_end,
    Bus.SATA: atasanitize.wait_for_end,
    Bus.SAS: scsisanitize.wait_for_end,
}
RECOVERS: dict[Bus, Callable[[Site], Order | None]] = {
    Bus.NVME: nvmesanitize.recover,
    Bus.SATA: atasanitize.recover,
    Bus.SAS: scsisanitize.recover,
}


def wait_for_sanitize(site: Site, reason: Reason) -> None:
    """Watch it to its end; DriveError `sanitize-without-end` where none comes."""
    order = WAITS[site.drive.bus](site)
    site.say("sanitize-waited-for", reported=order.reported, elapsed_s=order.elapsed_s)
    _unless_without_end(site, order)
    if order.reported == "failed":
        leave_failed_sanitize(site, reason)


def leave_failed_sanitize(site: Site, _reason: Reason) -> None:
    """Get the drive to give access again; DriveError `sanitize-stays-failed` where it does not."""
    order = RECOVERS[site.drive.bus](site)
    if order is not None:
        _unless_without_end(site, order)
        raise DriveError("sanitize-stays-failed", drive=site.drive.label)


def _unless_without_end(site: Site, order: Order) -> None:
    if order.accepted and order.reported == "unknown":
        raise DriveError("sanitize-without-end", drive=site.drive.label, problem=order.problem)
