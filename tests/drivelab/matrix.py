"""The matrix: what a statement said of each drive against what is true, and against what should be.

A false certificate says `cleared` or `purged` while a donor's data is on the medium. A false
failure says less than it could of a drive that did what it was told. Pure; the report is Markdown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tests.drivelab.personality import Expected, Truth

_CERTIFIED = frozenset(("cleared", "purged"))
_LEVELS = ("none", "clear", "purge", "destroy")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One drive: what was said (`left-alone`: no statement was due), and what was found."""

    name: str
    title: str
    expected: Expected
    outcome: str
    level: str
    methods: tuple[str, ...]
    reasons: tuple[str, ...]
    left_bytes: int
    size_bytes: int
    results: tuple[str, ...] = ()
    elapsed_s: float = 0.0

    @property
    def certified(self) -> bool:
        return self.outcome in _CERTIFIED

    @property
    def truth(self) -> Truth:
        if self.left_bytes == 0:
            return "gone"
        return "untouched" if self.left_bytes == self.size_bytes else "left"

    @property
    def false_certificate(self) -> bool:
        return self.certified and self.left_bytes > 0

    @property
    def false_failure(self) -> bool:
        """An honest drive that did not reach its best level."""
        reached = self.level if self.certified else "none"
        return self.expected.honest and _LEVELS.index(reached) < _LEVELS.index(self.expected.level)

    @property
    def problems(self) -> tuple[str, ...]:
        """Where the drive's row is not as its personality asks for."""
        wanted = self.expected
        found = []
        if self.false_certificate:
            found.append(f"FALSE CERTIFICATE: {self.left_bytes} bytes of old data are left")
        if self.outcome != wanted.outcome:
            found.append(f"outcome {self.outcome}, not {wanted.outcome}")
        if self.level != wanted.level:
            found.append(f"level {self.level}, not {wanted.level}")
        method = self.methods[-1] if self.methods else ""
        if method != wanted.method:
            found.append(f"method {method or 'none'}, not {wanted.method or 'none'}")
        if wanted.reason and wanted.reason not in self.reasons:
            found.append(f"reasons {list(self.reasons)} without {wanted.reason}")
        if not wanted.reason and self.reasons:
            found.append(f"reasons {list(self.reasons)}, where none was expected")
        truths = {wanted.truth, "untouched"} if wanted.truth == "left" else {wanted.truth}
        if self.truth not in truths:
            found.append(f"the old data is {self.truth}, not {wanted.truth}")
        return tuple(found)


def row(
    name: str,
    title: str,
    expected: Expected,
    *,
    planned: dict[str, Any],
    statement: dict[str, Any] | None,
    left_bytes: int,
    size_bytes: int,
) -> Row:
    """A row out of a plan's entry and a drive statement's body."""
    if statement is None:
        return Row(
            name=name,
            title=title,
            expected=expected,
            outcome="left-alone",
            level="none",
            methods=(),
            reasons=tuple(one["code"] for one in planned["refusals"]),
            left_bytes=left_bytes,
            size_bytes=size_bytes,
        )
    return Row(
        name=name,
        title=title,
        expected=expected,
        outcome=statement["outcome"],
        level=statement["level"],
        methods=tuple(one["method"] for one in statement["attempts"]),
        reasons=tuple(one["code"] for one in statement["exceptions"]),
        results=tuple(one["result"] for one in statement["attempts"]),
        elapsed_s=_seconds(statement["started_at"], statement["ended_at"]),
        left_bytes=left_bytes,
        size_bytes=size_bytes,
    )


def report(rows: Sequence[Row], elapsed_s: float, boots: int) -> str:
    """The matrix and its 2 × 2 table, in Markdown."""
    counts = {
        (said, gone): sum(
            1 for one in rows if one.certified is said and (one.left_bytes == 0) is gone
        )
        for said in (True, False)
        for gone in (True, False)
    }
    lines = [
        "## The matrix",
        "",
        "Simulated drives behind the real kernel and the real tools, erased by the real stick.",
        "*Old data left* is what the simulator found on the medium itself afterwards.",
        "",
        "| drive | methods tried | outcome | level | reasons | old data left | time | right |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for one in sorted(rows, key=lambda item: item.name):
        cells = (
            f"`{one.name}`: {one.title}",
            _tried(one) or "none",
            one.outcome,
            one.level,
            ", ".join(one.reasons),
            f"{one.left_bytes} of {one.size_bytes} bytes" if one.left_bytes else "none",
            f"{one.elapsed_s:.0f} s" if one.elapsed_s else "",
            "**no**: " + "; ".join(one.problems) if one.problems else "yes",
        )
        lines.append("| " + " | ".join(map(cell, cells)) + " |")
    lines += [
        "",
        "| | old data gone | old data left |",
        "| --- | --- | --- |",
        f"| certified as erased | {counts[True, True]} | {counts[True, False]} |",
        f"| not certified | {counts[False, True]} | {counts[False, False]} |",
        "",
        f"False certificates: {sum(one.false_certificate for one in rows)}. "
        f"False failures: {sum(one.false_failure for one in rows)} "
        f"(of {sum(one.expected.honest for one in rows)} honest drives).",
        "",
        f"{len(rows)} drives in {boots} boot{'s' if boots != 1 else ''}, {elapsed_s:.0f} s.",
    ]
    return "\n".join(lines) + "\n"


def cell(text: str) -> str:
    """Text as it may stand in a table's cell."""
    return text.replace("|", "\\|").replace("\n", " ")


def _tried(one: Row) -> str:
    return ", ".join(
        f"{method} ({result})" for method, result in zip(one.methods, one.results, strict=True)
    )


def _seconds(begun: str, ended: str) -> float:
    return (datetime.fromisoformat(ended) - datetime.fromisoformat(begun)).total_seconds()
