"""NVMe Sanitize: the controller erases all of its namespaces, and its log says how it goes.

Believed only when the log showed the command running, or is another log than before, then
reported a success, and the marks are gone. A success in the log without that may be an older
one. The command reaches every namespace, so it is used only with all of them in the plan.
"""

from __future__ import annotations

import time
from functools import partial

from appliance.erasure import firmware
from appliance.erasure.firmware import Recipe, Step
from appliance.erasure.nvmestate import facts, leave_failure_mode, watched
from appliance.erasure.site import Site
from appliance.erasure.watching import Watched, watch
from appliance.hardware.nvme import sanitize_log
from appliance.model import Attempt, MethodOption, Order
from appliance.tools import nvme, utc_now

_NAMES = {nvme.CRYPTO_ERASE: "Sanitize, crypto erase", nvme.BLOCK_ERASE: "Sanitize, block erase"}


def crypto_block(site: Site, option: MethodOption) -> Attempt:
    """Crypto erase, then block erase."""
    steps = (partial(_sanitize, nvme.CRYPTO_ERASE), partial(_sanitize, nvme.BLOCK_ERASE))
    return _perform(site, option, steps)


def block(site: Site, option: MethodOption) -> Attempt:
    """Block erase alone."""
    return _perform(site, option, (partial(_sanitize, nvme.BLOCK_ERASE),))


def crypto(site: Site, option: MethodOption) -> Attempt:
    """Crypto erase alone: nothing is promised of what the blocks read as afterwards."""
    return firmware.perform(site, option, Recipe(steps=(partial(_sanitize, nvme.CRYPTO_ERASE),)))


def _perform(site: Site, option: MethodOption, steps: tuple[Step, ...]) -> Attempt:
    # A sanitize deallocates every block unless it is told not to (NDAS, which we leave 0), and
    # DLFEAT is the drive's own word for what a deallocated block reads as.
    constant = all(one.deallocated_reads != "unknown" for one in facts(site).namespaces)
    return firmware.perform(site, option, Recipe(steps=steps, constant=constant))


def _sanitize(action: int, site: Site) -> Order:
    """Send it and watch the log. A drive that failed is led out of its failure mode, so that
    another method can be tried; that makes nothing of this one."""
    controller = f"/dev/{facts(site).controller}"
    name = _NAMES[action]
    try:
        known = sanitize_log(site.fd)
        before: Watched | None = watched(known)
        estimate = known.crypto_s if action == nvme.CRYPTO_ERASE else known.block_s
    except OSError:
        before, estimate = None, None
    started_at, began = utc_now(), time.monotonic()
    site.say("order-sent", command=name, node=controller, estimate_s=estimate)
    done = nvme.sanitize(controller, action)
    site.ran(done.run)
    # An exit status is a hint: what it calls a failure may be running.
    if done.status != 0 and not _running(site):
        return Order(
            command=name,
            accepted=False,
            seen="",
            reported="idle",
            started_at=started_at,
            elapsed_s=round(time.monotonic() - began, 3),
            estimate_s=estimate,
            problem=(done.stderr or done.stdout).strip()[-200:],
        )
    order = watch(
        name,
        lambda: watched(sanitize_log(site.fd)),
        before=before,
        started_at=started_at,
        began=began,
        estimate_s=estimate,
        report=site.reporter("erasing"),
    )
    if order.reported == "failed":
        leave_failure_mode(site)
    return order


def _running(site: Site) -> bool:
    try:
        return sanitize_log(site.fd).state == "running"
    except OSError:
        return False
