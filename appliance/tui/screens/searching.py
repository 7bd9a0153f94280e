"""Before there is anything to decide: what is going on, and for how long.

The engine may not be there yet, or may be reading the drives. Neither is an error.
"""

from __future__ import annotations

from appliance.i18n import _, ngettext
from appliance.job.state import JobState
from appliance.tui import words
from appliance.tui.rows import EMPTY, Cell, Row, row
from appliance.tui.screen import Call, Intent, Key, Screen
from appliance.tui.text import isolated


class Searching(Screen):
    """Shown while drives are searched."""

    name = "searching"

    def title(self) -> str:
        return _("Searching")

    def sentence(self, state: JobState) -> str:
        return _("Looking for the drives of this machine. Nothing is written to them.")

    def keys(self, state: JobState) -> tuple[Key, ...]:
        return (Key("r", _("Search again"), self._again, aliases=("R",)),)

    def _again(self) -> Intent:
        return Call("Rescan")

    def view(self, state: JobState, width: int, height: int) -> list[Row]:
        machine = state.machine
        if machine is None:
            return [row("  ", Cell(_("Starting: the engine reads the hardware."), "strong"))]
        found = [drive for drive in machine.drives if not drive.is_stick]
        count = ngettext("{n} drive found so far", "{n} drives found so far", len(found))
        rows: list[Row] = [row("  ", Cell(count.format(n=len(found)), "strong")), EMPTY]
        rows += [
            row(
                "  ",
                Cell(isolated(drive.identity.model), width=28),
                "  ",
                Cell(isolated(drive.identity.serial), width=22),
                "  ",
                Cell(words.size(drive.size_bytes), width=8, end=True),
            )
            for drive in found
        ]
        return rows
