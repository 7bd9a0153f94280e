"""The frame around a body: title and steps above, a message line and the keys below.

The bar of keys is made from the same table that answers them. A terminal that is too small
gets a sentence with the size it has and the size it needs, never half a screen.
"""

from __future__ import annotations

from appliance.i18n import _
from appliance.job.state import JobState
from appliance.tui.notices import standing
from appliance.tui.rows import EMPTY, Cell, Row, row
from appliance.tui.screen import Key, Screen, keycap
from appliance.tui.text import cells, isolated, wrapped

MINIMUM = (80, 24)
_STEPS = ("machine", "drives", "consent", "progress", "result")
_STEP_OF = {"searching": "machine", "attest": "consent"}


def too_small(width: int, height: int) -> list[Row]:
    """What a window gets that cannot hold a screen."""
    has = f"{width}x{height}"
    needs = f"{MINIMUM[0]}x{MINIMUM[1]}"
    text = _("This terminal has {has} cells; {needs} are needed.")
    lines = wrapped(text.format(has=isolated(has), needs=isolated(needs)), max(width, 10))
    return [row(line) for line in lines][:height]


def _steps() -> dict[str, str]:
    return {
        "machine": _("Machine"),
        "drives": _("Plan"),
        "consent": _("Consent"),
        "progress": _("Erasure"),
        "result": _("Result"),
    }


def title_row(screen: Screen) -> Row:
    """The product, the title, and where we are on the way."""
    here = _STEP_OF.get(screen.name, screen.name)
    names = _steps()
    parts: list[Cell] = [
        Cell(" ", "step"),
        Cell(_("Tajdeed"), "step"),
        Cell(" ", "step"),
        Cell(f"│ {screen.title()}", "title", fill=True),
    ]
    for number, step in enumerate(_STEPS):
        if number:
            parts.append(Cell(" › ", "title", mirror=True))
        parts.append(Cell(names[step], "step" if step == here else "title"))
    return (*parts, Cell(" ", "title"))


def key_row(keys: tuple[Key, ...], width: int) -> Row:
    """The bar: the screen's own keys until it is full; help and language at the far end."""
    shown = [key for key in keys if not key.hidden]
    everywhere = [cell for key in shown if key.name in ("f1", "f2") for cell in _key_cells(key)]
    room = width - sum(cells(cell.text) for cell in everywhere)
    own: list[Cell] = []
    for key in shown:
        if key.name in ("f1", "f2"):
            continue
        pair = _key_cells(key)
        room -= sum(cells(cell.text) for cell in pair)
        if room < 0:
            break
        own += pair
    return (*own, Cell("", "keys", fill=True), *everywhere)


def _key_cells(key: Key) -> list[Cell]:
    label = f" {key.label} "
    return [Cell(f" {keycap(key.name)} ", "key"), Cell(label, "off" if key.off else "keys")]


def message_row(text: str, role: str, more: str) -> Row:
    """What was last said, and whether there is more above or below."""
    return row(" ", Cell(text, role, fill=True), " ", Cell(more, "cursor"))


def composed(
    screen: Screen,
    state: JobState,
    keys: tuple[Key, ...],
    message: tuple[str, str],
    size: tuple[int, int],
) -> list[Row]:
    """All rows of the terminal for this screen, scrolled so that its cursor is visible."""
    width, height = size
    if width < MINIMUM[0] or height < MINIMUM[1]:
        return too_small(width, height)
    top: list[Row] = [title_row(screen)]
    top += [
        row(" ", Cell(line, "strong")) for line in wrapped(screen.sentence(state), width - 2)[:3]
    ]
    top += standing(state, width)[: height // 3]
    top.append(EMPTY)
    room = height - len(top) - 2
    body = screen.view(state, width, room)
    _scroll(screen, screen.cursor(state, width), len(body), room)
    shown = body[screen.top : screen.top + room]
    above, below = screen.top > 0, screen.top + room < len(body)
    more_word = _("More")
    arrows = ("↑" if above else " ") + ("↓" if below else " ")
    more = f"{more_word} {arrows}" if above or below else ""
    blank: list[Row] = [EMPTY] * (room - len(shown))
    return [*top, *shown, *blank, message_row(*message, more), key_row(keys, width)]


def _scroll(screen: Screen, cursor: int | None, rows: int, room: int) -> None:
    if cursor is not None:
        if cursor <= screen.top:
            screen.top = cursor - 1  # with the line above it, which says what it belongs to
        elif cursor >= screen.top + room:
            screen.top = cursor - room + 1
    screen.top = max(0, min(screen.top, rows - room))
