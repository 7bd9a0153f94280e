"""What an NVMe controller says of a sanitize, as answers for `watching`, and the way out of one.

Shared by the sanitize methods and by the preparations that wait for a sanitize of an earlier
run. Starts no erase.
"""

from __future__ import annotations

import time

from appliance.erasure.site import Site
from appliance.erasure.watching import Patience, Watched, watch
from appliance.hardware.nvme import SanitizeLog, sanitize_log
from appliance.model import NvmeFacts, Order
from appliance.tools import nvme, utc_now

# How long a controller that failed may take to leave its failure mode, in seconds.
_EXIT_WAIT_S = 10.0


def leave_failure_mode(site: Site) -> bool:
    """Exit Failure Mode (action 001b): whether the log then tells of no failure any more.

    While it lasts, the controller takes no read, no write and no Format.
    """
    done = nvme.exit_failure_mode(f"/dev/{facts(site).controller}")
    site.ran(done.run)
    until = time.monotonic() + _EXIT_WAIT_S
    while time.monotonic() < until:
        try:
            if sanitize_log(site.fd).state != "failed":
                return True
        except OSError:
            # Silence is no answer; it is asked again.
            pass
        time.sleep(0.2)
    return False


def wait_for_end(site: Site, patience: Patience | None = None) -> Order:
    """Watch a sanitize that another run began; what it erased proves nothing of ours."""
    return watch(
        "Sanitize",
        lambda: watched(sanitize_log(site.fd)),
        before=None,
        started_at=utc_now(),
        began=time.monotonic(),
        report=site.reporter("waiting"),
        patience=patience,
    )


def watched(log: SanitizeLog) -> Watched:
    """The log as an answer. Its mark: SSTAT, whose bit 8 falls when something is written and
    rises with a success, and the command's own dword 10."""
    return Watched(state=log.state, progress=log.progress, mark=(log.status, log.order))


def facts(site: Site) -> NvmeFacts:
    """The controller's facts; RuntimeError where the plan gave an NVMe method to another drive."""
    if site.drive.nvme is None:
        raise RuntimeError(f"{site.drive.label} is no NVMe drive")
    return site.drive.nvme
