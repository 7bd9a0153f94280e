"""NVMe Format with user data erase (SES=1), believed only as far as reading back goes.

Old samples are remembered and canaries planted before; both must be gone afterwards, and
every block must read as zeros or ones. The exit status alone proves nothing: tools in the
field "formatted" for years with SES=0 and reported success.
"""

from __future__ import annotations

from appliance.erasure.canaries import check_canaries, plant_canaries
from appliance.erasure.device import geometry
from appliance.erasure.readback import verify_constant
from appliance.erasure.reasons import mark_reasons
from appliance.erasure.samples import check_old_samples, take_old_samples
from appliance.erasure.site import Site
from appliance.model import Attempt, Check, MethodOption, Reason, to_json
from appliance.tools import nvme, utc_now


def perform(site: Site, option: MethodOption) -> Attempt:
    """Samples, canaries, the command, and the three checks that it owes."""
    started_at = utc_now()
    reasons: list[Reason] = []
    site.confirm_identity()
    shape = geometry(site.fd)
    old = take_old_samples(site.fd, shape=shape)
    canaries = plant_canaries(site.fd, shape=shape, avoid=old.ranges)
    site.say("canaries-planted", places=len(canaries.planted), seed=canaries.seed, samples=len(old))
    if not canaries.usable:
        reasons.append(Reason(code="canaries-impossible", facts={"places": len(canaries.failed)}))
        return _attempt(option, started_at, reasons, ())
    site.confirm_identity()
    site.say("format-ordered", node=site.drive.path, ses=nvme.USER_DATA_ERASE)
    done = nvme.format_namespace(site.drive.path, nvme.USER_DATA_ERASE)
    site.ran(done.run)
    if done.status != 0:
        reasons.append(
            Reason(
                code="command-refused",
                facts={
                    "command": "Format NVM",
                    "status": done.status,
                    "problem": (done.stderr or done.stdout).strip()[-200:],
                },
            )
        )
        return _attempt(option, started_at, reasons, ())
    site.confirm_identity()
    now = geometry(site.fd)
    constant = verify_constant(site.fd, shape=now, report=site.reporter("verifying"))
    checks = (
        check_canaries(site.fd, canaries, shape=now),
        check_old_samples(site.fd, old, shape=now),
        constant,
    )
    for check in checks:
        reasons += mark_reasons(check)
    site.say("checked", checks=to_json(checks))
    return _attempt(option, started_at, reasons, checks)


def _attempt(
    option: MethodOption, started_at: str, reasons: list[Reason], checks: tuple[Check, ...]
) -> Attempt:
    return Attempt(
        method=option.method,
        result="failed" if reasons else "done",
        level=option.level,
        started_at=started_at,
        ended_at=utc_now(),
        reasons=tuple(reasons),
        checks=checks,
    )
