"""What a screen is: a title, a sentence, a table of keys, a view, and what a key asks for.

`view` is pure: it changes nothing and looks at nothing but its arguments and the screen's
own small memory (where the cursor stands, what has been typed). The bar at the bottom and
the help page are made from the same key table that `press` looks up, so they cannot
disagree.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from appliance.i18n import _
from appliance.job.state import JobState
from appliance.tui.rows import Row


@dataclass(frozen=True, slots=True)
class Go:
    """Show another screen."""

    screen: str


@dataclass(frozen=True, slots=True)
class Call:
    """Ask the engine for something."""

    method: str
    parameters: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Say:
    """Tell the person something in the line above the keys; nothing happens."""

    text: str
    role: str = "doubt"


@dataclass(frozen=True, slots=True)
class SwitchLanguage:
    """Change to the other language."""


@dataclass(frozen=True, slots=True)
class Redraw:
    """Paint everything again."""


Intent = Go | Call | Say | SwitchLanguage | Redraw
Action = Callable[[], Intent | None]


@dataclass(frozen=True, slots=True)
class Key:
    """A key: its name, what it does in a word, and, where it is off, why."""

    name: str
    label: str
    action: Action
    off: str = ""
    aliases: tuple[str, ...] = ()
    hidden: bool = False

    def answers(self, key: str) -> bool:
        return key == self.name or key in self.aliases


def power_off_keys() -> tuple[Key, Key]:
    """Capital P switches off; small p says so, and does nothing."""
    return (
        Key("P", _("Power off"), lambda: Call("PowerOff")),
        Key("p", _("Power off"), lambda: None, off=_("Capital P switches off."), hidden=True),
    )


KEYCAPS = {"enter": "Enter", "esc": "Esc", "tab": "Tab", "updown": "↑↓", "space": "Space"}


def keycap(name: str) -> str:
    """What is printed on the key."""
    if name.startswith("^"):
        return f"Ctrl-{name[1:].upper()}"
    return KEYCAPS.get(name, name.upper() if name[:1] == "f" and name[1:].isdigit() else name)


class Screen:
    """The base of all screens: scrolling, and the look-up in the key table."""

    name = ""
    # Whether the arrow keys scroll; where they move a cursor, the cursor scrolls.
    scrolls = True

    def __init__(self) -> None:
        self.top = 0

    def title(self) -> str:
        raise NotImplementedError

    def sentence(self, state: JobState) -> str:
        raise NotImplementedError

    def keys(self, state: JobState) -> tuple[Key, ...]:
        """The keys of this screen; the session adds help and language."""
        raise NotImplementedError

    def view(self, state: JobState, width: int, height: int) -> list[Row]:
        """The rows of the body, as many as there are; the session scrolls them."""
        raise NotImplementedError

    def cursor(self, state: JobState, width: int) -> int | None:
        """The row of the body that must be visible, if one must."""
        return None

    def press(self, key: str, state: JobState) -> Intent | None:
        """What the key asks for; None if it means nothing here."""
        for candidate in self.keys(state):
            if candidate.answers(key):
                return Say(candidate.off) if candidate.off else candidate.action()
        return None
