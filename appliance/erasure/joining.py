"""A drive of several parts read and written as one: results joined, sources moved. Pure.

The bytes of a drive are those of its parts, one after the other; every offset that leaves
this package counts from the first byte of the first part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from appliance.erasure.pace import Headway, Report
from appliance.model import ByteRange, Check, Facts, RangeError


def moved(errors: Sequence[RangeError], base: int) -> tuple[RangeError, ...]:
    """Error ranges of a part as ranges of the drive."""
    if base == 0:
        return tuple(errors)
    return tuple(
        replace(one, range=ByteRange(offset=one.range.offset + base, length=one.range.length))
        for one in errors
    )


def joined(checks: Sequence[tuple[int, Check]]) -> Check:
    """Checks of one kind on the parts (base, check) as one check of the drive.

    It is complete only if all are; numbers are added, and of other details the last that is
    not like the first's says how it ended. RuntimeError for none (our defect).
    """
    if not checks:
        raise RuntimeError("nothing to join")
    first = checks[0][1]
    if len(checks) == 1:
        return replace(first, mismatches=moved(first.mismatches, checks[0][0]))
    return Check(
        kind=first.kind,
        scope="full" if all(check.scope == "full" for _base, check in checks) else "sampled",
        planned_bytes=sum(check.planned_bytes for _base, check in checks),
        read_bytes=sum(check.read_bytes for _base, check in checks),
        expected_bytes=sum(check.expected_bytes for _base, check in checks),
        complete=all(check.complete for _base, check in checks),
        mismatches=tuple(
            error for base, check in checks for error in moved(check.mismatches, base)
        ),
        detail={**_details([check.detail for _base, check in checks]), "parts": len(checks)},
    )


def _details(details: Sequence[Facts]) -> Facts:
    total: Facts = dict(details[0])
    for detail in details[1:]:
        for name, value in detail.items():
            known = total.get(name)
            if isinstance(known, int | float) and isinstance(value, int | float):
                total[name] = known + value
            elif known is None or known != value:
                total[name] = value
    return total


def part_report(report: Report, base: int, total_bytes: int) -> Report:
    """A reporter for one part whose numbers are the drive's."""

    def of_the_drive(headway: Headway) -> None:
        done = base + headway.done_bytes
        rate = headway.rate_bytes_s
        report(
            replace(
                headway,
                done_bytes=done,
                total_bytes=total_bytes,
                left_s=(total_bytes - done) / rate if rate > 0 else headway.left_s,
                resume_at=base + headway.resume_at,
            )
        )

    return of_the_drive
