"""hdparm(8): what hides a part of an ATA drive is taken away; nothing is concluded from it.

hdparm's exit status is no proof (it prints "bad/missing sense data" and exits 0), nor is its
text: whoever calls this reads the drive again.
"""

from __future__ import annotations

from appliance.tools import Output, run

_SURE = "--yes-i-know-what-i-am-doing"
_TIMEOUT_S = 120


def set_max_sectors(path: str, sectors: int) -> Output:
    """`-N p`: SET MAX ADDRESS (EXT), or SET ACCESSIBLE MAX ADDRESS EXT where the drive has that
    instead, kept over power cycles. ToolError if it is missing or does not come back."""
    return run(("hdparm", _SURE, "-N", f"p{sectors}", path), timeout_s=_TIMEOUT_S, ok=None)


def restore_dco(path: str) -> Output:
    """DEVICE CONFIGURATION RESTORE: the factory's capacity and features (ACS-2 7.10.5)."""
    return run(("hdparm", _SURE, "--dco-restore", path), timeout_s=_TIMEOUT_S, ok=None)
