"""What is done to a drive before any method: the plan's preparations, a row each.

A preparation changes the drive, so it is planned, shown and consented to like a method. One
that does not succeed says so in the log by what is still true of the drive afterwards (a
hidden area that is still there); one without which nothing may begin raises DriveError.
"""

from __future__ import annotations

from collections.abc import Callable

from appliance.erasure import atasecurity, bootareas, psid, reverting, uncovering, waiting
from appliance.erasure.site import Site
from appliance.model import Reason, to_json

Preparer = Callable[[Site, Reason], None]

PREPARERS: dict[str, Preparer] = {
    "unlock-known-password": atasecurity.unlock_known,
    "remove-hpa": uncovering.remove_hpa,
    "remove-ama": uncovering.remove_ama,
    "restore-dco": uncovering.restore_dco,
    "wait-for-sanitize": waiting.wait_for_sanitize,
    "leave-failed-sanitize": waiting.leave_failed_sanitize,
    "erase-boot-areas": bootareas.erase_boot_areas,
    **dict.fromkeys(psid.CODES, reverting.revert),
}


def prepare(site: Site, preparations: tuple[Reason, ...]) -> None:
    """Do them in order; DriveError where the drive must be left as it is."""
    for item in preparations:
        site.confirm_identity()
        site.say("preparation-started", preparation=to_json(item))
        PREPARERS[item.code](site, item)
        site.say("preparation-ended", preparation=to_json(item))
