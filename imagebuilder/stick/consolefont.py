"""Console fonts with every Arabic form, made from DejaVu Sans Mono.

The kernel's console knows no shaping: it shows what the program sends, one glyph a cell, so all
presentation forms (Unicode FE80-FEFC) must be in its 512 glyphs. The fonts of Debian's
console-setup lack some of them or draw a final sad like an alef maksura. Format: PSF 2 (kbd's
psf.h), with a table of the characters that each glyph stands for.
"""

import struct
import unicodedata
from pathlib import Path

from imagebuilder.toolsroot import tools_root

_FACE = "usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf"

# File name to cell in pixels. At least 80 columns on screens from 800, 960, 1280, 3200 wide.
SIZES = {"tiny": (10, 20), "small": (12, 24), "large": (16, 32), "huge": (32, 64)}

_GLYPHS = 512
_ADVANCE_EM = 1233 / 2048  # of this face: every glyph is that wide
_ASCENT_EM, _DESCENT_EM = 1901 / 2048, 483 / 2048


def console_fonts(place: Path) -> None:
    """Write NAME.psf for every size into the directory `place`."""
    place.mkdir(parents=True, exist_ok=True)
    for name, (width, height) in SIZES.items():
        (place / f"{name}.psf").write_bytes(console_font(width, height))


def characters() -> list[tuple[int, ...]]:
    """For each glyph the characters that it stands for; the drawn one is the first.

    Isolated forms stand for their letters too: text that nobody shaped is at least readable.
    """
    drawn = [
        *range(0x20, 0x7F),
        *range(0xA0, 0x100),
        *(0x60C, 0x61B, 0x61F, 0x640, 0x66A, 0x66B, 0x66C),
        *range(0xFE80, 0xFEFD),
        # the tail of letters with a bowl, and letters of Persian names
        0xFE73,
        *(*range(0xFB56, 0xFB5A), *range(0xFB7A, 0xFB7E), 0xFB8A, 0xFB8B),
        *(*range(0xFB8E, 0xFB96), *range(0xFBFC, 0xFC00)),
        *(0x2010, 0x2013, 0x2014, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2026, 0x2039, 0x203A),
        *(0x2190, 0x2191, 0x2192, 0x2193, 0x2194, 0x21B5, 0x2212, 0x2248, 0x2260, 0x2264, 0x2265),
        *(0x2500, 0x2501, 0x2502, 0x2503, 0x250C, 0x2510, 0x2514, 0x2518, 0x251C, 0x2524),
        *(0x252C, 0x2534, 0x253C, *range(0x2550, 0x256D), 0x256D, 0x256E, 0x256F, 0x2570),
        *range(0x2580, 0x2590),
        *(
            0x2591,
            0x2592,
            0x2593,
            0x25A0,
            0x25A1,
            0x25AA,
            0x25B2,
            0x25B6,
            0x25BC,
            0x25C0,
            0x25C6,
            0x25CB,
            0x25CF,
        ),
        *(0x2605, 0x2606, 0x26A0, 0x2713, 0x2714, 0x2717, 0x2718, 0xFFFD),
    ]
    letters: dict[int, list[int]] = {}
    for letter, isolated in _letters().items():
        letters.setdefault(isolated, []).append(letter)
    return [(char, *letters.get(char, ())) for char in dict.fromkeys(drawn)]


def _letters() -> dict[int, int]:
    """Each Arabic letter to its isolated form, from Unicode's own decompositions."""
    found = {}
    for form in (*range(0xFB56, 0xFC00), *range(0xFE80, 0xFEF5)):
        kind, _, letter = unicodedata.decomposition(chr(form)).partition(" ")
        if kind == "<isolated>" and " " not in letter:
            found[int(letter, 16)] = form
    return found


def console_font(width: int, height: int) -> bytes:
    """One font as a PSF 2 file."""
    from PIL import Image, ImageDraw, ImageFont

    size = width / _ADVANCE_EM
    face = ImageFont.truetype(str(tools_root() / _FACE), size)
    top = (height - (_ASCENT_EM + _DESCENT_EM) * size) / 2
    baseline = round(top + _ASCENT_EM * size)
    row_bytes = (width + 7) // 8
    bitmaps, table = bytearray(), bytearray()
    glyphs = characters()
    for chars in glyphs:
        # Four times as large, then by area: connected letters meet at the cell's edge.
        image = Image.new("L", (width * 4, height * 4), 0)
        large = face.font_variant(size=size * 4)
        draw = ImageDraw.Draw(image)
        draw.text((0, baseline * 4), chr(chars[0]), fill=255, font=large, anchor="ls")
        cell = image.resize((width, height), Image.Resampling.BOX)
        rows = cell.point(lambda value: 255 if value >= 112 else 0).convert("1")
        bitmaps += rows.tobytes()
        table += "".join(map(chr, chars)).encode() + b"\xff"
    missing = _GLYPHS - len(glyphs)
    if missing < 0:
        raise ValueError(f"{len(glyphs)} glyphs are more than a console has")
    bitmaps += bytes(missing * row_bytes * height)
    table += b"\xff" * missing
    has_table = 1
    header = struct.pack(
        "<4sIIIIIII",
        *(b"\x72\xb5\x4a\x86", 0, 32, has_table, _GLYPHS, row_bytes * height, height, width),
    )
    return header + bytes(bitmaps) + bytes(table)
