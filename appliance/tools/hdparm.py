"""hdparm(8): SANITIZE DEVICE, the Security commands, and what hides a part of an ATA drive.

Only sends. hdparm's exit status is no proof (it prints "bad/missing sense data" and exits 0),
nor is its text: whoever calls this reads the drive's words and registers before and after.
"""

from __future__ import annotations

from typing import Literal

from appliance.tools import Output, run

_SURE = "--yes-i-know-what-i-am-doing"
_TIMEOUT_S = 120
# hdparm's own limit for SECURITY ERASE UNIT is the drive's estimate or its size at 30 MB/s, and an
# hour more; ours lies well beyond.
_ERASE_MARGIN_S = 6 * 3600.0

Sanitize = Literal["crypto-scramble", "block-erase", "overwrite"]


def set_max_sectors(path: str, sectors: int) -> Output:
    """`-N p`: SET MAX ADDRESS (EXT), or SET ACCESSIBLE MAX ADDRESS EXT where the drive has that
    instead, kept over power cycles. ToolError if it is missing or does not come back."""
    return run(("hdparm", _SURE, "-N", f"p{sectors}", path), timeout_s=_TIMEOUT_S, ok=None)


def restore_dco(path: str) -> Output:
    """DEVICE CONFIGURATION RESTORE: the factory's capacity and features (ACS-2 7.10.5)."""
    return run(("hdparm", _SURE, "--dco-restore", path), timeout_s=_TIMEOUT_S, ok=None)


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
    return run(("hdparm", _SURE, *words, path), timeout_s=_TIMEOUT_S, ok=None)


def set_password(path: str, password: str) -> Output:
    """SECURITY SET PASSWORD (ACS-5 7.40): the user's, with the master's still opening (high)."""
    words = ("--user-master", "u", "--security-mode", "h", "--security-set-pass", password)
    return run(("hdparm", *words, path), timeout_s=_TIMEOUT_S, ok=None)


def disable_password(path: str, password: str) -> Output:
    """SECURITY UNLOCK, then SECURITY DISABLE PASSWORD: one try in all.

    hdparm 9.65 also sends the second where the first was refused with fixed sense (seen in the
    laboratory); a drive that is still locked refuses it without looking at the password.
    """
    words = ("--user-master", "u", "--security-disable", password)
    return run(("hdparm", *words, path), timeout_s=_TIMEOUT_S, ok=None)


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
