"""How it ended, for each drive and for the machine, and what the person does next."""

from __future__ import annotations

from appliance.i18n import _, language
from appliance.job.state import DrivePhase, DriveState, JobState
from appliance.model import Outcome
from appliance.tui import words
from appliance.tui.notices import paragraph, reasons
from appliance.tui.rows import EMPTY, Cell, Row, row
from appliance.tui.screen import Key, Screen, power_off_keys
from appliance.tui.screens.progress import delivery_line, head, image_words, shown_drives
from appliance.tui.text import isolated

_GOOD = (Outcome.PURGED, Outcome.CLEARED, Outcome.DESTROYED)


def next_step(state: JobState) -> str:
    """What to do with this machine now."""
    if state.outcome is Outcome.NO_MEDIA:
        return _("No drive was in the machine; a person attested it. It may be handed on.")
    if state.outcome not in _GOOD:
        return _(
            "Do not hand this machine on: mark it, keep its failed drives apart, and destroy or "
            "try them again."
        )
    if state.station.unsigned is not None or not all(ref.is_signed for ref in state.statements):
        return _("There is no certificate, only an unsigned record. Do it again with a good stick.")
    if any(item.image_outcome == "failed" for item in state.drives):
        return _(
            "Erased and certified, but no system was installed: this machine does not start. "
            "Put right what is said below and start the stick again."
        )
    if state.delivery.refused:
        return _("The server refused a statement: tell the office before this machine goes on.")
    if state.delivery.waiting and not state.delivery.server:
        return _(
            "No central server has been reached. The certificates are on this stick, in the "
            "folder certificates; they wait in its outbox, too."
        )
    if state.delivery.waiting:
        return _(
            "Statements wait in the outbox of this stick. Connect the network, or they go out at "
            "the next boot."
        )
    if state.delivery.held:
        return _("The office still has to accept this station; the statements are with the server.")
    return _(
        "All statements are registered. Switch off, put the asset tag on, hand the machine on."
    )


class Result(Screen):
    """Shown when every drive is decided and nothing runs any more."""

    name = "result"

    def title(self) -> str:
        return _("Result")

    def sentence(self, state: JobState) -> str:
        return next_step(state)

    def keys(self, state: JobState) -> tuple[Key, ...]:
        return (
            *power_off_keys(),
            Key("updown", _("Scroll"), lambda: None, aliases=("up", "down")),
        )

    def view(self, state: JobState, width: int, height: int) -> list[Row]:
        text, role = words.outcome(state.outcome or Outcome.UNKNOWN)
        rows: list[Row] = [
            row(" ", Cell(_("Machine"), "quiet", width=18), Cell(text, role, fill=True)),
        ]
        if state.asset_tag:
            rows.append(
                row(
                    " ",
                    Cell(_("Asset tag"), "quiet", width=18),
                    Cell(isolated(state.asset_tag), "strong", fill=True),
                )
            )
        for statement in state.statements:
            if statement.type == "machine":
                label = _("Certificate") if statement.is_signed else _("Unsigned record")
                rows.append(
                    row(
                        " ",
                        Cell(label, "quiet", width=18),
                        Cell(isolated(statement.id[:32]), fill=True),
                    )
                )
        rows += [delivery_line(state.delivery)]
        if state.delivery.last_error is not None:
            rows += reasons((state.delivery.last_error,), width, "doubt", 3)
        rows.append(EMPTY)
        for item in shown_drives(state):
            rows += [*self._drive(state, item, width), EMPTY]
        if state.deployment is not None:
            image = state.deployment.image
            name = image.title_ar if language() == "ar" else image.title_en
            text = _("Installed: {image} {version} on {path}, computer name {hostname}")
            rows += paragraph(
                text.format(
                    image=isolated(name),
                    version=isolated(image.version),
                    path=isolated(state.deployment.target_path),
                    hostname=isolated(state.deployment.hostname),
                ),
                width,
                "good",
            )
        return rows

    @staticmethod
    def _drive(state: JobState, item: DriveState, width: int) -> list[Row]:
        text, role = (
            words.outcome(item.outcome) if item.outcome else (words.phase(item.phase), "quiet")
        )
        detail = []
        if item.outcome in _GOOD:
            detail.append(_("level {level}").format(level=words.level(item.level)))
        if item.method:
            detail.append(words.method(item.method))
        rows = [
            head(state, item),
            row("   ", Cell(text, role, width=16), Cell(" · ".join(detail), fill=True)),
        ]
        weight = "quiet" if item.phase is DrivePhase.LEFT_ALONE else "doubt"
        rows += reasons(item.reasons, width, "bad" if role == "bad" else weight, 3)
        if item.statement_id:
            rows.append(
                row(
                    "   ",
                    Cell(_("Statement"), "quiet", width=16),
                    Cell(isolated(item.statement_id[:32]), "quiet", fill=True),
                )
            )
        if image_words(item):
            good = item.image_outcome == "laid-down"
            rows.append(row("   ", Cell(image_words(item), "good" if good else "bad")))
        return rows
