"""Rows of a screen: cells in reading order, mirrored as a whole where the language asks.

A view makes rows without knowing the direction: "start" is the left edge in English and the
right edge in Arabic. `painted` turns a row into runs of visual text with a role each, which
together are exactly as wide as the screen.
"""

from __future__ import annotations

from dataclasses import dataclass

from appliance.tui.text import fitted, is_arabic, visual


@dataclass(frozen=True, slots=True)
class Cell:
    """A piece of a row. `width` None: as wide as its text; `fill`: takes what is left.

    `end` aligns at the end edge; `mirror` reverses a picture (a bar) with the layout.
    """

    text: str
    role: str = "normal"
    width: int | None = None
    end: bool = False
    fill: bool = False
    mirror: bool = False


Row = tuple[Cell, ...]
# Pictures that point somewhere point the other way in a mirrored layout.
_MIRRORED = str.maketrans("▶◀›‹→←", "◀▶‹›←→")
EMPTY: Row = ()


def row(*parts: Cell | str) -> Row:
    """A row of cells; bare strings are cells of the normal role."""
    return tuple(Cell(part) if isinstance(part, str) else part for part in parts)


def _shown(cell: Cell, width: int, rtl: bool) -> str:
    text = visual(fitted(cell.text, width), rtl)
    if cell.mirror and rtl:
        text = text[::-1].translate(_MIRRORED)
    # Numbers and units stay lined up at their right end in either layout.
    at_left = cell.end and is_arabic(cell.text) if rtl else not cell.end
    return text.ljust(width) if at_left else text.rjust(width)


def painted(cells_of_row: Row, width: int, rtl: bool) -> list[tuple[str, str]]:
    """(visual text, role) from the left edge to the right one, `width` cells in all."""
    wanted = [
        cell.width if cell.width is not None else len(visual(cell.text, rtl))
        for cell in cells_of_row
    ]
    fixed = sum(w for w, cell in zip(wanted, cells_of_row, strict=True) if not cell.fill)
    left = width
    runs: list[tuple[str, str]] = []
    for cell, want in zip(cells_of_row, wanted, strict=True):
        share = max(width - fixed, 0) if cell.fill else want
        share = min(share, left)
        if share > 0:
            runs.append((_shown(cell, share, rtl), cell.role))
            left -= share
        if cell.fill:
            fixed = width  # one filling cell a row; a second one gets nothing
    if left > 0:
        runs.append((" " * left, cells_of_row[-1].role if _is_bar(cells_of_row) else "normal"))
    return runs[::-1] if rtl else runs


def _is_bar(cells_of_row: Row) -> bool:
    """Whether the row is a bar over the whole width, whose colour goes to the edge."""
    return bool(cells_of_row) and cells_of_row[-1].role in ("title", "keys")


def plain(rows: list[Row] | tuple[Row, ...], width: int, rtl: bool) -> list[str]:
    """The rows without roles, as a person would read them off the screen."""
    return ["".join(text for text, _ in painted(r, width, rtl)) for r in rows]


def bar(fraction: float, width: int) -> str:
    """A bar in reading order; use it in a cell with `mirror`."""
    full = max(0, min(width, int(fraction * width + 0.5)))
    if fraction < 1 and full == width:
        full = width - 1
    return "█" * full + "░" * (width - full)
