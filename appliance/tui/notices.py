"""What stands above every body: that we are unsigned, that something is wrong.

A result without a key is an unsigned record, and that is said loudly on each screen.
"""

from __future__ import annotations

from appliance.i18n import _
from appliance.job.state import JobState
from appliance.model import Reason
from appliance.tui import words
from appliance.tui.rows import Cell, Row, row
from appliance.tui.text import wrapped


def paragraph(text: str, width: int, role: str = "normal", indent: int = 1) -> list[Row]:
    """A text over as many rows as it takes."""
    lead = " " * indent
    return [row(lead, Cell(line, role)) for line in wrapped(text, max(width - indent - 1, 10))]


def reasons(
    items: tuple[Reason, ...], width: int, role: str, indent: int, *, advise: bool = True
) -> list[Row]:
    """Reasons as a list with a dot each, and their advice where asked for."""
    rows: list[Row] = []
    for item in items:
        text = words.told(item)
        more = words.advice(item) if advise else ""
        lines = wrapped(f"{text} {more}".strip(), max(width - indent - 3, 10))
        for number, line in enumerate(lines):
            lead = "• " if number == 0 else "  "
            rows.append(row(" " * indent, Cell(lead, role), Cell(line, role)))
    return rows


def standing(state: JobState, width: int) -> list[Row]:
    """The notices that the state asks for; empty where all is well."""
    rows: list[Row] = []
    if state.station.unsigned is not None:
        loud = _("UNSIGNED: this stick has no key. Results are records, not certificates.")
        rows.append(row(Cell(f" {loud}", "loud", fill=True)))
        rows += reasons((state.station.unsigned,), width, "bad", 1)
    for problem in state.problems:
        rows += reasons((problem,), width, "bad", 1)
    return rows
