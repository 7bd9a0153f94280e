"""The templates, made and opened by the real LibreOffice: they compute, and they look right.

The tree of `test-office` has LibreOffice, the family's fonts and the templates as every image
gets them. Pictures of the filled papers go to `dist/screens/templates/`: a person looks at them.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from imagebuilder.images.build import PROFILES, REPOSITORY
from imagebuilder.images.chroot import in_tree
from imagebuilder.images.layer import package_layer
from imagebuilder.images.profile import read_profile
from imagebuilder.images.tree import settled_tree
from imagebuilder.templates.making import PLACE, make_templates
from imagebuilder.templates.table import TEMPLATES
from imagebuilder.templates.words import TONGUES, Tongue

SCREENS = REPOSITORY / "dist/screens/templates"
OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
# Days as a spreadsheet counts them: 1 November 2026 and after
NOV_1 = 46327

Cells = list[tuple[int, str, str | float]]

# What is typed into a template (sheet, cell, value), and what must then stand in the saved file.
TYPED: dict[str, tuple[Cells, dict[tuple[int, str], str | float]]] = {
    "bill": (
        [
            *((0, "D5", NOV_1), (0, "B9", "معجنات"), (0, "C9", 3), (0, "D9", 45)),
            *((0, "B10", "كبسة"), (0, "C10", 2), (0, "D10", 80), (0, "B11", "كيكة")),
            *((0, "C11", 1), (0, "D11", 65.5), (0, "E22", 10.5), (0, "E23", 15), (0, "E25", 100)),
        ],
        {
            (0, "E9"): 135, (0, "E11"): 65.5, (0, "E12"): "", (0, "E21"): 360.5,
            (0, "D5"): NOV_1, (0, "E24"): 365, (0, "E26"): 265,
        },
    ),
    "quotation": (
        [(0, "C9", 20), (0, "D9", 12.25), (0, "E22", 5), (0, "E23", 20), (0, "E25", 0.25)],
        {(0, "E21"): 245, (0, "E24"): 260, (0, "E26"): 65},
    ),
    "price-list": (
        [(0, "B7", "تمر"), (0, "D7", 40), (0, "D8", 12.5), (0, "E4", 0.1)],
        {(0, "E7"): 36, (0, "E8"): 11.25, (0, "E9"): ""},
    ),
    "order-book": (
        [
            *((0, "A6", NOV_1), (0, "B6", "نورة"), (0, "E6", 2), (0, "F6", 80), (0, "H6", 100)),
            *((0, "B7", "سارة"), (0, "E7", 1), (0, "F7", 65.5)),
        ],
        {
            (0, "G6"): 160, (0, "I6"): 60, (0, "I7"): 65.5, (0, "B2"): 2, (0, "D2"): 225.5,
            (0, "G2"): 100, (0, "I2"): 125.5,
        },
    ),
    "stock": (
        [
            *((0, "A6", "دقيق"), (0, "C6", 10), (0, "D6", 5), (0, "E6", 12), (0, "G6", 5)),
            *((0, "A7", "سكر"), (0, "C7", 8), (0, "G7", 2)),
        ],
        {(0, "F6"): 3, (0, "F7"): 8, (0, "H7"): "", (0, "B2"): 1},
    ),
    "accounts": (
        [
            *((0, "A4", NOV_1), (0, "D4", 500), (0, "A5", NOV_1 + 29), (0, "E5", 120.5)),
            *((0, "A6", NOV_1 + 30), (0, "D6", 80), (0, "A7", NOV_1 - 1), (0, "D7", 1)),
        ],
        {
            (1, "B2"): 2026, (1, "B13"): 1, (1, "B14"): 500, (1, "C14"): 120.5, (1, "D14"): 379.5,
            (1, "B15"): 80, (1, "B16"): 581, (1, "C16"): 120.5, (1, "D16"): 460.5,
        },
    ),
    "customers": (
        [(0, "B5", "نورة"), (0, "B6", "سارة"), (0, "C6", "0500000000")],
        {(0, "B2"): 2, (0, "A6"): 2, (0, "A7"): ""},
    ),
    "labels": (
        [
            *((0, "B3", "كليجا"), (0, "B4", "دقيق، تمر، هيل"), (0, "B5", "12"), (0, "B6", NOV_1)),
            *((0, "B7", 10), (0, "B8", "في مكان جاف"), (0, "B9", "مطبخ أم خالد 0500000000")),
        ],
        {(0, "B10"): NOV_1 + 10, (1, "A1"): "كليجا", (1, "C43"): "كليجا"},
    ),
    "flyer": ([], {}),
}  # fmt: skip


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The settled tree of `test-office`, with all filled papers saved in tmp/papers."""
    place = tmp_path_factory.mktemp("office") / "tree"
    profile = read_profile(PROFILES / "test-office.yaml")
    settled_tree(profile, package_layer(profile, None), place)
    papers = place / "tmp/papers"
    papers.mkdir(parents=True)
    shutil.copyfile(Path(__file__).with_name("fill_papers.py"), papers / "fill_papers.py")
    orders = [
        {
            "template": f"/{PLACE}/{tongue.code}/{template.name}.{template.form}",
            "cells": TYPED[template.name][0],
            "saved": f"/tmp/papers/{tongue.code}-{template.name}.odf",
            "pdf": f"/tmp/papers/{tongue.code}-{template.name}.pdf",
        }
        for template in TEMPLATES
        for tongue in TONGUES
    ]
    (papers / "orders.json").write_text(json.dumps(orders))
    in_tree(place, ["python3", "/tmp/papers/fill_papers.py", "/tmp/papers/orders.json"])
    yield place
    shutil.rmtree(place)


def cells(saved: Path) -> dict[tuple[int, str], str | float]:
    """Values of a saved spreadsheet by sheet and cell, as they stand in its content."""
    with zipfile.ZipFile(saved) as package:
        root = ElementTree.fromstring(package.read("content.xml"))
    found: dict[tuple[int, str], str | float] = {}
    for number, table in enumerate(root.iter(f"{TABLE}table")):
        line = 0
        for row in table.iter(f"{TABLE}table-row"):
            repeated = int(row.get(f"{TABLE}number-rows-repeated", 1))
            column = 0
            for cell in row:
                wide = int(cell.get(f"{TABLE}number-columns-repeated", 1))
                if cell.tag == f"{TABLE}table-cell" and wide < 20:
                    for more in range(wide):
                        place = f"{chr(ord('A') + column + more)}{line + 1}"
                        found[number, place] = value(cell)
                column += wide
            line += repeated
    return found


def value(cell: ElementTree.Element) -> str | float:
    number = cell.get(f"{OFFICE}value")
    if number is not None:
        return float(number)
    if day := cell.get(f"{OFFICE}date-value"):
        return (datetime.date.fromisoformat(day[:10]) - datetime.date(1899, 12, 30)).days
    return "".join("".join(text.itertext()) for text in cell.iter(f"{TEXT}p"))


@pytest.mark.full
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("tongue", TONGUES, ids=lambda tongue: tongue.code)
@pytest.mark.parametrize("name", [name for name, (typed, _) in TYPED.items() if typed])
def test_what_it_works_out_stands_in_the_saved_file(tree: Path, name: str, tongue: Tongue) -> None:
    _, expected = TYPED[name]
    found = cells(tree / f"tmp/papers/{tongue.code}-{name}.odf")
    assert {place: found.get(place) for place in expected} == expected
    assert not [text for text in found.values() if isinstance(text, str) and "Err:" in text]


@pytest.mark.full
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("tongue", TONGUES, ids=lambda tongue: tongue.code)
def test_money_is_written_as_in_a_saudi_shop(tree: Path, tongue: Tongue) -> None:
    with zipfile.ZipFile(tree / f"tmp/papers/{tongue.code}-bill.odf") as package:
        root = ElementTree.fromstring(package.read("content.xml"))
    written = {
        "".join(cell.itertext())
        for cell in root.iter(f"{TABLE}table-cell")
        if cell.get(f"{OFFICE}value") == "360.5"
    }
    assert written == {"360.50"}


@pytest.mark.full
@pytest.mark.timeout(1800)
def test_the_same_sources_give_the_same_bytes(tree: Path) -> None:
    def digests() -> dict[str, str]:
        return {
            str(path.relative_to(tree)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted((tree / PLACE).rglob("*.ot?"))
        }

    first = digests()
    assert len(first) == len(TEMPLATES) * len(TONGUES)
    make_templates(tree, 1795535712)
    again = digests()
    make_templates(tree, 1795535712)
    assert digests() == again


@pytest.mark.full
@pytest.mark.timeout(1800)
def test_papers_print_in_the_fonts_that_ship(tree: Path) -> None:
    """Also makes the pictures for a person to look at: connected letters, direction, no boxes."""
    SCREENS.mkdir(parents=True, exist_ok=True)
    others: dict[str, set[str]] = {}
    for name in (f"{tongue.code}-{item.name}" for item in TEMPLATES for tongue in TONGUES):
        paper = f"/tmp/papers/{name}.pdf"
        listed = in_tree(tree, ["pdffonts", paper]).splitlines()[2:]
        fonts = {line.split()[0].partition("+")[2].partition("-")[0] for line in listed}
        if more := fonts - {"NotoSans", "NotoNaskhArabic"}:
            others[name] = more
        in_tree(tree, ["pdftoppm", "-png", "-r", "60", "-l", "2", paper, f"/tmp/papers/{name}"])
    for picture in (tree / "tmp/papers").glob("*.png"):
        shutil.copyfile(picture, SCREENS / picture.name)
    assert others == {}
