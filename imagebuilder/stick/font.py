"""Console fonts with the Arabic forms, drawn from DejaVu at build time.

No console font of Debian holds every Arabic presentation form and draws a final ص that
does not read as another letter. Ours are PSF2 fonts of 512 glyphs in several sizes; the
letters whose final and isolated forms have a bowl (س ش ص ض) are two cells wide, the left
one being U+FE73, as `appliance.tui.text` writes them. Lines and blocks are drawn, not
taken from the face, so that they join. `fonts.list` holds "WIDTH HEIGHT FILE" lines,
largest first: the boot takes the first that leaves 80 columns and 24 rows.

Usage: python -m imagebuilder.stick.font OUTDIR
Needs fonts-dejavu-core. Sources: psf(5) is console-tools' psf.h; Unicode blocks
Arabic Presentation Forms-B, Box Drawing, Block Elements.
"""

from __future__ import annotations

import struct
import sys
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from appliance.tui.text import BOWLED, SYMBOLS, TAIL

SIZES = (
    (32, 64), (28, 56), (24, 48), (20, 40), (18, 36), (16, 32), (14, 28), (12, 24), (10, 20),
    (8, 16),
)  # fmt: skip
COLUMNS, ROWS = 80, 24
FACES = Path("/usr/share/fonts/truetype/dejavu")
MONO, SANS = "DejaVuSansMono.ttf", "DejaVuSans.ttf"

# DejaVu Sans Mono: advance 1233 of 2048 units; from descent to ascent 2384 units.
_EM_CELLS = 2048 / 1233
_ASCENT, _DESCENT = 1901 / 2048, 483 / 2048

_ASCII = [chr(code) for code in range(0x20, 0x7F)]
_LATIN = [chr(code) for code in range(0xA0, 0x100) if code != 0xAD]
_FORMS = [chr(code) for code in range(0xFE80, 0xFEFD)]
# Persian and Urdu letters that stand in names: peh, tcheh, jeh, gaf, keheh, farsi yeh.
_NAMES = [
    chr(code)
    for first, last in ((0xFB56, 0xFB5A), (0xFB7A, 0xFB7E), (0xFB8A, 0xFB8C), (0xFB8E, 0xFB96),
                        (0xFBFC, 0xFC00))
    for code in range(first, last)
]  # fmt: skip
_TATWEEL = "\u0640"
_MARKS = [*"،؛؟٪ـ", TAIL]
# Letters in the code points of plain text show their isolated form.
_PLAIN = {
    "ء": "\ufe80", "آ": "\ufe81", "أ": "\ufe83", "ؤ": "\ufe85", "إ": "\ufe87", "ئ": "\ufe89",
    "ا": "\ufe8d", "ب": "\ufe8f", "ة": "\ufe93", "ت": "\ufe95", "ث": "\ufe99", "ج": "\ufe9d",
    "ح": "\ufea1", "خ": "\ufea5", "د": "\ufea9", "ذ": "\ufeab", "ر": "\ufead", "ز": "\ufeaf",
    "س": "\ufeb1", "ش": "\ufeb5", "ص": "\ufeb9", "ض": "\ufebd", "ط": "\ufec1", "ظ": "\ufec5",
    "ع": "\ufec9", "غ": "\ufecd", "ف": "\ufed1", "ق": "\ufed5", "ك": "\ufed9", "ل": "\ufedd",
    "م": "\ufee1", "ن": "\ufee5", "ه": "\ufee9", "و": "\ufeed", "ى": "\ufeef", "ي": "\ufef1",
}  # fmt: skip
_ALIASES = _PLAIN | {"\ufffd": "?", "\u00ad": "-"}


def repertoire() -> list[str]:
    """The characters of the font, in the order of its glyphs; ASCII at its own code points.

    The kernel erases with glyph 32, so that one must be the blank.
    """
    rest = [c for c in [*_LATIN, *_FORMS, *_NAMES, *_MARKS, *SYMBOLS] if c not in _ASCII]
    rest = list(dict.fromkeys(rest))
    glyphs = [*rest[:32], *_ASCII, *rest[32:]]
    if len(glyphs) > 512:
        raise ValueError(f"{len(glyphs)} glyphs; a console font holds 512")
    return glyphs


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """The size of a character cell in pixels, and the faces drawn at that size."""

    width: int
    height: int
    mono: ImageFont.FreeTypeFont
    sans: ImageFont.FreeTypeFont
    baseline: int

    @property
    def stroke(self) -> int:
        """Thickness of a drawn line."""
        return max(1, round(self.width / 8))


def cell(width: int, height: int, faces: Path = FACES) -> Cell:
    """A cell with the face at the size whose advance is the cell's width."""
    em = width * _EM_CELLS
    text = em * (_ASCENT + _DESCENT)
    return Cell(
        width=width,
        height=height,
        mono=ImageFont.truetype(str(faces / MONO), em),
        sans=ImageFont.truetype(str(faces / SANS), em),
        baseline=round((height - text) / 2 + em * _ASCENT),
    )


def _canvas(width: int, height: int) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    image = Image.new("1", (width, height), 0)
    draw = ImageDraw.Draw(image)
    draw.fontmode = "1"
    return image, draw


def _letter(of: Cell, char: str) -> Image.Image:
    image, draw = _canvas(of.width, of.height)
    draw.text((0, of.baseline), char, font=of.mono, fill=1, anchor="ls")
    return _joined(image, of, char)


def _joins(char: str) -> tuple[bool, bool]:
    """(at the left edge, at the right edge): where the form continues its neighbour."""
    kind = unicodedata.decomposition(char).partition(" ")[0]
    if char == _TATWEEL:
        kind = "<medial>"
    return kind in ("<initial>", "<medial>"), kind in ("<final>", "<medial>")


def _joined(image: Image.Image, of: Cell, char: str) -> Image.Image:
    """The picture with its joining strokes drawn out to the edges of the cell.

    Hinting ends some of them a pixel early, and the word would fall apart.
    """
    left, right = _joins(char)
    height = max(2, of.height // 6)
    rows = range(of.baseline - height, min(of.baseline + 2, of.height))
    for wanted, edge, inward in ((left, 0, 1), (right, image.width - 1, -1)):
        columns = [edge + inward * step for step in range(of.width // 3 + 1)]
        lit = [[y for y in rows if image.getpixel((x, y))] for x in columns]
        start = next((number for number, ys in enumerate(lit) if ys), 0)
        if wanted:
            for x in columns[:start]:
                for y in lit[start]:
                    image.putpixel((x, y), 1)
    return image


def _wide(of: Cell, char: str) -> tuple[Image.Image, Image.Image]:
    """(left, right) cell of a letter with a bowl, from the proportional face."""
    image, draw = _canvas(2 * of.width, of.height)
    draw.text((0, of.baseline), char, font=of.sans, fill=1, anchor="ls")
    _joined(image, of, char)
    left = image.crop((0, 0, of.width, of.height))
    return left, image.crop((of.width, 0, 2 * of.width, of.height))


_SHADES = {"░": 4, "▒": 2, "▓": 4}
# Arms of the light box-drawing characters: left, right, up, down.
_LINES = {
    "─": (1, 1, 0, 0), "│": (0, 0, 1, 1), "┌": (0, 1, 0, 1), "┐": (1, 0, 0, 1),
    "└": (0, 1, 1, 0), "┘": (1, 0, 1, 0), "├": (0, 1, 1, 1), "┤": (1, 0, 1, 1),
    "┬": (1, 1, 0, 1), "┴": (1, 1, 1, 0), "┼": (1, 1, 1, 1),
}  # fmt: skip


def _line(of: Cell, arms: tuple[int, int, int, int]) -> Image.Image:
    image, draw = _canvas(of.width, of.height)
    left, right, up, down = arms
    x0 = (of.width - of.stroke) // 2
    y0 = (of.height - of.stroke) // 2
    x1, y1 = x0 + of.stroke - 1, y0 + of.stroke - 1
    if left or right:
        draw.rectangle((0 if left else x0, y0, of.width if right else x1, y1), fill=1)
    if up or down:
        draw.rectangle((x0, 0 if up else y0, x1, of.height if down else y1), fill=1)
    return image


def _block(of: Cell, char: str) -> Image.Image:
    image, draw = _canvas(of.width, of.height)
    # A bar leaves air above and below, so that bars of neighbouring rows stay apart.
    margin = of.height // 6
    if char == "█":
        draw.rectangle((0, margin, of.width, of.height - margin - 1), fill=1)
        return image
    step = _SHADES[char]
    for y in range(margin, of.height - margin):
        for x in range(of.width):
            lit = (x + (y // 2 % 2) * (step // 2)) % step == 0 and y % 2 == 0
            image.putpixel((x, y), int(not lit if char == "▓" else lit))
    return image


def glyphs(of: Cell) -> dict[str, Image.Image]:
    """The picture of each character of the repertoire."""
    pictures: dict[str, Image.Image] = {}
    for char in repertoire():
        if char in BOWLED:
            pictures[char] = _wide(of, char)[1]
        elif char == TAIL:
            pictures[char] = _wide(of, "\ufeba")[0]
        elif char in _LINES:
            pictures[char] = _line(of, _LINES[char])
        elif char in _SHADES or char == "█":
            pictures[char] = _block(of, char)
        else:
            pictures[char] = _letter(of, char)
    return pictures


def psf2(of: Cell) -> bytes:
    """The font file."""
    pictures = glyphs(of)
    row_bytes = (of.width + 7) // 8
    charsize = row_bytes * of.height
    header = struct.pack("<4s7I", b"\x72\xb5\x4a\x86", 0, 32, 1, 512, charsize, of.height, of.width)
    bitmaps, table = [], []
    others: dict[str, list[str]] = {}
    for plain, form in _ALIASES.items():
        others.setdefault(form, []).append(plain)
    for char, picture in pictures.items():
        bitmaps.append(picture.tobytes())
        table.append("".join([char, *others.get(char, [])]).encode() + b"\xff")
    spare = 512 - len(bitmaps)
    return b"".join([header, *bitmaps, bytes(charsize * spare), *table, b"\xff" * spare])


def write(out: Path, faces: Path = FACES) -> list[Path]:
    """Write every font and `fonts.list`; FileNotFoundError names a missing face."""
    for face in (MONO, SANS):
        if not (faces / face).exists():
            raise FileNotFoundError(f"{faces / face} (Debian package fonts-dejavu-core)")
    out.mkdir(parents=True, exist_ok=True)
    written, listed = [], []
    for width, height in SIZES:
        file = out / f"tajdeed-{width}x{height}.psf"
        file.write_bytes(psf2(cell(width, height, faces)))
        written.append(file)
        listed.append(f"{width} {height} {file.name}\n")
    (out / "fonts.list").write_text("".join(listed))
    return written


def best(width_px: int, height_px: int) -> tuple[int, int]:
    """The largest size that leaves 80 columns and 24 rows on such a screen, else the least."""
    for width, height in SIZES:
        if width_px // width >= COLUMNS and height_px // height >= ROWS:
            return width, height
    return SIZES[-1]


if __name__ == "__main__":
    for path in write(Path(sys.argv[1])):
        print(path)
