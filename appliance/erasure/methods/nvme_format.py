"""NVMe Format with a secure erase (SES=2, SES=1), believed only as far as reading back goes.

Format is synchronous: it completes when the erase has ended, so its completion without an
error is both the sign that it ran and the report of its success; where the namespace counts
down what is left (FPI), that is watched as well. Exit status and completion alone prove
nothing: tools in the field "formatted" for years with SES=0. Marks must be gone, and after
a user data erase every block must read as zeros or ones.
"""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial

from appliance.erasure import firmware
from appliance.erasure.firmware import Recipe
from appliance.erasure.meanwhile import Meanwhile
from appliance.erasure.nvmesanitize import facts, patience
from appliance.erasure.pace import Headway
from appliance.erasure.site import Site
from appliance.erasure.watching import POLL_S, Watched, watch
from appliance.hardware.nvme import format_left
from appliance.model import Attempt, MethodOption, Order
from appliance.tools import nvme, utc_now

_WHOLE = 100


def user_data(site: Site, option: MethodOption) -> Attempt:
    """SES=1. Without constant blocks afterwards nothing shows that it reached all of them."""
    steps = (partial(_format, nvme.USER_DATA_ERASE),)
    return firmware.perform(site, option, Recipe(steps=steps, constant=True))


def cryptographic(site: Site, option: MethodOption) -> Attempt:
    """SES=2. The key is gone, says the maker; the blocks may read as anything but before."""
    return firmware.perform(
        site, option, Recipe(steps=(partial(_format, nvme.CRYPTOGRAPHIC_ERASE),))
    )


def _format(ses: int, site: Site) -> Order:
    """One Format: of the only namespace, or of all of them at once."""
    known = facts(site)
    several = len(known.namespaces) > 1
    nsid = nvme.EVERY_NAMESPACE if several else known.namespaces[0].nsid
    node = f"/dev/{known.controller}"
    name = f"Format NVM, SES={ses}"
    started_at, began = utc_now(), time.monotonic()
    site.say("order-sent", command=name, node=node, estimate_s=None)
    with _Countdown(site, [one.nsid for one in known.namespaces]) as countdown:
        done = nvme.format_nvm(node, nsid, ses, known.namespaces[0].lba_format)
    site.ran(done.run)
    accepted = done.status == 0
    order = Order(
        command=name,
        accepted=accepted,
        seen="progress" if countdown.seen else "completion" if accepted else "",
        reported="success" if accepted else "failed",
        started_at=started_at,
        elapsed_s=round(time.monotonic() - began, 3),
        problem="" if accepted else (done.stderr or done.stdout).strip()[-200:],
    )
    if countdown.left():
        # It came back, and the drive says that it still formats: believed is the drive.
        late = watch(
            name,
            countdown.poll,
            before=None,
            started_at=started_at,
            began=began,
            report=site.reporter("erasing"),
            patience=patience(site),
        )
        if accepted or late.reported == "unknown":
            # Without an end it may still be at work, whatever the command's own answer was.
            return late
        return replace(late, reported="failed", problem=order.problem)
    return order


class _Countdown(Meanwhile):
    """Looks at FPI while a Format blocks: a thread that only asks, for screen and evidence."""

    def __init__(self, site: Site, nsids: list[int]) -> None:
        super().__init__()
        self._site, self._nsids = site, nsids
        self._began = time.monotonic()
        self.seen = False

    def left(self) -> float:
        """The most that any namespace still has to do; 0 where none tells."""
        found = 0.0
        for nsid in self._nsids:
            try:
                found = max(found, format_left(self._site.fd, nsid) or 0.0)
            except OSError:
                # A drive may refuse to answer while it formats.
                continue
        return found

    def poll(self) -> Watched:
        """For `watch`, once the command has returned. The end of a countdown tells nothing of
        how it ended: only the marks can."""
        left = self.left()
        return Watched(state="running" if left else "success", progress=1 - left)

    def look(self) -> None:
        report = self._site.reporter("erasing")
        while not self.over.wait(POLL_S / 10 if not self.seen else POLL_S):
            left = self.left()
            if not left:
                continue
            self.seen = True
            elapsed_s = time.monotonic() - self._began
            done = 1 - left
            report(
                Headway(
                    done_bytes=round(done * _WHOLE),
                    total_bytes=_WHOLE,
                    rate_bytes_s=0.0,
                    left_s=elapsed_s / done - elapsed_s if done > 0 else None,
                    error_ranges=0,
                    resume_at=0,
                )
            )
