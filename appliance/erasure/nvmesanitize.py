"""The NVMe Sanitize command by itself: sent and watched, waited for, and led out of its failure.

Shared by the sanitize methods and by the preparations that deal with a sanitize of an earlier
run. Decides nothing: an order says what was seen, and who called judges it.
"""

from __future__ import annotations

import time

from appliance.erasure.device import answers, geometry
from appliance.erasure.site import Site
from appliance.erasure.watching import Patience, Watched, refused, watch
from appliance.hardware.nvme import SanitizeLog, sanitize_log
from appliance.model import NvmeFacts, Order, to_json
from appliance.tools import nvme, utc_now

_NAMES = {nvme.CRYPTO_ERASE: "Sanitize, crypto erase", nvme.BLOCK_ERASE: "Sanitize, block erase"}
# SANICAP's bits, in the order in which a drive in failure mode is tried.
_RECOVERIES = ((1 << 1, nvme.BLOCK_ERASE), (1 << 0, nvme.CRYPTO_ERASE))
# How long a controller may take to give access again, in seconds.
_ACCESS_WAIT_S = 10.0


def sanitize(action: int, site: Site, *, unrestricted: bool = True) -> Order:
    """Send one sanitize and watch the log to its end; never raises for what the drive does.

    `unrestricted`: after a failure the drive may be led out of its failure mode by a command.
    """
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
    done = nvme.sanitize(controller, action, unrestricted=unrestricted)
    site.ran(done.run)
    # An exit status is a hint: what it calls a failure may be running.
    if done.status != 0 and not _running(site):
        return refused(name, done, started_at=started_at, began=began, estimate_s=estimate)
    return watch(
        name,
        lambda: watched(sanitize_log(site.fd)),
        before=before,
        started_at=started_at,
        began=began,
        estimate_s=estimate,
        report=site.reporter("erasing"),
        patience=patience(site),
    )


def wait_for_end(site: Site) -> Order:
    """Watch a sanitize that another run began; what it erased proves nothing of ours."""
    return watch(
        "Sanitize",
        lambda: watched(sanitize_log(site.fd)),
        before=None,
        started_at=utc_now(),
        began=time.monotonic(),
        report=site.reporter("erasing"),
        patience=patience(site),
    )


def leave_failure_mode(site: Site) -> bool:
    """Exit Failure Mode (action 001b): whether the drive then gives access again.

    While the mode lasts, the controller takes no read, no write and no Format; its log may go
    on telling of the failure afterwards, so that a block is read instead.
    """
    site.ran(nvme.exit_failure_mode(f"/dev/{facts(site).controller}").run)
    return gives_access(site)


def recover(site: Site) -> Order | None:
    """Out of the failure mode of somebody's sanitize: by leaving it, where that sanitize had
    allowed it, else by one that succeeds, which is the only other way (5.1.22).

    None when the drive gives access; else the last order, which says why it does not. Such
    a sanitize is no erasure of ours: the plan's methods follow, with all their evidence.
    """
    if leave_failure_mode(site):
        return None
    order: Order | None = None
    for bit, action in _RECOVERIES:
        if not facts(site).sanicap & bit:
            continue
        site.confirm_identity()
        order = sanitize(action, site, unrestricted=False)
        site.say("recovery-ended", order=to_json(order))
        if order.reported == "success" and gives_access(site):
            return None
        if order.accepted and order.reported == "unknown":
            return order
    return order or Order(
        command="Sanitize, exit failure mode",
        accepted=False,
        seen="",
        reported="failed",
        started_at=utc_now(),
        elapsed_s=0.0,
    )


def gives_access(site: Site) -> bool:
    """Whether a block of every namespace can be read, now or within some seconds."""
    until = time.monotonic() + _ACCESS_WAIT_S
    while not all(answers(area.fd, geometry(area.fd)) for area in site.areas):
        if time.monotonic() > until:
            return False
        time.sleep(0.2)
    return True


def patience(site: Site) -> Patience:
    """How long the policy waits for progress."""
    return Patience(stall_s=site.policy.stall_minutes * 60.0)


def watched(log: SanitizeLog) -> Watched:
    """The log as an answer. Its mark: SSTAT, whose bit 8 falls when something is written and
    rises with a success, and the command's own dword 10."""
    return Watched(state=log.state, progress=log.progress, mark=(log.status, log.order))


def facts(site: Site) -> NvmeFacts:
    """The controller's facts; RuntimeError where the plan gave an NVMe method to another drive."""
    if site.drive.nvme is None:
        raise RuntimeError(f"{site.drive.label} is no NVMe drive")
    return site.drive.nvme


def _running(site: Site) -> bool:
    """Whether one may be under way: a controller that does not answer is not idle."""
    try:
        return sanitize_log(site.fd).state == "running"
    except OSError:
        return True
