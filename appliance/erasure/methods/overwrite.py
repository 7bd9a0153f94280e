"""Overwrite every addressable block by the policy's scheme, then read all of it back.

The one method whose result is measured block by block. A keyed stream also unmasks a drive
that ignores writes, gives back old data, or claims a capacity that it does not have; zeros
show only that every block reads as zeros.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from appliance import schemes
from appliance.erasure.device import geometry
from appliance.erasure.joining import joined, moved, part_report
from appliance.erasure.lanes import End
from appliance.erasure.overwrite import OverwriteResult, overwrite
from appliance.erasure.readback import verify_source
from appliance.erasure.reasons import check_reasons
from appliance.erasure.samples import sampled_ranges
from appliance.erasure.site import Site
from appliance.erasure.stream import Keystream, Pattern
from appliance.model import (
    Attempt,
    Check,
    MethodOption,
    PassDone,
    RangeError,
    Reason,
    Scheme,
    to_json,
)
from appliance.tools import utc_now


def perform(site: Site, option: MethodOption) -> Attempt:
    """All passes and what is read back of them; never raises for what the drive does.

    As a method of its own it follows the policy's scheme; after a firmware command (`then` of
    a recipe) it is the one pass with a keyed stream that such a method owes.
    """
    scheme = site.policy.scheme if option.method == "overwrite" else Scheme()
    names = schemes.resolved(scheme.passes)
    started_at = utc_now()
    done: list[PassDone] = []
    checks: list[Check] = []
    reasons: list[Reason] = []
    errors: list[RangeError] = []
    source: Keystream | Pattern = Pattern()
    for number, name in enumerate(names, 1):
        source = _source(site, name)
        # Cipher and seed are on record before the first byte is written: whatever happens to
        # us, what lies on the drive can be recomputed.
        stream = to_json(source.record) if isinstance(source, Keystream) else None
        site.say("pass-started", scheme=scheme.name, number=number, name=name, stream=stream)
        site.confirm_identity()
        results = _written(site, source)
        written = sum(one.written_bytes for _base, one in results)
        site.say("pass-ended", number=number, written_bytes=written, ends=_ends(results))
        reasons += _reasons(results)
        errors += [found for base, one in results for found in moved(one.errors, base)]
        last = number == len(names)
        # A pass with bad blocks is still read back, for the certificate says what became of
        # the rest; a drive that is gone cannot be.
        whole = all(one.end is End.COMPLETE for _base, one in results)
        reads = whole and (last or scheme.verify == "all")
        done.append(PassDone(name=name, written_bytes=written, verified=reads))
        if reads:
            check = _read_back(site, source)
            checks.append(check if last else replace(check, kind=f"pass-{number}"))
            reasons += check_reasons(check)
            site.confirm_identity()
        if not whole:
            break
    return Attempt(
        method=option.method,
        result="failed" if reasons else "done",
        level=option.level,
        started_at=started_at,
        ended_at=utc_now(),
        written_bytes=done[-1].written_bytes,
        reasons=tuple(reasons),
        errors=tuple(errors),
        checks=tuple(checks),
        stream=source.record if isinstance(source, Keystream) else None,
        scheme=scheme.name,
        passes=tuple(done),
    )


def _source(site: Site, name: str) -> Keystream | Pattern:
    if name == schemes.KEYED:
        return Keystream.fresh("aes-256-ctr" if site.cipher == "aes-256-ctr" else "chacha20")
    return Pattern(bytes([schemes.byte_of(name)]))


def _written(site: Site, source: Keystream | Pattern) -> list[tuple[int, OverwriteResult]]:
    """One pass over every part of the drive; what comes after a part that is gone is not tried."""
    results: list[tuple[int, OverwriteResult]] = []
    for area in site.areas:
        report = part_report(site.reporter("erasing"), area.base, site.drive.size_bytes)
        shifted = source.shifted(area.base)
        result = overwrite(area.fd, shifted, shape=geometry(area.fd), report=report)
        results.append((area.base, result))
        if result.end is not End.COMPLETE:
            break
    return results


def _read_back(site: Site, source: Keystream | Pattern) -> Check:
    found = []
    for area in site.areas:
        shape = geometry(area.fd)
        ranges = sampled_ranges(shape) if site.policy.verify == "sampled" else None
        report = part_report(site.reporter("verifying"), area.base, site.drive.size_bytes)
        shifted = source.shifted(area.base)
        check = verify_source(area.fd, shifted, ranges=ranges, shape=shape, report=report)
        found.append((area.base, check))
    return joined(found)


def _ends(results: Sequence[tuple[int, OverwriteResult]]) -> list[str]:
    return [one.end.value for _base, one in results]


def _reasons(results: Sequence[tuple[int, OverwriteResult]]) -> list[Reason]:
    return [reason for _base, one in results for reason in one.reasons]
