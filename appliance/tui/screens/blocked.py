"""Something must be put right before anything can be planned; nothing has been touched."""

from __future__ import annotations

from appliance.i18n import _
from appliance.job.state import JobState
from appliance.tui import words
from appliance.tui.notices import paragraph
from appliance.tui.rows import EMPTY, Row
from appliance.tui.screen import Call, Key, Screen, power_off_keys


class Blocked(Screen):
    """Shown while the job cannot begin."""

    name = "blocked"

    def title(self) -> str:
        return _("Stopped")

    def sentence(self, state: JobState) -> str:
        return _("This must be put right first. No drive has been touched.")

    def keys(self, state: JobState) -> tuple[Key, ...]:
        return (
            Key("r", _("Look again"), lambda: Call("Rescan"), aliases=("R",)),
            *power_off_keys(),
        )

    def view(self, state: JobState, width: int, height: int) -> list[Row]:
        rows: list[Row] = []
        for problem in state.problems:
            rows += paragraph(f"✗ {words.told(problem)}", width, "bad", 2)
            if advice := words.advice(problem):
                rows += paragraph(advice, width, indent=4)
            rows.append(EMPTY)
        return rows
