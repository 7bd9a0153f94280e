"""What the demo sees of the assistant before it presses a key, and what it then presses."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from familypc.firstboot.answers import PAGES as ASSISTANTS_PAGES
from familypc.firstboot.measures import MEASURES, style
from imagebuilder.demo.desktop import Account, accounts, has_board
from imagebuilder.demo.firststart import PAGES, Family, has_words, steps_shown
from imagebuilder.vm.keys import key_presses

ROOT = Path(__file__).parents[2]
PAPER, GONE, TO_COME = "#f4f1ea", "#1f6f5c", "#d9d3c5"


def page(
    path: Path, gone: int, *, right: bool = True, words: bool = True, foot: bool = True
) -> Path:
    """A page as the assistant draws it: fields along the upper edge, words, buttons."""
    image = Image.new("RGB", (1280, 800), PAPER)
    draw = ImageDraw.Draw(image)
    for place in range(6):
        number = 6 - place if right else place + 1
        left = place * 1280 // 6
        colour = GONE if number <= gone else TO_COME
        draw.rectangle((left, 0, left + 1280 // 6 - 3, 7), fill=colour)
    if words:
        draw.rectangle((700, 200, 1000, 230), fill=GONE)
    if foot:
        draw.rectangle((280, 700, 380, 740), fill=GONE)
    image.save(path)
    return path


@pytest.mark.parametrize("right", [True, False], ids=["arabic", "english"])
@pytest.mark.parametrize("gone", [1, 3, 6])
def test_the_bar_tells_which_page_stands_there(tmp_path: Path, gone: int, right: bool) -> None:
    assert steps_shown(page(tmp_path / "page.png", gone, right=right)) == (gone, 6)


@pytest.mark.parametrize("colour", ["black", PAPER, "white"])
def test_a_screen_without_the_assistant_has_no_steps(tmp_path: Path, colour: str) -> None:
    Image.new("RGB", (1280, 800), colour).save(tmp_path / "screen.png")
    assert steps_shown(tmp_path / "screen.png") == (0, 0)


def test_a_page_that_is_only_half_drawn_is_not_answered(tmp_path: Path) -> None:
    assert has_words(page(tmp_path / "whole.png", 1))
    assert not has_words(page(tmp_path / "wordless.png", 1, words=False))
    assert not has_words(page(tmp_path / "footless.png", 1, foot=False))


def test_the_demo_knows_the_assistants_pages_and_colours() -> None:
    assert tuple(each.value for each in ASSISTANTS_PAGES) == PAGES
    for row in MEASURES:
        assert all(colour in style(row) for colour in (PAPER, GONE, TO_COME))
        # The bar is read in its third line.
        assert row.step > 2


def test_a_desktop_without_the_familys_tasks_is_not_pictured(tmp_path: Path) -> None:
    image = Image.new("RGB", (1280, 800), "#5fa3aa")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 760, 1280, 800), fill="#1b1b1b")
    bare, whole = tmp_path / "bare.png", tmp_path / "whole.png"
    image.save(bare)
    for place in range(12):
        left, top = 40 + place % 4 * 272, 50 + place // 4 * 226
        draw.rectangle((left, top, left + 255, top + 208), fill="#fbf9f4")
    image.save(whole)
    assert has_board(whole)
    assert not has_board(bare)
    assert "#fbf9f4" in (ROOT / "profiles/familypc/tasks/board.py").read_text()


def test_a_name_is_typed_in_its_own_letters() -> None:
    assert Family(name="نورة العتيبي", password="x").letters == "ara"
    assert Family(name="Noura", password="x").letters == "us"
    assert key_presses("نورة", "ara") == ["k", "comma", "v", "m"]
    assert key_presses("أم خ", "ara") == ["shift-h", "l", "spc", "o"]
    with pytest.raises(KeyError):
        key_presses("نNoura", "ara")


def test_accounts_are_those_of_people() -> None:
    told = (
        "@account root:x:0:0:root:/root:/bin/bash\r\n"
        "@account nwra:x:1000:1000:نورة العتيبي:/home/nwra:/bin/bash\r\n"
        "@account shop:x:1001:1001:Shop,,,:/home/shop:/bin/sh\r\n"
    )
    assert accounts(told) == (
        Account(login="nwra", full_name="نورة العتيبي"),
        Account(login="shop", full_name="Shop"),
    )
