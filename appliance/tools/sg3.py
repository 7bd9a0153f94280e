"""sg3_utils(8): SANITIZE. What became of it is read from sense data elsewhere, never from here."""

from __future__ import annotations

from typing import Literal

from appliance.tools import Output, run

Action = Literal["overwrite", "block", "crypto"]
_TIMEOUT_S = 120.0


def sanitize(node: str, action: Action) -> Output:
    """Start SANITIZE (SBC-4 5.31) and return at once; sg_sanitize(8) of sg3_utils 1.48.

    AUSE is set: a drive whose sanitize fails can then be used again (EXIT FAILURE MODE), so that
    it can at least be overwritten. Overwriting is one pass of zeros.
    """
    zeros = ("--zero",) if action == "overwrite" else ()
    argv = ("sg_sanitize", f"--{action}", "--ause", "--early", "--quick", *zeros, node)
    return run(argv, timeout_s=_TIMEOUT_S, ok=None)


def exit_failure_mode(node: str) -> Output:
    """SANITIZE with EXIT FAILURE MODE: makes a drive whose sanitize failed take commands again."""
    return run(("sg_sanitize", "--fail", "--quick", node), timeout_s=_TIMEOUT_S, ok=None)
