"""Overwrite every addressable block with a keyed stream, then read all of it back.

The one method whose result is measured block by block: it also unmasks a drive that
ignores writes, gives back old data, or claims a capacity that it does not have.
"""

from __future__ import annotations

from appliance.erasure.device import geometry
from appliance.erasure.lanes import End
from appliance.erasure.overwrite import overwrite
from appliance.erasure.readback import verify_source
from appliance.erasure.reasons import check_reasons
from appliance.erasure.samples import sampled_ranges
from appliance.erasure.site import Site
from appliance.erasure.stream import Keystream
from appliance.model import Attempt, Check, MethodOption, to_json
from appliance.tools import utc_now


def perform(site: Site, option: MethodOption) -> Attempt:
    """One pass and its verification; never raises for what the drive does."""
    started_at = utc_now()
    stream = Keystream.fresh("aes-256-ctr" if site.cipher == "aes-256-ctr" else "chacha20")
    # Cipher and seed are on record before the first byte is written: whatever happens to
    # us, what lies on the drive can be recomputed.
    site.say("pass-started", stream=to_json(stream.record))
    site.confirm_identity()
    shape = geometry(site.fd)
    written = overwrite(site.fd, stream, shape=shape, report=site.reporter("erasing"))
    site.say("pass-ended", written_bytes=written.written_bytes, end=written.end.value)
    reasons = list(written.reasons)
    checks: tuple[Check, ...] = ()
    # A pass with bad blocks is still read back, for the certificate says what became of the
    # rest; a drive that is gone cannot be.
    if written.end is End.COMPLETE:
        ranges = sampled_ranges(shape) if site.policy.verify == "sampled" else None
        check = verify_source(
            site.fd, stream, ranges=ranges, shape=shape, report=site.reporter("verifying")
        )
        checks = (check,)
        reasons += check_reasons(check)
        site.confirm_identity()
    return Attempt(
        method=option.method,
        result="failed" if reasons else "done",
        level=option.level,
        started_at=started_at,
        ended_at=utc_now(),
        written_bytes=written.written_bytes,
        reasons=tuple(reasons),
        errors=written.errors,
        checks=checks,
        stream=stream.record,
    )
