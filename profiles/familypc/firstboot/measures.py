"""How large the assistant's letters and gaps are on which screen: a table, from netbooks to 4K.

On every screen from 800x600 each page stands whole; what is smaller, or has more Wi-Fi networks
near by, scrolls between the steps above and the buttons below, which always stay.
"""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """Letters in points of 1/72 inch at 96 dots per inch, all else in pixels.

    `from_height`: the least height of a screen that these are for.
    """

    from_height: int
    heading_pt: int
    text_pt: int
    small_pt: int
    margin: int
    gap: int
    entry: int
    button: int
    width: int
    networks: int
    step: int


# The largest first: the first row that the screen is high enough for.
MEASURES = (
    Measures(
        from_height=1900, heading_pt=52, text_pt=28, small_pt=22,
        margin=64, gap=32, entry=80, button=88, width=1440, networks=400, step=16,
    ),
    Measures(
        from_height=1300, heading_pt=38, text_pt=20, small_pt=16,
        margin=48, gap=22, entry=56, button=62, width=1040, networks=280, step=12,
    ),
    Measures(
        from_height=860, heading_pt=26, text_pt=14, small_pt=11,
        margin=32, gap=16, entry=40, button=44, width=720, networks=200, step=8,
    ),
    Measures(
        from_height=700, heading_pt=24, text_pt=13, small_pt=11,
        margin=24, gap=12, entry=36, button=42, width=720, networks=170, step=8,
    ),
    Measures(
        from_height=0, heading_pt=18, text_pt=12, small_pt=10,
        margin=16, gap=6, entry=30, button=36, width=680, networks=130, step=6,
    ),
)  # fmt: skip


def measures(width: int, height: int) -> Measures:
    """What fits a screen of so many pixels; a window is never wider than the screen."""
    fitting = (
        row for row in MEASURES if height >= row.from_height and width >= row.width + 2 * row.margin
    )
    row = next(fitting, MEASURES[-1])
    return replace(row, width=min(row.width, width - 2 * row.margin))


def style(row: Measures) -> str:
    """The style sheet for these measures."""
    return f"""
window {{ background: #f4f1ea; }}
.heading {{ font-size: {row.heading_pt}pt; font-weight: bold; color: #1f6f5c; }}
.why {{ font-size: {row.text_pt}pt; }}
.problem {{ font-size: {row.text_pt}pt; font-weight: bold; color: #9c2b1b; }}
.quiet {{ font-size: {row.small_pt}pt; color: #555555; }}
.step {{ min-height: {row.step}px; background: #d9d3c5; }}
.step.gone {{ background: #1f6f5c; }}
button, entry, radiobutton, checkbutton, row {{ font-size: {row.text_pt}pt; }}
check, radio {{ min-width: {row.text_pt + 2}px; min-height: {row.text_pt + 2}px; }}
entry {{ min-height: {row.entry}px; }}
button {{ min-height: {row.button}px; padding: 0 24px; }}
button.main {{ background: #1f6f5c; color: #ffffff; }}
"""
