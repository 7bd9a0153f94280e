"""Whether what a drive claims can be true at all: a claim compared with physics. Pure.

A doubt lowers the outcome, it never raises one. Few rules, and none that an honest drive of any
make could break: estimates of drives are often far too long, so finishing early is no doubt.
"""

from __future__ import annotations

from appliance.model import Drive, Media, Order, Reason

# No disk with moving heads writes faster than this; the quickest of 2026 reach about 300 MB/s
# (600 MB/s with two actuators).
_MAGNETIC_BYTES_S = 1_000_000_000
_WRITES_ALL = ("OVERWRITE",)


def doubts(order: Order, drive: Drive) -> tuple[Reason, ...]:
    """What speaks against an order that was reported as a success; empty: nothing."""
    writes_all = any(word in order.command.upper() for word in _WRITES_ALL)
    least_s = drive.size_bytes / _MAGNETIC_BYTES_S
    if drive.media is Media.MAGNETIC and writes_all and order.elapsed_s < least_s:
        return (
            Reason(
                code="implausibly-quick",
                facts={
                    "command": order.command,
                    "elapsed_s": round(order.elapsed_s, 3),
                    "least_s": round(least_s, 3),
                },
            ),
        )
    return ()
