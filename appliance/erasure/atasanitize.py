"""SANITIZE DEVICE on an ATA drive: order it, watch it, wait for one that already runs, leave a
failure.

An operation survives resets, power cuts and our own death, and nothing stops it; while one
runs nothing else is sent. What counts as seen is stated by `erasure.watching`: the drive said
that it was running, or its log is another one than before our order.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from appliance.erasure.lookout import Lookout
from appliance.erasure.site import Site
from appliance.erasure.watching import Patience, State, Watched, watch
from appliance.errors import ToolError
from appliance.hardware.atasanitize import SanitizeStatus, sanitize_status
from appliance.model import Order, to_json
from appliance.tools import hdparm, utc_now

if TYPE_CHECKING:
    from appliance.erasure.firmware import Step

COMMANDS: dict[hdparm.Sanitize, str] = {
    "crypto-scramble": "CRYPTO SCRAMBLE EXT",
    "block-erase": "BLOCK ERASE EXT",
    "overwrite": "OVERWRITE EXT",
}
_WORDS: dict[str, State] = {
    "idle": "idle",
    "running": "running",
    "succeeded": "success",
    "failed": "failed",
}
# With nothing asked of the medium, any byte does: this is only to get out of a failed state.
_ZEROS = bytes(4)


def watched(status: SanitizeStatus) -> Watched:
    """One answer in the watcher's words; its mark is the outcome that the log now holds."""
    return Watched(state=_WORDS[status.state], progress=status.progress, mark=status.state)


def sanitize(kind: hdparm.Sanitize, pattern: bytes = b"") -> Step:
    """A step that runs one sanitize operation to its end."""
    name = COMMANDS[kind] + (f", pattern {pattern.hex().upper()}h" if pattern else "")

    def step(site: Site) -> Order:
        started_at, began = utc_now(), time.monotonic()
        try:
            before = sanitize_status(site.fd)
        except OSError as error:
            return _refused(name, started_at, f"no status before: {error.strerror or error}")
        if before.state == "running":
            # Somebody else's. It will be over one day, but not as an answer to our order.
            order = _refused(name, started_at, "another sanitize operation runs")
            return replace(order, accepted=True, reported="unknown")
        if before.frozen:
            return _refused(name, started_at, "sanitize frozen")
        site.say("order-given", command=name, before=to_json(before))
        with Lookout(lambda: sanitize_status(site.fd).state == "running") as lookout:
            problem = _send(site, kind, pattern)
        if problem and not lookout.saw_running and _unmoved(site, before):
            return _refused(name, started_at, problem)
        order = watch(
            name,
            lambda: watched(sanitize_status(site.fd)),
            before=watched(before),
            started_at=started_at,
            began=began,
            report=site.reporter("erasing"),
            patience=patience(site),
        )
        return lookout.told(order, began)

    return step


def _send(site: Site, kind: hdparm.Sanitize, pattern: bytes) -> str:
    """Order it; what hdparm complains of, which proves neither that it began nor that it did
    not. ToolError where hdparm did not even end: then nobody knows."""
    try:
        done = hdparm.sanitize(site.drive.path, kind, pattern)
    except ToolError as error:
        if error.code == "tool-timeout":
            raise
        return error.code
    site.ran(done.run)
    return hdparm.complaint(done)


def _unmoved(site: Site, before: SanitizeStatus) -> bool:
    """Whether the drive says that nothing has begun; silence is no such word."""
    try:
        return sanitize_status(site.fd).state in (before.state, "idle")
    except OSError:
        return False


def patience(site: Site) -> Patience:
    """How long this organisation waits for progress."""
    return Patience(stall_s=site.policy.stall_minutes * 60.0)


def wait_for_end(site: Site) -> Order:
    """Watch an operation of an earlier run, ours or not, to its end; proof of nothing."""
    return watch(
        "SANITIZE DEVICE (earlier)",
        lambda: watched(sanitize_status(site.fd)),
        before=None,
        started_at=utc_now(),
        began=time.monotonic(),
        report=site.reporter("erasing"),
        patience=patience(site),
    )


def recover(site: Site) -> Order | None:
    """Out of the state after a failed sanitize, in which a drive takes no reads and no writes.

    Asked politely first (CLEAR SANITIZE OPERATION FAILED, where the command that failed had
    allowed it), then by a sanitize that succeeds (ACS-5 4.15.6). That one is no erasure of
    ours: the plan's methods follow, with all their evidence. None when the drive gives access
    again; otherwise the last order, as it ended.
    """
    try:
        now = sanitize_status(site.fd, clear_failed=True)
    except OSError:
        now = SanitizeStatus(state="failed")
    site.say("sanitize-failure-cleared", state=now.state)
    if now.state != "failed":
        return None
    ata = site.drive.ata
    kinds: list[tuple[hdparm.Sanitize, bytes]] = []
    if ata is not None:
        kinds += [("block-erase", b"")] if ata.sanitize_block else []
        kinds += [("overwrite", _ZEROS)] if ata.sanitize_overwrite else []
        kinds += [("crypto-scramble", b"")] if ata.sanitize_crypto else []
    order = _refused("SANITIZE STATUS EXT, clear", utc_now(), "failed")
    for kind, pattern in kinds:
        site.confirm_identity()
        order = sanitize(kind, pattern)(site)
        site.say("recovery-ended", order=to_json(order))
        if order.reported == "success":
            return None
        if order.accepted and order.reported == "unknown":
            break
    return order


def _refused(name: str, started_at: str, problem: str) -> Order:
    return Order(
        command=name,
        accepted=False,
        seen="",
        reported="idle",
        started_at=started_at,
        elapsed_s=0.0,
        problem=problem,
    )
