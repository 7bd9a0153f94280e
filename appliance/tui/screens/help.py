"""The help page: the keys of the screen it was called from, and how the product thinks."""

from __future__ import annotations

from appliance.i18n import _
from appliance.job.state import JobState
from appliance.tui.notices import bullets
from appliance.tui.rows import EMPTY, Cell, Row, row
from appliance.tui.screen import Go, Key, Screen, keycap


def _is_twin(name: str, key: Key) -> bool:
    """An alias that a person need not be told of: a capital, or an arrow beside ↑↓."""
    return name != key.name and not name.startswith(("^", "enter"))


class Help(Screen):
    """Opened with F1 over any screen."""

    name = "help"

    def __init__(self) -> None:
        super().__init__()
        self.about: tuple[Key, ...] = ()
        self.back = "machine"

    def title(self) -> str:
        return _("Help")

    def sentence(self, state: JobState) -> str:
        return _("What the keys do, and what this stick never does.")

    def keys(self, state: JobState) -> tuple[Key, ...]:
        return (
            Key("esc", _("Back"), lambda: Go(self.back), aliases=("enter", "f1", "q")),
            Key("updown", _("Scroll"), lambda: None, aliases=("up", "down")),
        )

    def view(self, state: JobState, width: int, height: int) -> list[Row]:
        rows: list[Row] = []
        for key in self.about:
            if not key.label or (key.hidden and key.off):
                continue
            names = " ".join(keycap(n) for n in (key.name, *key.aliases) if not _is_twin(n, key))
            rows.append(
                row(
                    "  ",
                    Cell(names, "strong", width=24),
                    Cell(key.label, width=22),
                    Cell(key.off, "quiet", fill=True),
                )
            )
        promises = (
            _("Until you consent, every drive but the stick is read-only and only read."),
            _("What runs is the plan that you saw. A drive that has changed since is refused."),
            _("This screen may crash or be unplugged: an erasure goes on without it."),
            _("A certificate says only what was measured. Every doubt is failed or unknown."),
            _("No drive found is not a success: a person must look and attest it."),
        )
        rows.append(EMPTY)
        for text in promises:
            rows += bullets(text, width, "normal", 2)
        return rows
