"""No drive was found: a person must look inside the machine and say so by name.

"Nothing found" is never a success by itself; this makes it a statement of `no-media`.
"""

from __future__ import annotations

from appliance.i18n import _
from appliance.job.state import JobState
from appliance.tui.fields import Field
from appliance.tui.notices import paragraph
from appliance.tui.rows import EMPTY, Cell, Row, row
from appliance.tui.screen import Call, Go, Intent, Key, Screen
from appliance.tui.text import isolated


class Attest(Screen):
    """The attestation that the machine holds no drive."""

    name = "attest"
    scrolls = False

    def __init__(self) -> None:
        super().__init__()
        self._field: Field | None = None

    def title(self) -> str:
        return _("No drives")

    def sentence(self, state: JobState) -> str:
        return _("Attest that this machine holds no drive. The certificate will say: no media.")

    def field(self, state: JobState) -> Field:
        """The technician's name."""
        if self._field is None:
            self._field = Field(40, state.station.technicians)
        return self._field

    def keys(self, state: JobState) -> tuple[Key, ...]:
        off = "" if self.field(state).text.strip() else _("Say who you are first.")
        return (
            Key("f10", _("Attest"), lambda: self._attest(state), off=off, aliases=("^g",)),
            Key("esc", _("Back"), lambda: Go("drives")),
        )

    def _attest(self, state: JobState) -> Intent:
        return Call("AttestNoMedia", {"technician": self.field(state).text.strip()})

    def press(self, key: str, state: JobState) -> Intent | None:
        if self.field(state).press(key):
            return None
        return super().press(key, state)

    def view(self, state: JobState, width: int, height: int) -> list[Row]:
        who = self.field(state)
        question = _(
            "Open the case and look: drive bays, M.2 slots, eMMC on the board, memory cards. "
            "A drive that is switched off in the firmware's setup, or behind a RAID controller, "
            "is not seen either. If there is one, make it visible and search again."
        )
        return [
            *paragraph(question, width, indent=2),
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
