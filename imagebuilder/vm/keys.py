"""Text as key presses of a keyboard, in QEMU's key names (QKeyCode): ASCII, or Arabic letters."""

from typing import Literal

Layout = Literal["us", "ara"]

_PLAIN = {
    " ": "spc",
    "\n": "ret",
    "\t": "tab",
    "-": "minus",
    "=": "equal",
    "[": "bracket_left",
    "]": "bracket_right",
    ";": "semicolon",
    "'": "apostrophe",
    "`": "grave_accent",
    "\\": "backslash",
    ",": "comma",
    ".": "dot",
    "/": "slash",
}
_SHIFTED = dict(zip('!@#$%^&*()_+{}:"~|<>?', "1234567890-=[];'`\\,./", strict=True))
# XKB's layout `ara`: which key of a US keyboard has the letter. Lam-alef is typed as two letters.
_ARABIC = dict(
    zip("ضصثقفغعهخحجدشسيبلاتنمكطئءؤرىةوزظذ", "qwertyuiop[]asdfghjkl;'zxcvnm,./`", strict=True)
) | {"إ": "Y", "أ": "H", "آ": "N", " ": " "}


def key_presses(text: str, layout: Layout = "us") -> list[str]:
    """One press for each character; raises `KeyError` for one that the keyboard does not have.

    With `ara`, of a keyboard whose second layout is in use: letters and blanks only.
    """
    presses = []
    for char in text if layout == "us" else (_ARABIC[letter] for letter in text):
        shifted = char in _SHIFTED or char.isupper()
        base = _SHIFTED.get(char, char.lower())
        code = base if base.isascii() and base.isalnum() else _PLAIN[base]
        presses.append(f"shift-{code}" if shifted else code)
    return presses
