"""nvme(1) of nvme-cli: Format NVM and Sanitize. What a drive says of itself is read by ioctl.

nvme-cli's text is never read, and its exit status is a hint: a Format is believed for what
it left on the drive, a Sanitize for what the controller's own log says.
"""

from __future__ import annotations

from appliance.tools import Output, run

USER_DATA_ERASE, CRYPTOGRAPHIC_ERASE = 1, 2
EXIT_FAILURE, BLOCK_ERASE, CRYPTO_ERASE = 1, 2, 4
EVERY_NAMESPACE = 0xFFFFFFFF
_FORMAT_TIMEOUT_S = 4 * 3600.0


def format_nvm(node: str, nsid: int, ses: int, lba_format: int) -> Output:
    """Format NVM (NVM Express Base 5.1.10) of a namespace, or of `EVERY_NAMESPACE`.

    `ses` and `lba_format` are always given: without the one nvme-cli erases nothing and
    reports success, without the other it may choose 512-byte blocks. ToolError `tool-timeout`
    after four hours: then nobody knows whether it still runs.
    """
    if ses not in (USER_DATA_ERASE, CRYPTOGRAPHIC_ERASE):
        raise ValueError(f"SES {ses} is no secure erase")
    argv = (
        *("nvme", "format", node, f"--namespace-id={nsid}", f"--ses={ses}"),
        *(f"--lbaf={lba_format}", "--force", f"--timeout={int(_FORMAT_TIMEOUT_S * 1000)}"),
    )
    return run(argv, timeout_s=_FORMAT_TIMEOUT_S + 60, ok=None)


def sanitize(controller: str, action: int, *, unrestricted: bool = True) -> Output:
    """Sanitize (NVM Express Base 5.1.22): starts it, and returns at once.

    `unrestricted`: after a failure the drive may leave its failure mode, and can be overwritten
    at least. Deallocation is left to the drive.
    """
    if action not in (BLOCK_ERASE, CRYPTO_ERASE):
        raise ValueError(f"{action} is no sanitize action of ours")
    allowed = ("--ause",) if unrestricted else ()
    return run(("nvme", "sanitize", controller, f"--sanact={action}", *allowed), ok=None)


def exit_failure_mode(controller: str) -> Output:
    """Sanitize with action 001b: leave the mode that a failed sanitize puts the drive in."""
    return run(("nvme", "sanitize", controller, f"--sanact={EXIT_FAILURE}"), ok=None)
