"""Which passwords the assistant takes: rules that protect a family and do not lock it out.

A rule that is broken has a code; the text for it stands in `words`.
"""

from __future__ import annotations

from itertools import pairwise

SHORTEST = 6
_GUESSED = ("password", "qwerty", "abcdef", "123456", "654321", "000000", "111111")


def password_problem(password: str, again: str, full_name: str, login: str) -> str:
    """The code of the first rule that is broken; empty when the password is good.

    `password-empty`, `password-letters` (it must be typed at a log-in screen whose keyboard is
    English), `password-short`, `password-easy`, `password-name`, `password-differs`.
    """
    if not password:
        return "password-empty"
    if any(not " " < letter <= "~" for letter in password):
        return "password-letters"
    if len(password) < SHORTEST:
        return "password-short"
    lower = password.lower()
    if len(set(lower)) < 3 or lower in _GUESSED or _counts(lower):
        return "password-easy"
    if lower in (login.lower(), "".join(full_name.lower().split())):
        return "password-name"
    if password != again:
        return "password-differs"
    return ""


def _counts(text: str) -> bool:
    """Whether each character is the next, or the previous, one of the character before it."""
    steps = {ord(after) - ord(before) for before, after in pairwise(text)}
    return steps in ({1}, {-1})
