"""SANITIZE STATUS EXT (ACS-5 7.34.6) as the drive's registers tell it, never a tool's prose.

Five states (ACS-5 4.15): idle, frozen, running, failed, succeeded. A drive that has never
sanitized is idle, and a success of last year still stands in the log: neither is evidence of
anything that we ordered. Only asks; `clear_failed` is the one question that changes a state.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from appliance.hardware.taskfile import Registers, no_data

SANITIZE = 0xB4
# COUNT of the answer, and bit 0 of the question: CLEAR SANITIZE OPERATION FAILED.
_SUCCEEDED, _RUNNING, _FROZEN, _ANTIFREEZE = 1 << 15, 1 << 14, 1 << 13, 1 << 12
_CLEAR_FAILED = 1
# LBA(7:0) of an aborted command: the SANITIZE DEVICE ERROR REASON.
_UNSUCCESSFUL = 1
REASONS = {
    1: "sanitize command unsuccessful",
    2: "invalid or unsupported value",
    3: "sanitize frozen",
    4: "antifreeze lock",
}

State = Literal["idle", "running", "succeeded", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SanitizeStatus:
    """`progress` from 0 to 1 while it runs. `frozen`: no sanitize is taken until power-off."""

    state: State
    progress: float | None = None
    frozen: bool = False
    antifreeze: bool = False


def sanitize_status(fd: int, *, clear_failed: bool = False) -> SanitizeStatus:
    """Ask the drive; OSError where it gives no answer, or one that says too little."""
    count = _CLEAR_FAILED if clear_failed else 0
    return decoded(no_data(fd, SANITIZE, feature=0x0000, count=count))


def decoded(found: Registers) -> SanitizeStatus:
    """What the registers mean; OSError where a state cannot be told from them."""
    if found.failed:
        reason = found.lba & 0xFF
        if reason == _UNSUCCESSFUL:
            return SanitizeStatus(state="failed")
        text = REASONS.get(reason, f"reason {reason:#x}")
        raise OSError(5, f"SANITIZE STATUS EXT was refused: {text}")
    part = found.lba & 0xFFFF
    if not found.whole:
        # A translation layer with fixed sense drops the bits that tell success from idle.
        if part == 0xFFFF:
            raise OSError(5, "SANITIZE STATUS EXT came back without its upper COUNT")
        return SanitizeStatus(state="running", progress=part / 65536)
    frozen, antifreeze = bool(found.count & _FROZEN), bool(found.count & _ANTIFREEZE)
    if found.count & _RUNNING:
        return SanitizeStatus(
            state="running", progress=part / 65536, frozen=frozen, antifreeze=antifreeze
        )
    state: State = "succeeded" if found.count & _SUCCEEDED else "idle"
    return SanitizeStatus(state=state, frozen=frozen, antifreeze=antifreeze)
