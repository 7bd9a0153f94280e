"""Consent: the technician says who they are and types each serial's last four characters.

A drive that encrypts by itself may also be given the PSID of its label, typed or by a scanner
(a keyboard that ends with Enter). The destructive key is F10, which nobody presses by accident,
and it says what is missing.
What was typed goes to the engine as typed; the engine, not this screen, decides.
"""

from __future__ import annotations

from typing import Any

from appliance.erasure.psid import PSID_CHARACTERS, is_psid, needs_psid, takes_psid, tidied
from appliance.i18n import _, ngettext
from appliance.job import assettag
from appliance.job.state import JobState
from appliance.model import Consent as Given
from appliance.model import DrivePlan, to_json
from appliance.tui import words
from appliance.tui.fields import Field
from appliance.tui.notices import identity
from appliance.tui.rows import EMPTY, Cell, Row, row
from appliance.tui.screen import Call, Go, Intent, Key, Screen
from appliance.tui.screens.drives import erased_drives
from appliance.tui.text import isolated

_TECHNICIAN = "technician"
_TAG = "asset-tag"
_TAG_ROOM = len("TJ-XXXX-XXXX-C")
# Some labels print it in groups.
_PSID_ROOM = PSID_CHARACTERS + 8


def psid_field(item: DrivePlan) -> str:
    """The name of the field for a drive's PSID."""
    return f"psid {item.drive.key}"


def matches(typed: str, wanted: str) -> bool:
    """As the engine will judge it: capitals do not matter."""
    return typed.strip().casefold() == wanted.casefold()


def _begins(wanted: str, typed: str) -> bool:
    return wanted.casefold().startswith(typed.strip().casefold())


class Consent(Screen):
    """The question that has no way back."""

    name = "consent"
    scrolls = False

    def __init__(self) -> None:
        super().__init__()
        self._fields: dict[str, Field] = {}
        self._digest = ""
        self.focus = 0

    def title(self) -> str:
        return _("Consent")

    def sentence(self, state: JobState) -> str:
        count = len(erased_drives(state))
        text = ngettext(
            "Everything on {n} drive will be erased. There is no way back.",
            "Everything on {n} drives will be erased. There is no way back.",
            count,
        )
        return text.format(n=count)

    def fields(self, state: JobState) -> dict[str, Field]:
        """The fields for this plan; a new plan starts with empty ones."""
        if self._digest != state.plan_digest or not self._fields:
            self._digest = state.plan_digest
            kept = self._fields.get(_TECHNICIAN)
            self._fields = {_TECHNICIAN: kept or Field(40, state.station.technicians)}
            if state.station.scans_tag:
                self._fields[_TAG] = Field(_TAG_ROOM)
            for item in erased_drives(state):
                self._fields[item.drive.key] = Field(4)
                if takes_psid(item):
                    self._fields[psid_field(item)] = Field(_PSID_ROOM)
            self.focus = min(self.focus, len(self._fields) - 1)
        return self._fields

    def missing(self, state: JobState) -> str:
        """What still keeps the erasure from starting; empty if nothing does."""
        fields = self.fields(state)
        if not fields[_TECHNICIAN].text.strip():
            return _("Say who you are first: the technician's name is empty.")
        if _TAG in fields and not assettag.is_valid(fields[_TAG].text):
            text = _("{typed} is not an asset tag: scan the label of this machine.")
            return text.format(typed=isolated(fields[_TAG].text or "____"))
        for item in erased_drives(state):
            typed = fields[item.drive.key].text
            if not matches(typed, item.drive.identity.last4):
                text = _("{typed} is not the end of the serial of {model} ({path}).")
                return text.format(
                    typed=isolated(typed or "____"),
                    model=isolated(item.drive.identity.model),
                    path=isolated(item.drive.path),
                )
            psid = self._psid(item)
            if psid and not is_psid(psid):
                text = _("The PSID of {path} has {wanted} letters and digits, not {n}.")
                return text.format(
                    path=isolated(item.drive.path), wanted=PSID_CHARACTERS, n=len(psid)
                )
        return ""

    def _psid(self, item: DrivePlan) -> str:
        field = self._fields.get(psid_field(item))
        return tidied(field.text) if field is not None else ""

    def keys(self, state: JobState) -> tuple[Key, ...]:
        return (
            Key(
                "f10",
                _("ERASE"),
                lambda: self._start(state),
                off=self.missing(state),
                aliases=("^g",),
            ),
            Key("tab", _("Next field"), lambda: self._move(state, 1), aliases=("enter", "down")),
            Key(
                "backtab",
                _("Previous"),
                lambda: self._move(state, -1),
                aliases=("up",),
                hidden=True,
            ),
            Key("esc", _("Back"), lambda: Go("drives")),
        )

    def _move(self, state: JobState, step: int) -> None:
        self.focus = (self.focus + step) % len(self.fields(state))

    def _start(self, state: JobState) -> Intent:
        fields = self.fields(state)
        given = Given(
            plan_digest=state.plan_digest,
            technician=fields[_TECHNICIAN].text.strip(),
            typed={item.drive.key: fields[item.drive.key].text for item in erased_drives(state)},
            asset_tag=fields[_TAG].text.strip() if _TAG in fields else "",
        )
        asked: dict[str, Any] = {"consent": to_json(given)}
        psids = {item.drive.key: self._psid(item) for item in erased_drives(state)}
        if any(psids.values()):
            asked["psids"] = {key: psid for key, psid in psids.items() if psid}
        return Call("Consent", asked)

    def press(self, key: str, state: JobState) -> Intent | None:
        fields = self.fields(state)
        field = list(fields.values())[self.focus]
        if field.press(key):
            if field.room == 4 and len(field.text) == 4 and self.focus < len(fields) - 1:
                self.focus += 1
            return None
        return super().press(key, state)

    def cursor(self, state: JobState, width: int) -> int | None:
        name = list(self.fields(state))[self.focus]
        if name == _TAG:
            return 3
        at = 3 + (_TAG in self.fields(state))
        for item in erased_drives(state):
            if name == item.drive.key:
                return at + 1
            if takes_psid(item):
                at += 2
                if name == psid_field(item):
                    return at + 1
            at += 3
        return 0

    def view(self, state: JobState, width: int, height: int) -> list[Row]:
        fields = self.fields(state)
        who = fields[_TECHNICIAN]
        rows: list[Row] = [
            row(
                Cell("▶ " if self.focus == 0 else "  ", "cursor", mirror=True),
                Cell(_("Technician"), "quiet", width=20),
                Cell(isolated(who.text) if who.text else "", self._role(0), width=32),
            ),
            row(
                " " * 22,
                Cell(
                    _("← → choose a name, or type it") if who.choices else _("type your name"),
                    "quiet",
                ),
            ),
            EMPTY,
        ]
        if _TAG in fields:
            rows[2:] = [self._tag_row(fields[_TAG]), EMPTY]
        names = list(fields)
        for item in erased_drives(state):
            drive = item.drive
            field = fields[drive.key]
            number = names.index(drive.key)
            here = self.focus == number
            rows += [
                row(
                    Cell("▶ " if here else "  ", "cursor", mirror=True),
                    *identity(drive, "strong"),
                ),
                row(
                    "    ",
                    Cell(_("last four characters of the serial"), width=38),
                    Cell(isolated(field.text.ljust(4, "_")), self._role(number), width=4),
                    "  ",
                    *self._verdict(field, drive.identity.last4),
                ),
            ]
            if takes_psid(item):
                rows += self._psid_rows(item, names.index(psid_field(item)))
            rows.append(self._before(item))
        return rows

    def _tag_row(self, field: Field) -> Row:
        verdict: Row = ()
        if assettag.is_valid(field.text):
            verdict = (Cell("✓ ", "good", mirror=True), Cell(_("right"), "good"))
        elif len(field.text) >= _TAG_ROOM:
            verdict = (Cell("✗ ", "bad", mirror=True), Cell(_("misread: scan it again"), "bad"))
        return row(
            Cell("▶ " if self.focus == 1 else "  ", "cursor", mirror=True),
            Cell(_("Asset tag"), "quiet", width=20),
            Cell(isolated(field.text.ljust(_TAG_ROOM, "_")), self._role(1), width=_TAG_ROOM),
            "  ",
            *verdict,
        )

    def _psid_rows(self, item: DrivePlan, number: int) -> list[Row]:
        """A field of the label's length, and below it what is typed so far amounts to."""
        psid = self._psid(item)
        shown = isolated(psid.ljust(PSID_CHARACTERS, "_")[-PSID_CHARACTERS:])
        verdict: Row = ()
        if is_psid(psid):
            verdict = (Cell("✓ ", "good", mirror=True), Cell(_("complete"), "good"))
        elif psid:
            count = _("{n} of {wanted} characters").format(n=len(psid), wanted=PSID_CHARACTERS)
            verdict = (Cell(count, "doubt"),)
        elif needs_psid(item):
            verdict = (Cell(_("without it this drive stays as it is"), "doubt"),)
        else:
            verdict = (Cell(_("may be left empty"), "quiet"),)
        return [
            row(
                "    ",
                Cell(_("PSID on the drive's label"), width=38),
                Cell(shown, self._role(number), width=PSID_CHARACTERS),
            ),
            row(" " * 42, *verdict),
        ]

    def _role(self, number: int) -> str:
        return "focus" if self.focus == number else "field"

    @staticmethod
    def _before(plan: DrivePlan) -> Row:
        """What is changed on the drive before it is erased: part of what is consented to."""
        if not plan.preparations:
            return EMPTY
        first = "; ".join(words.told(item) for item in plan.preparations)
        return row("    ", Cell(first, "doubt", fill=True))

    @staticmethod
    def _verdict(field: Field, wanted: str) -> Row:
        if matches(field.text, wanted):
            return (Cell("✓ ", "good", mirror=True), Cell(_("right"), "good"))
        if len(field.text) >= 4 or not _begins(wanted, field.text):
            return (Cell("✗ ", "bad", mirror=True), Cell(_("not this drive"), "bad"))
        return ()
