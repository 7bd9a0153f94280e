"""How large the board's buttons are on a screen, where they stand, and their round corners."""

from __future__ import annotations

import math
from dataclasses import dataclass

COLUMNS = 4
# The corners' radius in pixels, as in the style
_ROUND = 12
# Space beside the board for the icons of sticks, folder and wastebasket, in pixels.
_BESIDE = 132


@dataclass(frozen=True, slots=True)
class Measures:
    """Sizes in pixels: of a button's icon, of the gap between buttons, of the whole board."""

    icon: int
    gap: int
    width: int
    height: int
    points: int


def measures(width: int, height: int, rows: int) -> Measures:
    """What fits a working area of that size, in pixels."""
    large = min((width - _BESIDE) / COLUMNS, height / rows)
    icon = next((size for size in (96, 72, 64, 48) if large >= size * 2.6), 32)
    gap = max(6, icon // 6)
    return Measures(
        icon=icon,
        gap=gap,
        width=min(width - _BESIDE - 2 * gap, COLUMNS * int(icon * 2.8)),
        height=min(height - 2 * gap, rows * int(icon * 2.3)),
        points={96: 15, 72: 13, 64: 12}.get(icon, 10),
    )


def rounded(left: int, top: int, width: int, height: int) -> list[tuple[int, int, int, int]]:
    """A rectangle with round corners as rectangles, each line of the corners one of them."""
    found = [(left, top + _ROUND, width, height - 2 * _ROUND)]
    for line in range(_ROUND):
        inset = round(_ROUND - math.sqrt(_ROUND**2 - (_ROUND - line - 0.5) ** 2))
        for at in (top + line, top + height - 1 - line):
            found.append((left + inset, at, width - 2 * inset, 1))
    return found


def corner(area: tuple[int, int, int, int], board: Measures) -> tuple[int, int]:
    """The board's upper left corner: in the middle of what the icons at the right leave."""
    left, top, width, height = area
    free = width - _BESIDE
    return left + max(0, (free - board.width) // 2), top + max(0, (height - board.height) // 2)
