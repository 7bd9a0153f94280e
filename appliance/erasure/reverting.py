"""Reverting a self-encrypting drive with its PSID: one try, judged by what the drive says after.

The revert destroys the drive's keys and removes its locks. Whether it did is read from Level 0
Discovery before and after, never from sedutil's words; whether the data is gone is for the method
that follows. The PSID itself stands in no log and no statement.
"""

from __future__ import annotations

import time

from appliance.erasure.device import drop_host_cache
from appliance.erasure.site import Site
from appliance.errors import DriveError, ToolError
from appliance.hardware.tcg import discovered
from appliance.model import Facts, Reason, TcgFacts, to_json
from appliance.tools import sedutil

# A drive may reset itself after a revert: so long until it must answer again.
_AGAIN_S, _AGAIN_EVERY_S = 60.0, 1.0
_REFUSED = {
    sedutil.NOT_AUTHORIZED: "tcg-psid-refused",
    sedutil.LOCKED_OUT: "tcg-psid-locked-out",
}


def revert(site: Site, reason: Reason) -> None:
    """Open a drive that its own locks close, or free one that is set up to lock itself.

    DriveError for a drive that stays closed: `tcg-psid-missing`, `tcg-psid-refused`,
    `tcg-psid-locked-out`, `tcg-stays-locked`; `tcg-revert-without-end` where nobody knows what
    it still does. One that is open anyway is erased as it is, with that exception.
    """
    before = _state(site)
    if not before.closed and not before.locking_enabled:
        return
    if not site.psid:
        _stays(site, before, "tcg-psid-missing" if before.closed else "tcg-stays-in-use")
        return
    # On record before the drive gets it: from here on its data may be gone.
    site.say("revert-given", reason=reason.code)
    status, problem = _sent(site)
    after = _state(site)
    if after.closed or after.locking_enabled:
        refused = _REFUSED.get(status) if after == before else None
        if refused:
            site.say("revert-refused")
        code = refused or ("tcg-stays-locked" if after.closed else "tcg-stays-in-use")
        _stays(site, after, code, problem)
        return
    for area in site.areas:
        # The kernel may still hold what the drive showed instead of its blocks.
        drop_host_cache(area.fd)
    site.say("reverted")


def _sent(site: Site) -> tuple[int, str]:
    """sedutil's exit status and last words; hints, no more."""
    try:
        done = sedutil.psid_revert(site.drive.path, site.psid)
    except ToolError as error:
        if error.code == "tool-timeout":
            raise DriveError("tcg-revert-without-end", drive=site.drive.label) from error
        return -1, error.code
    site.ran(done.run)
    return done.status, sedutil.complaint(done)


def _stays(site: Site, now: TcgFacts, code: str, problem: str = "") -> None:
    """A closed drive is left alone; an open one goes on with an exception."""
    facts: Facts = {"drive": site.drive.label, "problem": problem}
    if now.closed:
        raise DriveError(code, **facts)
    site.say("exception", reason=to_json(Reason(code=code, facts=facts)))


def _state(site: Site) -> TcgFacts:
    """What the drive says, as soon as it answers; DriveError where it does not for a minute."""
    until = time.monotonic() + _AGAIN_S
    while True:
        try:
            return discovered(site.fd, site.drive.bus)
        except OSError as error:
            if time.monotonic() > until:
                label, path = site.drive.label, site.drive.path
                problem = error.strerror or str(error)
                raise DriveError("drive-gone", drive=label, path=path, problem=problem) from error
            time.sleep(_AGAIN_EVERY_S)
