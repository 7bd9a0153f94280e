"""mmc(1) of mmc-utils and blkdiscard(8): erasing eMMC. State is read by ioctl elsewhere."""

from __future__ import annotations

from appliance.tools import Output, run

_ERASE_TIMEOUT_S = 4 * 3600.0
_SANITIZE_TIMEOUT_S = 3600


def secure_erase(node: str) -> Output:
    """Every block by secure trim or secure erase, as the device can (BLKSECDISCARD).

    `--force`: the node is held open for us alone already, so blkdiscard cannot do the same.
    """
    argv = ("blkdiscard", "--force", "--secure", node)
    return run(argv, timeout_s=_ERASE_TIMEOUT_S, ok=None)


def trim(node: str) -> Output:
    """Every block by TRIM, which makes it read as zeros; written zeros where there is no TRIM.

    BLKZEROOUT and not BLKDISCARD: the kernel answers that with the DISCARD of JESD84, after which
    the old data may be read on.
    """
    argv = ("blkdiscard", "--force", "--zeroout", node)
    return run(argv, timeout_s=_ERASE_TIMEOUT_S, ok=None)


def status(node: str) -> Output:
    """SEND_STATUS: the same way through program and kernel as `sanitize`, and nothing happens."""
    return run(("mmc", "status", "get", node), timeout_s=60, ok=None)


def sanitize(node: str) -> Output:
    """SANITIZE (JESD84-B51 6.6.12); returns when the device is no longer busy with it.

    ToolError `tool-timeout` after an hour: then nobody knows whether it still runs.
    """
    argv = ("mmc", "sanitize", node, str(_SANITIZE_TIMEOUT_S * 1000))
    return run(argv, timeout_s=_SANITIZE_TIMEOUT_S + 60, ok=None)
