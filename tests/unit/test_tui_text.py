"""What reaches the terminal: nothing that could break it, Arabic as it is read."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.tui.rows import Cell, bar, painted, plain, row
from appliance.tui.text import (
    BOWLED,
    FSI,
    PDI,
    TAIL,
    cells,
    clean,
    fitted,
    isolated,
    settled,
    visual,
    wrapped,
)
from tests.unit.face_states import HOSTILE


def is_one_cell(char: str) -> bool:
    """Printable, no combining mark, not wide."""
    return unicodedata.category(char) not in (
        "Cc",
        "Cf",
        "Cs",
        "Mn",
        "Me",
        "Zl",
        "Zp",
    ) and unicodedata.east_asian_width(char) not in ("W", "F")


@given(st.text(max_size=60), st.booleans())
def test_nothing_but_printable_single_cells_reaches_the_terminal(text: str, rtl: bool) -> None:
    shown = visual(text, rtl)
    assert all(is_one_cell(char) for char in shown)


@given(st.text(max_size=60), st.integers(1, 40), st.booleans())
def test_a_row_is_exactly_as_wide_as_asked(text: str, width: int, rtl: bool) -> None:
    runs = painted(row(Cell(isolated(text), width=12), " ", Cell(text, fill=True)), width, rtl)
    assert sum(len(part) for part, _ in runs) == width


@given(st.text(max_size=80), st.integers(1, 30))
def test_fitted_and_wrapped_keep_to_the_width(text: str, width: int) -> None:
    assert cells(fitted(text, width)) <= width
    assert all(cells(line) <= width for line in wrapped(text, width))


def test_hostile_strings_lose_their_power_but_stay_visible() -> None:
    assert clean(HOSTILE) == "?[2J?]0;x??gnp???31m???"
    assert clean("") == "???"
    assert clean("  WD  Blue ") == "WD Blue"


def test_an_isolate_cannot_be_closed_from_inside() -> None:
    assert isolated(f"a{PDI}b{FSI}c") == f"{FSI}a?b?c{PDI}"


def test_arabic_is_shaped_and_reordered() -> None:
    assert visual("جاهز", True) == "\ufeb0\ufeeb\ufe8e\ufe9f"
    assert visual("لا", True) == "\ufefb"


@pytest.mark.parametrize("word", ["القرص", "فحص", "بعض", "ليس", "فلاش", "درس"])
def test_a_final_bowl_takes_two_cells(word: str) -> None:
    shown = visual(word, True)
    assert shown[0] == TAIL
    assert shown[1] in BOWLED
    assert cells(word) == len(shown)


def test_technical_text_runs_left_to_right_inside_arabic() -> None:
    size = isolated("500 GB")
    assert "500 GB" in visual(f"القرص {size} جاهز", True)
    path = isolated("/dev/sda")
    serial = isolated("WD-12.3/4")
    shown = visual(f"القرص {serial} على {path}.", True)
    assert "WD-12.3/4" in shown
    assert "/dev/sda" in shown
    assert shown.index("/dev/sda") < shown.index("WD-12.3/4")
    assert shown.startswith("./dev/sda")


def test_an_arabic_name_inside_english_is_shaped() -> None:
    shown = visual(f"Technician: {isolated('نورة')}.", False)
    assert shown.startswith("Technician: ")
    assert shown.endswith(visual("نورة", True) + ".")


def test_punctuation_after_a_latin_term_stays_on_the_arabic_side() -> None:
    shown = visual(f"مستوى {settled('تطهير، Purge')}.", True)
    assert shown.startswith(".Purge")


def test_layout_is_mirrored_as_a_whole() -> None:
    cells_of_row = row(
        Cell("▶ ", mirror=True), Cell("ab", width=4), Cell(bar(0.5, 4), mirror=True), Cell("x")
    )
    assert plain([cells_of_row], 12, False) == ["▶ ab  ██░░x "]
    assert plain([cells_of_row], 12, True) == [" x░░██  ab ◀"]


def test_a_bar_is_full_only_when_all_is_done() -> None:
    assert bar(0.999, 10) == "█" * 9 + "░"
    assert bar(1.0, 10) == "█" * 10
    assert bar(0, 10) == "░" * 10


def test_words_of_an_isolate_are_not_broken_apart() -> None:
    lines = wrapped(f"the drive {isolated('WD Blue One')} failed", 14)
    assert lines == ["the drive", isolated("WD Blue One"), "failed"]
