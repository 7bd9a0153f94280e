"""SCSI SANITIZE (SBC-4 4.11): block erase, overwrite, or a cryptographic erase with an overwrite.

SCSI keeps no log of a sanitize: one that was never seen in progress has not been seen at all,
whatever the drive's readiness suggests afterwards. A drive that ends in the failure mode is led
out of it, so that another method can follow.
"""

from __future__ import annotations

import time

from appliance.erasure.firmware import Recipe, perform
from appliance.erasure.methods import overwrite
from appliance.erasure.site import Site
from appliance.erasure.stream import Pattern
from appliance.erasure.watching import Patience, Watched, watch
from appliance.hardware.scsi import sanitize_state
from appliance.model import Attempt, MethodOption, Order
from appliance.tools import sg3, utc_now

_PROBLEM_CHARACTERS = 200


def block(site: Site, option: MethodOption) -> Attempt:
    """SANITIZE, BLOCK ERASE."""
    zeros = site.drive.scsi is not None and site.drive.scsi.zeros_after_erase
    return perform(site, option, Recipe(steps=(_Sanitize("block"),), constant=zeros))


def overwriting(site: Site, option: MethodOption) -> Attempt:
    """SANITIZE, OVERWRITE: one pass of zeros by the drive itself, read back in full."""
    return perform(site, option, Recipe(steps=(_Sanitize("overwrite"),), pattern=Pattern()))


def crypto_overwrite(site: Site, option: MethodOption) -> Attempt:
    """SANITIZE, CRYPTOGRAPHIC ERASE, then every block with a keyed stream from here."""
    return perform(site, option, Recipe(steps=(_Sanitize("crypto"),), then=overwrite.perform))


class _Sanitize:
    """One SANITIZE, sent and watched to its end."""

    def __init__(self, action: sg3.Action, patience: Patience | None = None) -> None:
        self._action = action
        self._patience = patience

    def __call__(self, site: Site) -> Order:
        fd, node = site.fd, site.drive.path
        name = f"SANITIZE {self._action.upper()}"
        before = _before(fd)
        if before is not None and before.state == "failed":
            # Of an earlier run: no command is taken until it is left.
            site.ran(sg3.exit_failure_mode(node).run)
        started_at, began = utc_now(), time.monotonic()
        sent = sg3.sanitize(node, self._action)
        site.ran(sent.run)
        # An exit status is a hint: what it calls a failure may be running.
        if sent.status != 0 and not _runs(fd):
            words = (sent.stderr.strip() or sent.stdout.strip())[-_PROBLEM_CHARACTERS:]
            return Order(
                command=name,
                accepted=False,
                seen="",
                reported="unknown",
                started_at=started_at,
                elapsed_s=round(time.monotonic() - began, 3),
                problem=words,
            )
        order = watch(
            name,
            lambda: _asked(fd),
            before=None,
            started_at=started_at,
            began=began,
            report=site.reporter("erasing"),
            patience=self._patience,
        )
        if order.reported == "failed":
            site.ran(sg3.exit_failure_mode(node).run)
        return order


def _before(fd: int) -> Watched | None:
    try:
        return _asked(fd)
    except OSError:
        return None


def _runs(fd: int) -> bool:
    """Whether a sanitize may be under way: a drive that does not answer is not idle."""
    found = _before(fd)
    return found is None or found.state == "running"


def _asked(fd: int) -> Watched:
    """The drive's own answer; OSError where it gives none.

    A drive that is ready has ended what it was told: an end without a failure is its only way
    to report a success. `watch` takes it as one only where it was seen running before.
    """
    found = sanitize_state(fd)
    if found.state == "running":
        return Watched(state="running", progress=found.progress)
    return Watched(state="failed" if found.state == "failed" else "success")
