"""SCSI SANITIZE by itself: sent and watched, waited for, and led out of its failure mode.

Shared by the sanitize methods and by the preparations that deal with a sanitize of an earlier
run. SCSI keeps no log of a sanitize: one that was never seen in progress has not been seen at
all, whatever the drive's readiness suggests afterwards. Decides nothing: an order says what was
seen, and who called judges it.
"""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from appliance.erasure.lookout import Lookout
from appliance.erasure.site import Site
from appliance.erasure.watching import Patience, Watched, refused, watch
from appliance.errors import DriveError
from appliance.hardware import descriptor
from appliance.hardware.scsi import sanitize_state, scsi_facts
from appliance.model import Order
from appliance.tools import sg3, utc_now

# In the order in which a drive that stays in its failure mode is tried.
_RECOVERIES: tuple[sg3.Action, ...] = ("block", "overwrite", "crypto")
_BLOCK_BYTES = (512, 4096)


def sanitize(action: sg3.Action, site: Site, waits: Patience | None = None) -> Order:
    """Send one SANITIZE and watch it to its end; never raises for what the drive does."""
    fd, node = site.fd, site.drive.path
    name = f"SANITIZE {action.upper()}"
    started_at, began = utc_now(), time.monotonic()
    site.say("order-sent", command=name, node=node, estimate_s=None)
    with Lookout(lambda: sanitize_state(fd).state == "running") as lookout:
        sent = sg3.sanitize(node, action)
    site.ran(sent.run)
    # An exit status is a hint: what it calls a failure may be running, or be over.
    if sent.status != 0 and not lookout.saw_running and not _runs(fd):
        return refused(name, sent, started_at=started_at, began=began)
    order = watch(
        name,
        lambda: asked(fd),
        before=None,
        started_at=started_at,
        began=began,
        report=site.reporter("erasing"),
        patience=waits or patience(site),
    )
    return lookout.told(order, began)


def wait_for_end(site: Site) -> Order:
    """Watch a SANITIZE that another run began; what it erased proves nothing of ours."""
    order = watch(
        "SANITIZE",
        lambda: asked(site.fd),
        before=None,
        started_at=utc_now(),
        began=time.monotonic(),
        report=site.reporter("erasing"),
        patience=patience(site),
    )
    if order.reported == "success":
        look_anew(site)
    return order


def recover(site: Site) -> Order | None:
    """Out of the failure mode of somebody's SANITIZE: by EXIT FAILURE MODE, where that one had
    allowed it (AUSE), else by one that succeeds, which is the only other way (SBC-4 4.11.4).

    None when the drive takes commands again; else the last order, which says why it does not.
    """
    leave_failure_mode(site)
    order: Order | None = None
    if _state(site.fd) != "failed":
        look_anew(site)
        return None
    for action in _RECOVERIES:
        site.confirm_identity()
        order = sanitize(action, site)
        if order.reported == "success" and _state(site.fd) == "idle":
            look_anew(site)
            return None
        if order.accepted and order.reported == "unknown":
            return order
    return order


def leave_failure_mode(site: Site) -> None:
    """SANITIZE with EXIT FAILURE MODE; whether it did is asked of the drive, not read here."""
    site.ran(sg3.exit_failure_mode(site.drive.path).run)


def look_anew(site: Site) -> None:
    """The drive as it answers now that it takes commands, and the kernel's size of it.

    While a SANITIZE runs the kernel knows no capacity of a drive (it is shown with 0 bytes).
    DriveError `drive-gone` where the drive does not answer, `block-size` where it has sectors
    that Linux cannot read or write.
    """
    drive = site.drive
    facts = {"drive": drive.label, "path": drive.path}
    try:
        (Path(drive.sysfs) / "device/rescan").write_text("1")
        size_bytes = descriptor.opened(site.fd).size_bytes
        known = scsi_facts(site.fd)
    except OSError as error:
        problem = error.strerror or str(error)
        raise DriveError("drive-gone", problem=problem, **facts) from error
    block_bytes = known.block_bytes or drive.logical_block_bytes
    if block_bytes not in _BLOCK_BYTES:
        raise DriveError("block-size", bytes=block_bytes, **facts)
    site.drive = replace(drive, scsi=known, logical_block_bytes=block_bytes)
    if size_bytes != drive.size_bytes:
        site.resized(size_bytes)


def patience(site: Site) -> Patience:
    """How long the policy waits for progress."""
    return Patience(stall_s=site.policy.stall_minutes * 60.0)


def asked(fd: int) -> Watched:
    """The drive's own answer; OSError where it gives none.

    A drive that is ready has ended what it was told: an end without a failure is its only way
    to report a success. `watch` takes it as one only where it was seen running before.
    """
    found = sanitize_state(fd)
    if found.state == "running":
        return Watched(state="running", progress=found.progress)
    return Watched(state="failed" if found.state == "failed" else "success")


def _state(fd: int) -> str:
    try:
        return sanitize_state(fd).state
    except OSError:
        return "silent"


def _runs(fd: int) -> bool:
    """Whether a sanitize may be under way: a drive that does not answer is not idle."""
    return _state(fd) in ("running", "silent")
