"""ASCII text as key presses of a US keyboard, in QEMU's key names (QKeyCode)."""

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


def key_presses(text: str) -> list[str]:
    """One press for each character; raises `KeyError` for one that the keyboard does not have."""
    presses = []
    for char in text:
        shifted = char in _SHIFTED or char.isupper()
        base = _SHIFTED.get(char, char.lower())
        code = base if base.isascii() and base.isalnum() else _PLAIN[base]
        presses.append(f"shift-{code}" if shifted else code)
    return presses
