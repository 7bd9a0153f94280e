"""Every drive and what would be done with it: the plan that a person consents to.

Each drive is shown, also those that will be left alone, with the reason, and the stick,
which is never a target. The drive under the cursor shows its details: holders that will
be released, and methods that were ruled out.
"""

from __future__ import annotations

from appliance.erasure.psid import tcg_state
from appliance.i18n import _, language, ngettext
from appliance.job.images import origin
from appliance.job.state import JobState
from appliance.model import Drive, DrivePlan, Holder, RuledOut
from appliance.tui import words
from appliance.tui.notices import identity, paragraph, reasons
from appliance.tui.rows import EMPTY, Cell, Row, row
from appliance.tui.screen import Call, Go, Intent, Key, Screen
from appliance.tui.text import clean, isolated


def erased_drives(state: JobState) -> tuple[DrivePlan, ...]:
    """The plans that erase something."""
    return tuple(p for p in state.plan.drives if p.erases) if state.plan else ()


def shown_plans(state: JobState) -> list[DrivePlan]:
    """The plans in the order of the screen: what is erased, what is left alone; no stick."""
    plans = [item for item in state.plan.drives if not item.drive.is_stick] if state.plan else []
    return sorted(plans, key=lambda item: not item.erases)


def nothing_to_erase(state: JobState) -> bool:
    """Whether no drive but the stick was found at all: `no-media`, for a person to attest."""
    machine = state.machine
    return machine is not None and all(drive.is_stick for drive in machine.drives)


def _head(drive: Drive, number: str, chosen: bool, role: str) -> Row:
    return row(
        Cell("▶ " if chosen else "  ", "cursor", mirror=True),
        Cell(number, role, width=3),
        *identity(drive, role),
    )


def _holders(holders: tuple[Holder, ...]) -> list[str]:
    lines: list[str] = []
    for holder in holders:
        where = " ".join(isolated(point) for point in holder.mountpoints)
        label = f" {isolated(holder.label)}" if holder.label else ""
        lines.append(f"{isolated(holder.path)} {isolated(holder.kind)}{label} {where}".rstrip())
        lines += _holders(holder.holders)
    return lines


def _ruled_out(found: tuple[RuledOut, ...]) -> list[str]:
    """Why not the other methods: those for another kind of medium go without saying, and what
    the drive does not offer is one list, so that the other drives stay on the screen."""
    lacking: list[str] = []
    lines: list[str] = []
    for out in found:
        codes = {reason.code for reason in out.reasons}
        if "method-not-for-medium" in codes:
            continue
        if codes == {"drive-lacks"}:
            lacking.append(words.method(out.method))
            continue
        why = "; ".join(words.told(reason) for reason in out.reasons)
        text = _("Not {method}: {why}")
        lines.append(text.format(method=words.method(out.method), why=why))
    if lacking:
        lines.append(_("The drive does not offer: {methods}").format(methods="; ".join(lacking)))
    return lines


class Drives(Screen):
    """The drives and the plan."""

    name = "drives"
    scrolls = False

    def __init__(self) -> None:
        super().__init__()
        self.chosen = 0

    def title(self) -> str:
        return _("Drives and plan")

    def sentence(self, state: JobState) -> str:
        if nothing_to_erase(state):
            return _("No drive was found. That is not a success: look inside the machine.")
        count = len(erased_drives(state))
        text = ngettext(
            "{n} drive would be erased. Nothing has been written so far.",
            "{n} drives would be erased. Nothing has been written so far.",
            count,
        )
        return text.format(n=count)

    def keys(self, state: JobState) -> tuple[Key, ...]:
        plan = state.plan
        off = ""
        if plan is None:
            off = _("There is no plan yet.")
        elif not erased_drives(state):
            off = _("There is no drive to erase.")
        keys = [
            Key("c", _("Consent"), lambda: Go("consent"), off=off, aliases=("C",)),
            Key("updown", _("Choose"), lambda: None, aliases=("up", "down")),
            Key("r", _("Search again"), self._again, aliases=("R",)),
            Key("esc", _("Back"), lambda: Go("machine"), aliases=("b",)),
        ]
        if nothing_to_erase(state):
            hidden = words.told(plan.blockers[0]) if plan and plan.blockers else ""
            keys[0] = Key("a", _("Attest: no drives"), lambda: Go("attest"), hidden, ("A",))
        if any(note.code == "ata-frozen" for item in shown_plans(state) for note in item.notes):
            keys.insert(1, Key("s", _("Sleep"), lambda: Go("sleep"), aliases=("S",)))
        return tuple(keys)

    def _again(self) -> Intent:
        return Call("Rescan")

    def press(self, key: str, state: JobState) -> Intent | None:
        if key in ("up", "down"):
            count = len(shown_plans(state))
            self.chosen = max(0, min(count - 1, self.chosen + (1 if key == "down" else -1)))
            return None
        return super().press(key, state)

    def view(self, state: JobState, width: int, height: int) -> list[Row]:
        return [r for block in self._blocks(state, width) for r in block]

    def cursor(self, state: JobState, width: int) -> int | None:
        blocks = self._blocks(state, width)
        if self.chosen >= len(blocks):
            return None
        before = sum(len(block) for block in blocks[: self.chosen])
        return before + max(len(blocks[self.chosen]) - 2, 0) if self.top < before else before

    def _blocks(self, state: JobState, width: int) -> list[list[Row]]:
        plan = state.plan
        if plan is None:
            return []
        blocks = [
            self._block(item, str(number), number - 1 == self.chosen, width)
            for number, item in enumerate(shown_plans(state), start=1)
        ]
        blocks += [[*self._stick(drive), EMPTY] for drive in plan.machine.drives if drive.is_stick]
        tail: list[Row] = []
        if plan.image_reasons:
            placed = any(item.image for item in plan.drives)
            head = _("About the images:") if placed else _("No image will be installed:")
            tail += [
                *paragraph(head, width, "doubt", 2),
                *reasons(plan.image_reasons, width, "normal", 4),
            ]
        return [*blocks, tail] if tail else blocks

    @staticmethod
    def _stick(drive: Drive) -> list[Row]:
        return [
            _head(drive, "", False, "quiet"),
            row("     ", Cell(_("This is the boot stick: it is never a target."), "quiet")),
        ]

    def _block(self, item: DrivePlan, number: str, chosen: bool, width: int) -> list[Row]:
        drive = item.drive
        rows = [_head(drive, number, chosen, "strong" if item.erases else "normal")]
        kind = words.kind(drive.bus, drive.media)
        if item.erases:
            first = item.methods[0]
            text = _("{kind}: will be erased by {method}, reaching {level}")
            rows += paragraph(
                text.format(
                    kind=kind, method=words.method(first.method), level=words.level(first.level)
                ),
                width,
                "bad",
                5,
            )
            if item.image is not None:
                name = item.image.title_ar if language() == "ar" else item.image.title_en
                text = _("Then {image} {version} is installed on it ({size}, {source}).")
                rows += paragraph(
                    text.format(
                        image=isolated(name),
                        version=isolated(item.image.version),
                        size=isolated(words.size(item.image.file_bytes)),
                        source=isolated(origin(item.image, language())),
                    ),
                    width,
                    "good",
                    5,
                )
        else:
            rows += paragraph(_("{kind}: will be left alone").format(kind=kind), width, "good", 5)
        rows += reasons(item.refusals, width, "normal", 5)
        rows += reasons(item.preparations, width, "normal", 5)
        rows += reasons((*item.notes, *drive.warnings), width, "doubt", 5)
        if chosen:
            rows += self._details(item, width)
        return [*rows, EMPTY]

    def _details(self, item: DrivePlan, width: int) -> list[Row]:
        rows: list[Row] = []
        for option in item.methods[1:]:
            text = _("If that fails: {method}, reaching {level}")
            rows += paragraph(
                text.format(method=words.method(option.method), level=words.level(option.level)),
                width,
                "quiet",
                5,
            )
        for option in item.methods:
            rows += reasons(option.notes, width, "quiet", 5)
        if item.drive.tcg is not None:
            rows += paragraph(words.told(tcg_state(item.drive.tcg)), width, "quiet", 5)
        for line in _holders(item.drive.holders):
            rows += paragraph(_("In use: {holder}").format(holder=line), width, "quiet", 5)
        for line in _ruled_out(item.ruled_out):
            rows += paragraph(line, width, "quiet", 5)
        smart = item.drive.smart
        if smart is not None and smart.healthy is False:
            rows += paragraph(_("The drive says of itself that it is failing."), width, "bad", 5)
        firmware = clean(item.drive.firmware)
        rows += paragraph(
            _("Firmware {version}").format(version=isolated(firmware)), width, "quiet", 5
        )
        return rows
