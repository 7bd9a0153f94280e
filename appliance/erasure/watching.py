"""Watching a firmware command that runs by itself: progress, end, stall, silence.

Three answers, not two: it succeeded, it failed, or nobody knows. An idle log is no success,
and a drive that does not answer may still be at work. Never sends anything but the question
that `poll` asks.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from appliance.erasure.pace import Headway, Report, no_report
from appliance.model import Order
from appliance.tools import Output

State = Literal["running", "success", "failed", "idle"]
POLL_S = 2.0
STALL_S = 1800.0
"""So long without progress, and longer than the drive's own estimate: stalled."""
SILENCE_S = 300.0
"""So long without an answer: nobody knows."""
# The first answers come close together: a crypto erase can be over within a second.
_EAGER_S, _EAGER_POLL_S = 3.0, 0.05
_WHOLE = 65536
_PROBLEM_CHARACTERS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """One answer of the drive. `progress` from 0 to 1 where it tells. `mark`: whatever of its
    log tells this run from an earlier one (a count, an order, a status)."""

    state: State
    progress: float | None = None
    mark: object = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How often to ask and when to give up, in seconds."""

    poll_s: float = POLL_S
    stall_s: float = STALL_S
    silence_s: float = SILENCE_S


def watch(
    command: str,
    poll: Callable[[], Watched],
    *,
    before: Watched | None,
    started_at: str,
    began: float,
    estimate_s: float | None = None,
    report: Report = no_report,
    patience: Patience | None = None,
) -> Order:
    """Ask until it has ended, stalled or fallen silent; `poll` raises OSError for no answer.

    `before`: the answer from before the command, or None where there was none; `began`: when
    the command was sent (time.monotonic()). An end counts as seen when it was running before
    it, or when the log is another one than `before`.
    """
    patience = patience or Patience()
    last_news = last_answer = began
    seen, progress, problem = "", -1.0, ""
    reported: str = "unknown"
    while True:
        now = time.monotonic()
        try:
            found = poll()
        except OSError as error:
            problem = error.strerror or str(error)
            if now - last_answer > patience.silence_s:
                problem = f"silent: {problem}"
                break
        else:
            last_answer, problem = now, ""
            if found.state != "running":
                reported = found.state
                if not seen and before is not None and found.mark != before.mark:
                    seen = "log-changed"
                break
            seen = "progress"
            if found.progress is not None and found.progress != progress:
                progress, last_news = found.progress, now
                report(_headway(found.progress, now - began))
            if now - last_news > max(patience.stall_s, 2 * (estimate_s or 0.0)):
                problem = "stalled"
                break
        eager = now - began < _EAGER_S
        time.sleep(min(_EAGER_POLL_S, patience.poll_s) if eager else patience.poll_s)
    return Order(
        command=command,
        accepted=True,
        seen=seen,
        reported=reported,
        started_at=started_at,
        elapsed_s=round(time.monotonic() - began, 3),
        estimate_s=estimate_s,
        problem=problem,
    )


def refused(
    command: str,
    output: Output,
    *,
    started_at: str,
    began: float,
    estimate_s: float | None = None,
) -> Order:
    """The order of a command that the drive did not take; the tool's last words are its problem."""
    return Order(
        command=command,
        accepted=False,
        seen="",
        reported="idle",
        started_at=started_at,
        elapsed_s=round(time.monotonic() - began, 3),
        estimate_s=estimate_s,
        problem=(output.stderr.strip() or output.stdout.strip())[-_PROBLEM_CHARACTERS:],
    )


def _headway(progress: float, elapsed_s: float) -> Headway:
    left = elapsed_s / progress - elapsed_s if progress > 0 else None
    return Headway(
        done_bytes=int(progress * _WHOLE),
        total_bytes=_WHOLE,
        rate_bytes_s=0.0,
        left_s=left,
        error_ranges=0,
        resume_at=0,
    )
