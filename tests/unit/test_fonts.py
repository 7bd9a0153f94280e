"""The console fonts: whole files of the right form, every form there, bowls joined."""

from __future__ import annotations

import struct
import unicodedata
from pathlib import Path

import pytest

from appliance.tui.text import BOWLED, SYMBOLS, TAIL, visual
from imagebuilder.stick import font

WORDS = ("القرص", "الأقراص", "فحص", "بعض", "فلاش", "ليس", "التحقق من محو البيانات", "لا إله")


@pytest.fixture(scope="module")
def small() -> dict[str, tuple[str, ...]]:
    """The 12x24 font: each character and the rows of its picture, `#` for a lit pixel."""
    return read(font.psf2(font.cell(12, 24)))


def read(data: bytes) -> dict[str, tuple[str, ...]]:
    """A PSF2 file, read as the kernel's tools read it."""
    magic, version, start, flags, count, size, height, width = struct.unpack("<4s7I", data[:32])
    assert magic == b"\x72\xb5\x4a\x86"
    assert (version, start, flags, count) == (0, 32, 1, 512)
    row_bytes = (width + 7) // 8
    assert size == row_bytes * height
    table = data[start + count * size :].split(b"\xff")
    assert table.pop() == b""
    assert len(table) == 512
    pictures: dict[str, tuple[str, ...]] = {}
    for number, names in enumerate(table):
        glyph = data[start + number * size :][:size]
        rows = tuple(
            "".join(
                "#" if glyph[y * row_bytes + x // 8] & (0x80 >> (x % 8)) else "."
                for x in range(width)
            )
            for y in range(height)
        )
        for char in names.decode():
            assert char not in pictures, f"{char!r} stands for two glyphs"
            pictures[char] = rows
    return pictures


def test_every_character_that_a_screen_may_print_is_there(
    small: dict[str, tuple[str, ...]],
) -> None:
    wanted = {chr(code) for code in [*range(0x20, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]}
    wanted |= set(SYMBOLS) | {TAIL} | {chr(code) for code in range(0xFE80, 0xFEFD)}
    for word in WORDS:
        wanted |= set(visual(word, True))
    assert not wanted - set(small)
    blank = {char for char in wanted if not any("#" in line for line in small[char])}
    assert blank == {" "}


def test_glyph_32_is_the_blank_that_the_kernel_erases_with() -> None:
    assert font.repertoire()[32] == " "
    assert len(font.repertoire()) <= 512


@pytest.mark.parametrize("letter", BOWLED)
def test_a_bowl_goes_on_into_the_cell_at_its_left(
    letter: str, small: dict[str, tuple[str, ...]]
) -> None:
    left, right = small[TAIL], small[letter]
    seam = [y for y in range(24) if left[y][-1] == "#" and right[y][0] == "#"]
    assert seam, "the stroke breaks between the two cells"
    # The bowl itself: a stroke below the baseline in the left cell, as ى has none in its own.
    assert any("#" in left[y] for y in range(20, 24))


def test_a_final_sad_is_no_meem_and_no_alef_maksura(small: dict[str, tuple[str, ...]]) -> None:
    assert len({small["\ufeba"], small["\ufee2"], small["\ufef0"]}) == 3
    wide = [a + b for a, b in zip(small[TAIL], small["\ufeba"], strict=True)]
    lit = [x for x in range(24) if any(line[x] == "#" for line in wide)]
    assert lit[0] <= 2, "the bowl is cut at its left"
    assert lit[-1] == 23, "it does not join the letter before it"


# The smallest font has strokes of one pixel: there they may meet at a corner.
@pytest.mark.parametrize(
    ("size", "slack"), [((8, 16), 1), ((12, 24), 0), ((16, 32), 0), ((18, 36), 0), ((32, 64), 0)]
)
def test_joined_letters_meet_at_the_edges_of_their_cells(size: tuple[int, int], slack: int) -> None:
    pictures = read(font.psf2(font.cell(*size)))
    line = pictures["\u0640"]
    for code in range(0xFE80, 0xFEFD):
        picture = pictures[chr(code)]
        kind = unicodedata.decomposition(chr(code)).partition(" ")[0]
        if kind in ("<initial>", "<medial>"):
            assert _meet(_strokes(picture, 0), _strokes(line, -1), slack), hex(code)
        if kind in ("<final>", "<medial>"):
            assert _meet(_strokes(picture, -1), _strokes(line, 0), slack), hex(code)


def _meet(here: set[int], there: set[int], slack: int) -> bool:
    return any(abs(y - z) <= slack for y in here for z in there)


def _strokes(picture: tuple[str, ...], column: int) -> set[int]:
    """The rows that are lit in a column."""
    return {y for y, line in enumerate(picture) if line[column] == "#"}


def test_lines_join_and_blocks_fill_the_width(small: dict[str, tuple[str, ...]]) -> None:
    assert any(set(line) == {"#"} for line in small["─"])
    assert all("#" in line for line in small["│"])
    assert any(set(line) == {"#"} for line in small["█"])


@pytest.mark.parametrize(
    ("screen", "size"),
    [
        ((640, 480), (8, 16)),
        ((800, 600), (10, 20)),
        ((1024, 768), (12, 24)),
        ((1280, 720), (14, 28)),
        ((1366, 768), (16, 32)),
        ((1280, 1024), (16, 32)),
        ((1600, 900), (18, 36)),
        ((1920, 1080), (20, 40)),
        ((1920, 1200), (24, 48)),
        ((2560, 1440), (28, 56)),
        ((3840, 2160), (32, 64)),
        ((320, 200), (8, 16)),
    ],
)
def test_the_largest_font_that_leaves_a_whole_screen_is_chosen(
    screen: tuple[int, int], size: tuple[int, int]
) -> None:
    assert font.best(*screen) == size


def test_fonts_are_written_with_their_list(tmp_path: Path) -> None:
    written = font.write(tmp_path)
    listed = [line.split() for line in (tmp_path / "fonts.list").read_text().splitlines()]
    assert [(int(w), int(h)) for w, h, _ in listed] == list(font.SIZES)
    assert sorted(path.name for path in written) == sorted(name for _, _, name in listed)
    for path in written:
        assert len(read(path.read_bytes())) > 400


def test_a_missing_face_names_the_package(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="fonts-dejavu-core"):
        font.write(tmp_path, tmp_path)
