"""A line of text that a person types, and a line that chooses one of several.

Only printable ASCII and Arabic letters go in; a field never holds more than it has room for.
"""

from __future__ import annotations

from appliance.tui.text import clean


class Field:
    """A text field. `choices` may be walked with the left and right keys."""

    def __init__(self, room: int, choices: tuple[str, ...] = ()) -> None:
        self.room = room
        self.choices = choices
        self.text = choices[0] if len(choices) == 1 else ""

    def press(self, key: str) -> bool:
        """Whether the key meant something to the field."""
        if key in ("left", "right") and self.choices:
            step = 1 if key == "right" else -1
            at = self.choices.index(self.text) if self.text in self.choices else None
            start = -1 if step == 1 else 0
            self.text = self.choices[((start if at is None else at) + step) % len(self.choices)]
            return True
        if key in ("backspace", "delete"):
            self.text = "" if self.text in self.choices else self.text[:-1]
            return True
        if key == "^u":
            self.text = ""
            return True
        if len(key) == 1 and (key == " " or clean(key) == key):
            if self.text in self.choices:
                self.text = ""
            if len(self.text) < self.room:
                self.text += key
            return True
        return False
