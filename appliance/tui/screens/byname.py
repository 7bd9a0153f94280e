"""A question that somebody answers by name: what it means, who says so, one key that does it.

The base of such screens; which question it is, and what the answer calls, they say themselves.
"""

from __future__ import annotations

from appliance.i18n import _
from appliance.job.state import JobState
from appliance.tui.fields import Field
from appliance.tui.notices import paragraph
from appliance.tui.rows import EMPTY, Cell, Row, row
from appliance.tui.screen import Call, Go, Intent, Key, Screen
from appliance.tui.text import isolated


class ByName(Screen):
    """`method` is the engine's; it gets the technician's name."""

    scrolls = False
    method = ""

    def __init__(self) -> None:
        super().__init__()
        self._field: Field | None = None

    def label(self) -> str:
        """What the key does."""
        raise NotImplementedError

    def meaning(self) -> str:
        """What a person should know before answering."""
        raise NotImplementedError

    def field(self, state: JobState) -> Field:
        """The technician's name."""
        if self._field is None:
            self._field = Field(40, state.station.technicians)
        return self._field

    def keys(self, state: JobState) -> tuple[Key, ...]:
        off = "" if self.field(state).text.strip() else _("Say who you are first.")
        return (
            Key("f10", self.label(), lambda: self._answer(state), off=off, aliases=("^g",)),
            Key("esc", _("Back"), lambda: Go("drives")),
        )

    def _answer(self, state: JobState) -> Intent:
        return Call(self.method, {"technician": self.field(state).text.strip()})

    def press(self, key: str, state: JobState) -> Intent | None:
        if self.field(state).press(key):
            return None
        return super().press(key, state)

    def view(self, state: JobState, width: int, height: int) -> list[Row]:
        who = self.field(state)
        hint = _("← → choose a name, or type it") if who.choices else _("type your name")
        return [
            *paragraph(self.meaning(), width, indent=2),
            EMPTY,
            row(
                Cell("▶ ", "cursor", mirror=True),
                Cell(_("Technician"), "quiet", width=20),
                Cell(isolated(who.text) if who.text else "", "focus", width=32),
            ),
            row(" " * 22, Cell(hint, "quiet")),
        ]
