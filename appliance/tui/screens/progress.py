"""The wiping screen: for each drive which one it is, what is happening, and how long.

Numbers stand in fixed columns and nothing moves unless something happened; errors are
counted only where there are some.
"""

from __future__ import annotations

from appliance.i18n import _, ngettext
from appliance.job.state import Delivery, DrivePhase, DriveState, JobState
from appliance.model import Drive
from appliance.tui import words
from appliance.tui.notices import identity, reasons
from appliance.tui.rows import EMPTY, Cell, Row, bar, row
from appliance.tui.screen import Key, Say, Screen
from appliance.tui.text import isolated

_MOVING = (
    DrivePhase.RELEASING,
    DrivePhase.ERASING,
    DrivePhase.VERIFYING,
    DrivePhase.LAYING_DOWN,
    DrivePhase.CHECKING_IMAGE,
)


def drive_of(state: JobState, key: str) -> Drive | None:
    """The drive of that key, from the plan consented to, else from the machine as it is."""
    machines = (state.plan.machine if state.plan else None, state.machine)
    for machine in machines:
        for drive in machine.drives if machine else ():
            if drive.key == key:
                return drive
    return None


def shown_drives(state: JobState) -> list[DriveState]:
    """The drives in the order of the screen: those of the plan, those left alone; no stick."""
    items = []
    for item in state.drives:
        drive = drive_of(state, item.key)
        if drive is None or not drive.is_stick:
            items.append(item)
    return sorted(items, key=lambda item: item.phase is DrivePhase.LEFT_ALONE)


def head(state: JobState, item: DriveState) -> Row:
    """Which drive: model, serial, size, path."""
    drive = drive_of(state, item.key)
    if drive is None:
        return row(" ", Cell(isolated(item.key), "strong", fill=True))
    return row(" ", *identity(drive, "strong"))


def delivery_line(delivery: Delivery) -> Row:
    """How the statements fare on their way to the server."""
    counts = [
        ngettext("{n} statement waits", "{n} statements wait", delivery.waiting).format(
            n=delivery.waiting
        ),
        ngettext("{n} registered", "{n} registered", delivery.registered).format(
            n=delivery.registered
        ),
    ]
    if delivery.held:
        counts.append(
            ngettext("{n} kept for the office", "{n} kept for the office", delivery.held).format(
                n=delivery.held
            )
        )
    if delivery.refused:
        counts.append(
            ngettext("{n} refused", "{n} refused", delivery.refused).format(n=delivery.refused)
        )
    online = {True: _("server reached"), False: _("server not reached"), None: _("no server yet")}
    return row(
        " ",
        Cell(_("Outbox"), "quiet"),
        "  ",
        Cell(" · ".join((*counts, online[delivery.online])), "normal", fill=True),
    )


class Progress(Screen):
    """Shown while anything runs."""

    name = "progress"

    def title(self) -> str:
        return _("Erasure")

    def sentence(self, state: JobState) -> str:
        left = [item.left_s for item in state.drives if item.phase in _MOVING]
        if not left and state.late_drives_s is not None:
            text = _("Do not switch off. Drives may still appear: looking for {time} more.")
            return text.format(time=isolated(words.duration(state.late_drives_s)))
        if not left or any(seconds is None for seconds in left):
            return _("Do not switch off. This screen may be left alone.")
        longest = max(seconds for seconds in left if seconds is not None)
        text = _("Do not switch off. The slowest step needs {time} more.")
        return text.format(time=isolated(words.duration(longest)))

    def keys(self, state: JobState) -> tuple[Key, ...]:
        count = len(state.drives)
        scroll = "" if count > 1 else _("Everything is visible.")
        refused = _("A drive is being erased: switching off now would leave it half done.")
        return (
            Key("updown", _("Scroll"), lambda: None, off=scroll, aliases=("up", "down")),
            Key(
                "p", _("Power off"), lambda: Say(refused), off=refused, aliases=("P",), hidden=True
            ),
        )

    def view(self, state: JobState, width: int, height: int) -> list[Row]:
        rows: list[Row] = []
        items = shown_drives(state)
        roomy = len(items) * 4 + 2 <= height
        for item in items:
            rows += [head(state, item), self._line(item, width)]
            if item.error_ranges:
                text = ngettext(
                    "{n} range with errors", "{n} ranges with errors", item.error_ranges
                )
                rows.append(row("   ", Cell(text.format(n=item.error_ranges), "bad")))
            alone = item.phase is DrivePhase.LEFT_ALONE
            rows += reasons(item.reasons, width, "quiet" if alone else "doubt", 3)
            if roomy:
                rows.append(EMPTY)
        return [*rows, delivery_line(state.delivery)]

    @staticmethod
    def _line(item: DriveState, width: int) -> Row:
        if item.outcome is not None and item.phase not in _MOVING:
            text, role = words.outcome(item.outcome)
            return row("   ", Cell(text, role, width=16), Cell(image_words(item), fill=True))
        moving = item.phase in _MOVING
        verb = Cell(words.phase(item.phase), "cursor" if moving else "quiet", width=14)
        if not moving or item.total_bytes <= 0:
            step = _("step {n} of {all}").format(n=item.step, all=item.steps) if item.steps else ""
            return row("   ", verb, Cell(step if moving else "", fill=True))
        tail = 8 + 11 + 10 + 3
        bar_cells = max(width - 3 - 14 - tail - 1, 8)
        return row(
            "   ",
            verb,
            Cell(bar(item.done_bytes / item.total_bytes, bar_cells), "bar", mirror=True),
            Cell(words.percent(item.done_bytes, item.total_bytes), "strong", width=8, end=True),
            Cell(words.rate(item.rate_bytes_s), width=11, end=True),
            Cell(words.duration(item.left_s), width=10, end=True),
        )


def image_words(item: DriveState) -> str:
    """How installing the image on this drive ended, or what comes."""
    if item.image_outcome:
        known = {
            "laid-down": _("system installed"),
            "failed": _("installing the system failed"),
        }
        return known.get(item.image_outcome, isolated(item.image_outcome))
    return ""
