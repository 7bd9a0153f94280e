"""What may reach the terminal: cleaned, shaped, reordered, measured in cells.

Strings come from drives' firmware, from DMI tables and from files, so they may hold escape
sequences, control characters, bidirectional overrides or characters two cells wide. Nothing
is printed that did not pass `visual`, which lets through only characters of one cell that
our console fonts hold. Arabic is shaped to presentation forms and put into visual order
here, because a Linux console does neither. Shaping is imported at the first Arabic text.
"""

from __future__ import annotations

import functools
import re
import sys
from collections.abc import Callable

# First-strong isolate and its end (UAX #9): how a serial or a path stands inside a sentence.
FSI = "\u2068"
PDI = "\u2069"
# An invisible letter of right-to-left direction, for a term that ends in Latin letters:
# without it the punctuation that follows would stand on the wrong side.
RLM = "\u200f"
ELLIPSIS = "…"
UNKNOWN = "???"

# Letters whose final and isolated forms have a bowl: they take two cells, as Arabic
# terminals have always done it with U+FE73 (ARABIC TAIL FRAGMENT); one cell would cut the
# bowl, and القرص would read القرم.
BOWLED = "\ufeb1\ufeb2\ufeb5\ufeb6\ufeb9\ufeba\ufebd\ufebe"
TAIL = "\ufe73"

SYMBOLS = "─│┌┐└┘├┤┬┴┼═█▓▒░■□▪●○◆←↑→↓▲▼▶◀✓✗✔✘•…–—‘’“”›‹·"
_ARABIC = "\u0621-\u063a\u0640-\u0652\u067e\u0686\u0698\u06a9\u06af\u06cc،؛؟٪"
_SHOWN = re.compile(f"[^ -~¡-¬®-ÿ{_ARABIC}{SYMBOLS}]")
_SHOWN_OR_ISOLATE = re.compile(f"[^ -~¡-¬®-ÿ{_ARABIC}{SYMBOLS}{FSI}{PDI}{RLM}]")
_RTL = re.compile(r"[\u0590-\u08ff]")
_STRONG = re.compile(r"[A-Za-zÀ-ÖØ-öø-ÿ\u0621-\u06ff]")
_ISOLATE = re.compile(f"{FSI}([^{FSI}{PDI}]*){PDI}")
# Neutral characters that stand for an isolate while the line around it is reordered.
_PLACEHOLDERS = [chr(code) for code in range(0x2400, 0x2427)]


def clean(value: object) -> str:
    """A foreign string as it may be shown; what cannot be shown becomes `?`, never nothing.

    An empty value becomes `???`: the unknown is shown as unknown.
    """
    text = " ".join(str(value).split()) if value is not None else ""
    return _SHOWN.sub("?", text)[:300] or UNKNOWN


def isolated(value: object) -> str:
    """A foreign string to stand inside a sentence, in a direction of its own."""
    return f"{FSI}{clean(value)}{PDI}"


@functools.cache
def _shaping() -> tuple[Callable[[str], str], Callable[..., str]]:
    """(reshape, get_display). arabic_reshaper would load fontTools where it is installed,
    ten times its own weight, for a feature that we never use."""
    absent = object()
    before = sys.modules.get("fontTools", absent)
    sys.modules["fontTools"] = None  # type: ignore[assignment]
    try:
        import arabic_reshaper
        from bidi.algorithm import get_display
    finally:
        if before is absent:
            del sys.modules["fontTools"]
        else:
            sys.modules["fontTools"] = before  # type: ignore[assignment]
    reshaper = arabic_reshaper.ArabicReshaper(
        {"support_ligatures": True, "ARABIC LIGATURE ALLAH": False, "delete_harakat": True}
    )
    return reshaper.reshape, get_display


def _shaped(text: str) -> str:
    """Presentation forms, still in logical order, tails added."""
    reshape, _ = _shaping()
    return "".join(c + TAIL if c in BOWLED else c for c in reshape(text))


@functools.lru_cache(maxsize=4096)
def visual(text: str, rtl: bool) -> str:
    """The characters in the order of the screen, left to right, one cell each."""
    text = _SHOWN_OR_ISOLATE.sub("?", text)
    if not _RTL.search(text):
        return _bare(text)
    inner: dict[str, str] = {}

    def take_out(match: re.Match[str]) -> str:
        if len(inner) == len(_PLACEHOLDERS):
            return match.group(1)
        holder = _PLACEHOLDERS[len(inner)]
        strong = _STRONG.search(match.group(1))
        inner[holder] = visual(match.group(1), bool(strong and _RTL.match(strong.group())))
        return holder

    text = _ISOLATE.sub(take_out, text)
    text = text.replace(FSI, "").replace(PDI, "")
    _, get_display = _shaping()
    shown: str = get_display(_shaped(text), base_dir="R" if rtl else "L")
    for holder, part in inner.items():
        shown = shown.replace(holder, part)
    return _bare(shown)


def cells(text: str) -> int:
    """How many cells the text takes once it is shaped."""
    return len(visual(text, True)) if _RTL.search(text) else len(_bare(text))


def _bare(text: str) -> str:
    """Without the invisible marks."""
    return text.replace(FSI, "").replace(PDI, "").replace(RLM, "")


def is_arabic(text: str) -> bool:
    """Whether the text has letters that run from right to left."""
    return _RTL.search(text) is not None


def settled(text: str) -> str:
    """A text in the language of the sentence that it goes into, closed towards what follows."""
    return text + RLM if _RTL.search(text) else text


def _closed(text: str) -> str:
    """The text with an isolate that a cut left open closed again."""
    return text + PDI * max(text.count(FSI) - text.count(PDI), 0)


def fitted(text: str, width: int) -> str:
    """The text, cut with an ellipsis if it takes more than `width` cells."""
    if cells(text) <= width:
        return text
    if width <= 0:
        return ""
    end = len(text)
    while end and cells(_closed(text[:end].rstrip()) + ELLIPSIS) > width:
        end -= 1
    return _closed(text[:end].rstrip()) + ELLIPSIS


def wrapped(text: str, width: int) -> list[str]:
    """The text in lines of at most `width` cells, broken between words where possible.

    Blanks inside an isolate do not break: a model's name stays together.
    """
    lines: list[str] = []
    line = ""
    for word in _words(text):
        longer = f"{line} {word}" if line else word
        if not line or cells(longer) <= width:
            line = longer
        else:
            lines.append(fitted(line, width))
            line = word
    return [*lines, fitted(line, width)]


def _words(text: str) -> list[str]:
    words: list[str] = []
    open_isolate = False
    for piece in text.split(" "):
        if open_isolate:
            words[-1] += f" {piece}"
        else:
            words.append(piece)
        open_isolate = words[-1].count(FSI) > words[-1].count(PDI)
    return words
