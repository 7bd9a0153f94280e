"""Letting the machine sleep to free frozen drives: an act of its own, with a consent of its own.

The person is told first what may happen to the screen, and that nothing is erased by it.
"""

from __future__ import annotations

from appliance.i18n import _
from appliance.job.state import JobState
from appliance.tui.fields import Field
from appliance.tui.notices import paragraph
from appliance.tui.rows import EMPTY, Cell, Row, row
from appliance.tui.screen import Call, Go, Intent, Key, Screen
from appliance.tui.text import isolated


class Sleep(Screen):
    """The question, and the name of who answers it."""

    name = "sleep"
    scrolls = False

    def __init__(self) -> None:
        super().__init__()
        self._field: Field | None = None

    def title(self) -> str:
        return _("Sleep")

    def sentence(self, state: JobState) -> str:
        return _("Let the machine sleep for some seconds, so that its drives are no longer frozen?")

    def field(self, state: JobState) -> Field:
        """The technician's name."""
        if self._field is None:
            self._field = Field(40, state.station.technicians)
        return self._field

    def keys(self, state: JobState) -> tuple[Key, ...]:
        off = "" if self.field(state).text.strip() else _("Say who you are first.")
        return (
            Key("f10", _("Sleep"), lambda: self._sleep(state), off=off, aliases=("^g",)),
            Key("esc", _("Back"), lambda: Go("drives")),
        )

    def _sleep(self, state: JobState) -> Intent:
        return Call("Suspend", {"technician": self.field(state).text.strip()})

    def press(self, key: str, state: JobState) -> Intent | None:
        if self.field(state).press(key):
            return None
        return super().press(key, state)

    def view(self, state: JobState, width: int, height: int) -> list[Row]:
        who = self.field(state)
        warning = _(
            "Nothing is erased by it. The machine wakes up by itself. On some machines the screen "
            "stays black then: wait a minute, then switch it off and on and go on without this."
        )
        return [
            *paragraph(warning, width, indent=2),
            EMPTY,
            row(
                Cell("▶ ", "cursor", mirror=True),
                Cell(_("Technician"), "quiet", width=20),
                Cell(isolated(who.text) if who.text else "", "focus", width=32),
            ),
            row(
                " " * 22,
                Cell(
                    _("← → choose a name, or type it") if who.choices else _("type your name"),
                    "quiet",
                ),
            ),
        ]
