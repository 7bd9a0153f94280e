"""nvme(1) of nvme-cli: Format NVM. Identify data is read by ioctl, not from its prose."""

from __future__ import annotations

from appliance.tools import Output, run

USER_DATA_ERASE = 1
_FORMAT_TIMEOUT_S = 4 * 3600.0


def format_namespace(node: str, ses: int) -> Output:
    """Format NVM (NVM Express Base 5.1.10) of one namespace, its LBA format kept.

    `ses` is always given: without it nvme-cli erases nothing and reports success. ToolError
    `tool-timeout` after four hours: then nobody knows whether it still runs.
    """
    if ses not in (1, 2):
        raise ValueError(f"SES {ses} is no secure erase")
    milliseconds = int(_FORMAT_TIMEOUT_S * 1000)
    argv = ("nvme", "format", node, f"--ses={ses}", "--force", f"--timeout={milliseconds}")
    return run(argv, timeout_s=_FORMAT_TIMEOUT_S + 60, ok=None)
