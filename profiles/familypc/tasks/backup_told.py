"""What the window of the backup says: what waits, what was copied, and all that was not, and why.

"All" is said only where nothing is missing; each reason has a sentence of its own, for what the
family can do about it differs.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import PurePosixPath

from familypc.tasks.backup import Missing, Plan
from familypc.tasks.copying import Progress
from familypc.tasks.words import listed, say, size_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """Keys of the texts for one way that files can go."""

    done: str
    part: str
    same: str
    none: str
    unread: str
    too_large: str
    full: str
    failed: str


TO_STICK = Way(
    done="backup-done",
    part="backup-part",
    same="backup-all-there",
    none="backup-empty",
    unread="backup-unread",
    too_large="backup-too-large",
    full="backup-full",
    failed="backup-failed",
)
FROM_STICK = Way(
    done="restore-done",
    part="restore-part",
    same="restore-same",
    none="restore-none",
    unread="restore-unread",
    too_large="backup-too-large",
    full="restore-full",
    failed="restore-failed",
)


def waiting_told(plan: Plan, tongue: str) -> str:
    """What is to be copied to a stick, and what will not be."""
    lines = []
    if plan.copies:
        size = size_text(plan.size_bytes, tongue)
        lines.append(say(tongue, "backup-to-do", files=len(plan.copies), size=size))
    elif plan.same and plan.missing.count:
        lines.append(say(tongue, "backup-same", files=plan.same))
    elif not plan.missing.count:
        lines.append(nothing_told(TO_STICK, plan, tongue))
    return "\n".join([*lines, *_missing_told(TO_STICK, plan.missing, tongue)])


def nothing_told(way: Way, plan: Plan, tongue: str) -> str:
    """Why nothing needs to be copied: all is there, or there is none."""
    return say(tongue, way.same if plan.same else way.none, files=plan.same)


def result_told(way: Way, plan: Plan, result: Progress, tongue: str) -> str:
    """What was copied, and everything that was not."""
    missing = plan.missing.and_also(result.missing)
    if not missing.count:
        return say(tongue, way.done, files=result.files)
    key = way.part if result.files else "nothing-copied"
    begin = say(tongue, key, files=result.files)
    return "\n".join([begin, *_missing_told(way, missing, tongue)])


def _missing_told(way: Way, missing: Missing, tongue: str) -> list[str]:
    reasons = (
        (way.unread, missing.unread),
        (way.failed, missing.failed),
        (way.full, missing.no_room),
        (way.too_large, missing.too_large),
    )
    return [
        say(tongue, key, count=len(paths), names=listed(tuple(map(_name, paths)), tongue))
        for key, paths in reasons
        if paths
    ]


def _name(path: str) -> str:
    """A file's name as it can be shown: bytes that are no UTF-8 as signs that say so."""
    return os.fsencode(PurePosixPath(path).name).decode("utf-8", "replace")
