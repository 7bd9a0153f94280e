"""Whether a drive is known to hold nothing but zeros once its erasure is over: pure.

Only what was read counts, and only a reading of every block by the attempt that the outcome
rests on; what a drive declares, or what was written to it, is no such knowledge. Used to
leave the holes of an image unwritten, never as evidence of an erasure.
"""

from __future__ import annotations

from appliance.model import Check, DriveResult, Outcome

# Where a check of that kind counts the zeros that it found, in bytes.
_ZEROS_FOUND = ("bytes_00", "bytes_zeros")


def holds_zeros(result: DriveResult) -> bool:
    """Whether the last reading of the whole drive found zeros in every block of it."""
    if result.outcome not in (Outcome.PURGED, Outcome.CLEARED) or not result.attempts:
        return False
    last = result.attempts[-1]
    wrote_zeros = bool(last.passes) and last.passes[-1].name == "zeros"
    size = result.size_after_bytes
    return any(
        check.good
        and check.scope == "full"
        and check.read_bytes == size
        and (_zeros(check) == size or (check.kind == "pattern" and wrote_zeros))
        for check in last.checks
    )


def _zeros(check: Check) -> int:
    return max(int(check.detail.get(name, 0)) for name in _ZEROS_FOUND)
