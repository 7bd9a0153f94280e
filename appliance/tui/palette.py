"""Colours by role, and the same roles without colour.

Each role has an attribute of blessed for terminals with colours and a monochrome twin, so
that nothing is told by colour alone. `bright_*` does nothing on a Linux console: bold is
what makes a colour bright there.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Role:
    """The names of blessed's attributes for one role."""

    colour: str
    mono: str


ROLES: dict[str, Role] = {
    "normal": Role("normal", "normal"),
    "title": Role("bold_white_on_blue", "reverse"),
    "step": Role("bold_yellow_on_blue", "bold_reverse"),
    "strong": Role("bold_white", "bold"),
    "quiet": Role("cyan", "normal"),
    "good": Role("bold_green", "bold"),
    "bad": Role("bold_red", "bold"),
    "doubt": Role("bold_yellow", "bold"),
    "loud": Role("bold_white_on_red", "bold_reverse"),
    "field": Role("black_on_white", "underline"),
    "focus": Role("black_on_cyan", "reverse"),
    "cursor": Role("bold_yellow", "bold"),
    "bar": Role("bold_cyan", "normal"),
    "keys": Role("black_on_cyan", "reverse"),
    "key": Role("bold_white_on_blue", "bold"),
    "off": Role("cyan", "normal"),
}
