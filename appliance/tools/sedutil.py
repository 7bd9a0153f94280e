"""sedutil-cli(8): the revert of a self-encrypting drive with the PSID that is on its label.

Only sends: whether the drive did it is read from the drive. sedutil knows drives of the Opal 1,
Opal 2 and Enterprise classes, and takes the PSID as a word of its command line, which stands in
no record of ours. On SATA the kernel must let TRUSTED commands through (`libata.allow_tpm=1`).
"""

from __future__ import annotations

from appliance.tools import Output, run

_REVERT = "--yesIreallywanttoERASEALLmydatausingthePSID"
# TCG Storage Core 2.01, table 166 (method status codes), which sedutil exits with.
NOT_AUTHORIZED, LOCKED_OUT = 0x01, 0x12
# A revert may really erase the medium before it answers.
_TIMEOUT_S = 900


def psid_revert(path: str, psid: str) -> Output:
    """Revert on the Admin SP with the PSID's authority: one try. ToolError if it is missing or
    does not come back within a quarter of an hour."""
    return run(("sedutil-cli", _REVERT, psid, path), timeout_s=_TIMEOUT_S, ok=None, unsaid=psid)


def complaint(output: Output) -> str:
    """What it says went wrong, on either stream; its doubts about the kernel's flag left out."""
    said = f"{output.stdout}\n{output.stderr}".splitlines()
    lines = [line.strip() for line in said if line.strip() and "allow_tpm" not in line]
    return ("; ".join(lines) or f"status {output.status}")[-200:]
