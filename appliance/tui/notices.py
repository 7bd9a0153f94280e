"""What several screens show: drives, reasons, and the notices above every body.

A result without a key is an unsigned record, and that is said loudly on each screen.
"""

from __future__ import annotations

from appliance.i18n import _
from appliance.job.state import JobPhase, JobState
from appliance.model import Drive, Reason
from appliance.texts import sentences
from appliance.tui import words
from appliance.tui.rows import Cell, Row, row
from appliance.tui.text import isolated, wrapped


def paragraph(text: str, width: int, role: str = "normal", indent: int = 1) -> list[Row]:
    """A text over as many rows as it takes."""
    lead = " " * indent
    return [row(lead, Cell(line, role)) for line in wrapped(text, max(width - indent - 1, 10))]


def bullets(text: str, width: int, role: str, indent: int) -> list[Row]:
    """One text with a dot before its first row."""
    lines = wrapped(text, max(width - indent - 3, 10))
    return [
        row(" " * indent, Cell("  " if number else "• ", role, mirror=True), Cell(line, role))
        for number, line in enumerate(lines)
    ]


def reasons(
    items: tuple[Reason, ...], width: int, role: str, indent: int, *, advise: bool = True
) -> list[Row]:
    """Reasons as a list with a dot each, and their advice where asked for."""
    rows: list[Row] = []
    for item in items:
        more = words.advice(item) if advise else ""
        rows += bullets(sentences(words.told(item), more), width, role, indent)
    return rows


def identity(drive: Drive, role: str) -> Row:
    """How every screen names a drive: model, serial, size, path, in fixed columns."""
    return (
        Cell(isolated(drive.identity.model), role, width=27),
        Cell("  "),
        Cell(isolated(drive.identity.serial), role, width=22),
        Cell("  "),
        Cell(words.size(drive.size_bytes), role, width=8, end=True),
        Cell("  "),
        Cell(isolated(drive.path), "quiet", fill=True),
    )


def standing(state: JobState, width: int) -> list[Row]:
    """The notices that the state asks for; empty where all is well."""
    rows: list[Row] = []
    if state.station.unsigned is not None:
        loud = _("UNSIGNED: this stick has no key. Results are records, not certificates.")
        rows.append(row(Cell(" ", "loud"), Cell(loud, "loud", fill=True)))
        rows += reasons((state.station.unsigned,), width, "bad", 1)
    if state.mode == "batch" and state.phase in (JobPhase.DETECTING, JobPhase.CONSENT):
        armed = _("UNATTENDED: a batch ticket starts the erasure. Pull the stick to prevent it.")
        rows.append(row(Cell(" ", "loud"), Cell(armed, "loud", fill=True)))
    if state.plan is not None and state.plan.blockers:
        rows.append(row(" ", Cell(_("This machine will not be certified as it is:"), "bad")))
        rows += reasons(state.plan.blockers, width, "bad", 1)
    if state.phase is not JobPhase.BLOCKED:  # there the problems are the screen's body
        rows += reasons(state.problems, width, "bad", 1)
    return rows
