"""A sanitize of an earlier run, of ours or anybody's: waited for, or its failure left behind.

A row for each bus. What such a sanitize erased is no evidence of ours: the plan's own methods
follow. While it may still run nothing else begins.
"""

from __future__ import annotations

from collections.abc import Callable

from appliance.erasure import nvmestate
from appliance.erasure.site import Site
from appliance.errors import DriveError
from appliance.model import Bus, Order, Reason

WAITS: dict[Bus, Callable[[Site], Order]] = {Bus.NVME: nvmestate.wait_for_end}
LEAVES: dict[Bus, Callable[[Site], bool]] = {Bus.NVME: nvmestate.leave_failure_mode}


def wait_for_sanitize(site: Site, _reason: Reason) -> None:
    """Watch it to its end; DriveError `sanitize-runs-on` where none comes."""
    order = WAITS[site.drive.bus](site)
    site.say("sanitize-waited-for", reported=order.reported, elapsed_s=order.elapsed_s)
    if order.reported == "unknown":
        raise DriveError("sanitize-runs-on", drive=site.drive.label, problem=order.problem)
    if order.reported == "failed":
        leave_failed_sanitize(site, _reason)


def leave_failed_sanitize(site: Site, _reason: Reason) -> None:
    """Exit failure mode; DriveError `sanitize-stays-failed` where the drive does not let us."""
    if not LEAVES[site.drive.bus](site):
        raise DriveError("sanitize-stays-failed", drive=site.drive.label)
