"""eMMC: secure erase or TRIM of the user area, then SANITIZE of what is unmapped (JESD84-B51 6.6).

A device keeps no log of a sanitize and shows no progress. What can be seen is that it holds its
bus while it works: an order that takes no longer than a mere question was not seen. The boot
partitions are areas of their own and are erased before any method, see `erasure.bootareas`.
"""

from __future__ import annotations

import time
from dataclasses import replace

from appliance.erasure.firmware import Recipe, perform
from appliance.erasure.site import Site
from appliance.erasure.watching import Watched, watch
from appliance.hardware.mmc import ERRORS, card_status, is_busy
from appliance.model import Attempt, MethodOption, Order
from appliance.tools import Output, mmc, utc_now

_NAME = "SANITIZE"
# An honest device needs this much longer for it than for a question; so does ours to start.
_LEAST_BUSY_S = 0.1
_PROBLEM_CHARACTERS = 200


def erase_and_sanitize(site: Site, option: MethodOption) -> Attempt:
    """Erase, SANITIZE, then the whole user area is read."""
    return perform(site, option, Recipe(steps=(_order,), constant=True))


def _order(site: Site) -> Order:
    node, started_at = site.drive.path, utc_now()
    erased = _erase(site)
    if erased.status != 0:
        return _refused(erased, started_at)
    asked_s = _ran(site, mmc.status(node)).run.elapsed_s
    began = time.monotonic()
    sent = _ran(site, mmc.sanitize(node))
    # An exit status is a hint: what it calls a failure may still be busy.
    if sent.status != 0 and not _works(site.fd):
        return _refused(sent, started_at)
    order = watch(
        _NAME,
        lambda: _asked(site.fd),
        before=None,
        started_at=started_at,
        began=began,
        report=site.reporter("erasing"),
    )
    if (
        not order.seen
        and sent.status == 0
        and sent.run.elapsed_s - asked_s > max(_LEAST_BUSY_S, asked_s)
    ):
        order = replace(order, seen="completion")
    return order


def _erase(site: Site) -> Output:
    facts = site.drive.mmc
    if facts is not None and facts.secure_erase:
        erased = _ran(site, mmc.secure_erase(site.drive.path))
        # The kernel knows devices that offer it and break: it does not let them.
        if erased.status == 0:
            return erased
    return _ran(site, mmc.trim(site.drive.path))


def _asked(fd: int) -> Watched:
    status = card_status(fd)
    if is_busy(status):
        return Watched(state="running")
    return Watched(state="failed" if status & ERRORS else "success")


def _works(fd: int) -> bool:
    """Whether the card may still be at it: one that does not answer is not idle."""
    try:
        return is_busy(card_status(fd))
    except OSError:
        return True


def _ran(site: Site, output: Output) -> Output:
    site.ran(output.run)
    return output


def _refused(output: Output, started_at: str) -> Order:
    words = output.stderr.strip() or output.stdout.strip()
    return Order(
        command=" ".join(output.run.argv[:2]) if output.run.argv[0] == "blkdiscard" else _NAME,
        accepted=False,
        seen="",
        reported="unknown",
        started_at=started_at,
        elapsed_s=output.run.elapsed_s,
        problem=words[-_PROBLEM_CHARACTERS:],
    )
