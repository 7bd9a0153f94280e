"""hdparm(8): the native size of an ATA drive, SANITIZE DEVICE and the Security commands.

hdparm's exit status is no proof (it prints "bad/missing sense data" and exits 0), and its
text is taken only where it says exactly what is asked. State is read from the drive's
IDENTIFY words and registers, by those who call these.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from appliance.errors import ToolError
from appliance.tools import Output, run

_SURE = "--yes-i-know-what-i-am-doing"
# hdparm's own limit for SECURITY ERASE UNIT is the drive's estimate or its size at 30 MB/s, and an
# hour more; ours lies well beyond.
_ERASE_MARGIN_S = 6 * 3600.0
_QUICK_S = 120.0

Sanitize = Literal["crypto-scramble", "block-erase", "overwrite"]

# hdparm 9.65 -N: ` max sectors   = 16777216/16777216, HPA is disabled`
_SECTORS = re.compile(r"^\s*max sectors\s*=\s*(\d+)/(\d+),", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class MaxSectors:
    """Sectors that can be addressed now, and those that the drive has (ACS-3 7.25)."""

    visible: int
    native: int


def max_sectors(path: str) -> MaxSectors | None:
    """READ NATIVE MAX ADDRESS (EXT); None where the drive does not give a sound answer."""
    try:
        output = run(("hdparm", "-N", path), timeout_s=30, ok=None)
    except ToolError:
        return None
    return parsed_max_sectors(output)


def parsed_max_sectors(output: Output) -> MaxSectors | None:
    """The two numbers; None for 0, 1, a native size below the visible one, or any complaint."""
    found = _SECTORS.search(output.stdout)
    if output.status != 0 or found is None or "sense" in output.stderr + output.stdout:
        return None
    visible, native = int(found[1]), int(found[2])
    # Some drives and bridges answer 0 or 1 here: unknown, not "no hidden area".
    if visible <= 1 or native < visible:
        return None
    return MaxSectors(visible=visible, native=native)


def sanitize(path: str, kind: Sanitize, pattern: bytes = b"") -> Output:
    """Start a SANITIZE DEVICE operation (ACS-5 7.34), which then runs by itself.

    `pattern`: the four bytes that an overwrite writes everywhere, once (hdparm's own default
    would be sixteen times). hdparm never sets FAILURE MODE, so only a later sanitize that
    succeeds leads out of a failure. ToolError `tool-timeout` after two minutes.
    """
    words: tuple[str, ...] = (f"--sanitize-{kind}",)
    if kind == "overwrite":
        if len(pattern) != 4:
            raise ValueError("a sanitize overwrite takes a pattern of four bytes")
        words = ("--sanitize-overwrite-passes", "1", f"--sanitize-{kind}", f"hex:{pattern.hex()}")
    return run(("hdparm", _SURE, *words, path), timeout_s=_QUICK_S, ok=None)


def set_password(path: str, password: str) -> Output:
    """SECURITY SET PASSWORD (ACS-5 7.40): the user's, with the master's still opening (high)."""
    words = ("--user-master", "u", "--security-mode", "h", "--security-set-pass", password)
    return run(("hdparm", *words, path), timeout_s=_QUICK_S, ok=None)


def disable_password(path: str, password: str) -> Output:
    """SECURITY UNLOCK, then SECURITY DISABLE PASSWORD where that was taken: one try in all."""
    words = ("--user-master", "u", "--security-disable", password)
    return run(("hdparm", *words, path), timeout_s=_QUICK_S, ok=None)


def erase_unit(
    path: str, password: str, *, enhanced: bool, estimate_s: float, size_bytes: int
) -> Output:
    """SECURITY ERASE PREPARE and SECURITY ERASE UNIT (ACS-5 7.37, 7.36): returns when it is over.

    ToolError `tool-timeout` long after hdparm's own limit: then nobody knows what still runs.
    """
    word = "--security-erase-enhanced" if enhanced else "--security-erase"
    limit_s = max(estimate_s, size_bytes / 30e6) + _ERASE_MARGIN_S
    argv = ("hdparm", "--user-master", "u", word, password, path)
    return run(argv, timeout_s=limit_s, ok=None)


def complaint(output: Output) -> str:
    """What hdparm says went wrong, whatever it exits with; empty where it says nothing.

    The password that it was given it repeats there even when all is well.
    """
    lines = [line.strip() for line in output.stderr.splitlines() if line.strip()]
    lines = [line for line in lines if not line.startswith("security_password:")]
    if output.status == 0 and not lines:
        return ""
    return (" ".join(lines) or f"status {output.status}")[-200:]
