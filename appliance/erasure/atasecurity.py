"""The ATA Security feature set: one known password, SECURITY ERASE UNIT, and the way back.

The password is the organisation's and stands in the log before the drive gets it, so that any
stick can open what another one left locked. State is read from IDENTIFY word 128 before and
after every command. An erase blocks the drive and tells nothing while it runs.

What counts as seen: ACS-5 4.18 lets one thing but DISABLE PASSWORD, which we do not send in
between, turn security off again: a SECURITY ERASE UNIT that ran to its end. So "enabled" after
SET PASSWORD and "not enabled" after the erase is a log that the command itself changed. It says
that the drive took the command for done, not that data is gone; that is for the readings.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from appliance.erasure.meanwhile import Meanwhile
from appliance.erasure.pace import Headway, Report
from appliance.erasure.site import Site
from appliance.errors import DriveError, ToolError
from appliance.hardware.ata import ata_facts
from appliance.hardware.descriptor import ata_identify
from appliance.model import AtaFacts, Order, Reason, to_json
from appliance.tools import hdparm, utc_now

if TYPE_CHECKING:
    from appliance.erasure.firmware import Step

_TICK_S = 2.0
# A drive may reset its link at the end of a long erase: so long until it must answer again.
_AGAIN_S, _AGAIN_EVERY_S = 60.0, 1.0


def state(fd: int) -> AtaFacts:
    """What the drive says of itself now; OSError where it does not answer."""
    return ata_facts(ata_identify(fd))


def erase(*, enhanced: bool) -> Step:
    """A step that runs SECURITY ERASE UNIT to its end, and leaves no password behind."""
    name = "SECURITY ERASE UNIT, enhanced" if enhanced else "SECURITY ERASE UNIT"

    def step(site: Site) -> Order:
        started_at, password = utc_now(), site.policy.ata_password
        try:
            before = state(site.fd)
        except OSError as error:
            return _order(name, started_at, problem=error.strerror or str(error))
        if problem := against(before):
            return _order(name, started_at, problem=problem)
        # On record before the drive has it: whatever happens to us, anybody can open it again.
        site.say("ata-password", password=password, user="user", mode="high")
        set_it = hdparm.set_password(site.drive.path, password)
        site.ran(set_it.run)
        minutes = before.enhanced_erase_minutes if enhanced else before.erase_minutes
        estimate_s = None if minutes is None else minutes * 60.0
        try:
            if not state(site.fd).security_enabled:
                problem = hdparm.complaint(set_it) or "the password was not taken"
                return _order(name, started_at, estimate_s, problem=problem)
            site.confirm_identity()
            site.say("order-given", command=name, estimate_s=estimate_s)
            began = time.monotonic()
            with _Ticking(site.reporter("erasing"), estimate_s):
                problem = _run(site, enhanced, estimate_s or 0.0)
            elapsed_s = round(time.monotonic() - began, 3)
            after = _answer(site.fd)
        except OSError as error:
            problem = f"no answer: {error.strerror or error}"
            _say_that_it_stays(site)
            return _order(
                name, started_at, estimate_s, accepted=True, reported="unknown", problem=problem
            )
        if not after.security_enabled and not after.security_locked:
            return _order(
                name,
                started_at,
                estimate_s,
                accepted=True,
                seen="log-changed",
                reported="success",
                elapsed_s=elapsed_s,
            )
        problem = problem or "the drive still holds the password"
        remove_password(site)
        return _order(
            name,
            started_at,
            estimate_s,
            accepted=True,
            reported="failed",
            elapsed_s=elapsed_s,
            problem=problem,
        )

    return step


def _run(site: Site, enhanced: bool, estimate_s: float) -> str:
    """Erase; what hdparm complains of. A program that was killed ends only when its command in
    the kernel has, so the drive can be asked then; ToolError where it did not end at all."""
    try:
        done = hdparm.erase_unit(
            site.drive.path,
            site.policy.ata_password,
            enhanced=enhanced,
            estimate_s=estimate_s,
            size_bytes=site.drive.size_bytes,
        )
    except ToolError as error:
        if error.code == "tool-timeout":
            raise
        return error.code
    site.ran(done.run)
    return hdparm.complaint(done)


def against(now: AtaFacts) -> str:
    """Why a security erase cannot begin; empty: it can."""
    if now.security_frozen:
        return "frozen"
    if now.security_locked:
        return "locked"
    return "a password is set" if now.security_enabled else ""


def remove_password(site: Site) -> bool:
    """Unlock and disable with the known password, once; whether the drive is open afterwards.

    Where it is not, the statement says so and names the password that was set.
    """
    done = hdparm.disable_password(site.drive.path, site.policy.ata_password)
    site.ran(done.run)
    try:
        now = _answer(site.fd)
    except OSError:
        now = None
    if now is not None and not now.security_enabled:
        site.say("ata-password-removed")
        return True
    _say_that_it_stays(site)
    return False


def _say_that_it_stays(site: Site) -> None:
    """Of a drive that holds our password, or that has it and fell silent."""
    reason = Reason(code="ata-password-stays", facts={"password": site.policy.ata_password})
    site.say("exception", reason=to_json(reason))


def unlock_known(site: Site, reason: Reason) -> None:
    """Open a drive that an earlier run left with our password: one try, then it is left alone.

    DriveError `ata-locked` (the former owner's password), or `ata-password-set` for a drive
    that is open until its next power-on.
    """
    try:
        if not state(site.fd).security_enabled:
            return
        done = hdparm.disable_password(site.drive.path, site.policy.ata_password)
        site.ran(done.run)
        now = _answer(site.fd)
    except OSError as error:
        problem = error.strerror or str(error)
        label, path = site.drive.label, site.drive.path
        raise DriveError("drive-gone", drive=label, path=path, problem=problem) from error
    if now.security_enabled:
        code = "ata-locked" if now.security_locked else "ata-password-set"
        raise DriveError(code, drive=site.drive.label)
    site.say("ata-password-removed", reason=reason.code)


def _answer(fd: int) -> AtaFacts:
    """The state, as soon as the drive answers; OSError where it does not for a minute."""
    until = time.monotonic() + _AGAIN_S
    while True:
        try:
            return state(fd)
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(_AGAIN_EVERY_S)


class _Ticking(Meanwhile):
    """Tells the screen how much of the drive's own estimate has passed: all that is known."""

    def __init__(self, report: Report, estimate_s: float | None) -> None:
        super().__init__()
        self._report, self._estimate_s = report, estimate_s

    def look(self) -> None:
        began = time.monotonic()
        while not self.over.wait(_TICK_S):
            passed, whole = time.monotonic() - began, self._estimate_s
            if whole is not None:
                self._report(
                    Headway(
                        done_bytes=int(min(passed, whole)),
                        total_bytes=int(whole),
                        rate_bytes_s=0.0,
                        left_s=max(0.0, whole - passed),
                        error_ranges=0,
                        resume_at=0,
                    )
                )


def _order(
    name: str,
    started_at: str,
    estimate_s: float | None = None,
    *,
    accepted: bool = False,
    seen: str = "",
    reported: str = "idle",
    elapsed_s: float = 0.0,
    problem: str = "",
) -> Order:
    return Order(
        command=name,
        accepted=accepted,
        seen=seen,
        reported=reported,
        started_at=started_at,
        elapsed_s=elapsed_s,
        estimate_s=estimate_s,
        problem=problem,
    )
