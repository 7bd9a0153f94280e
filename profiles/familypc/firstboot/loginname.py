"""A login name from a person's name, in any letters; she is never asked for one, nor shown it.

Arabic letters become the Latin ones that Saudi papers use for them, loosely: the name only has
to be one that useradd(8) takes and that tells the accounts apart.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

LONGEST = 24
_NAMELESS = "user"

_LATIN = {
    "ا": "a", "أ": "a", "إ": "i", "آ": "a", "ٱ": "a", "ء": "", "ؤ": "o", "ئ": "e", "ى": "a",
    "ب": "b", "ت": "t", "ث": "th", "ج": "j", "ح": "h", "خ": "kh", "د": "d", "ذ": "th", "ر": "r",
    "ز": "z", "س": "s", "ش": "sh", "ص": "s", "ض": "d", "ط": "t", "ظ": "z", "ع": "a", "غ": "gh",
    "ف": "f", "ق": "q", "ك": "k", "ل": "l", "م": "m", "ن": "n", "ه": "h", "ة": "a", "و": "w",
    "ي": "y", "پ": "p", "چ": "ch", "ژ": "zh", "گ": "g", "ڤ": "v", "ک": "k", "ی": "y",
}  # fmt: skip


def login_name(full_name: str, taken: Collection[str] = ()) -> str:
    """A login name for that person: lower case, at most 24 characters, not one of `taken`.

    The first word of the name that has letters decides; a number is added where it is taken.
    """
    words = [_plain(word) for word in full_name.split()]
    base = next((word for word in words if word), _NAMELESS)[:LONGEST]
    name, number = base, 2
    while name in taken:
        ending = str(number)
        name = f"{base[: LONGEST - len(ending)]}{ending}"
        number += 1
    return name


def _plain(word: str) -> str:
    """The word in letters a-z and digits, beginning with a letter; empty if it has none."""
    whole = unicodedata.normalize("NFKC", word)
    latin = "".join(_LATIN.get(letter, letter) for letter in whole)
    bare = unicodedata.normalize("NFKD", latin).lower()
    return re.sub(r"[^a-z0-9]", "", bare).lstrip("0123456789")
