"""The templates, made and opened by the real LibreOffice: they compute, and they look right.

The tree of `test-office` has LibreOffice, the family's fonts and the templates as every image
gets them, and here the family's settings of LibreOffice. Everything is typed as a person does, in
a session of the paper's language. Pictures of the filled papers go to `dist/screens/templates/`: a
person looks at them.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import re
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
from imagebuilder.templates.sheet import mark, no_number
from imagebuilder.templates.table import TEMPLATES
from imagebuilder.templates.words import ARABIC, ENGLISH, TONGUES, Tongue

SETTINGS = PROFILES / "files/family/etc/libreoffice/registry/tajdeed.xcd"
SCREENS = REPOSITORY / "dist/screens/templates"
OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
NOV_1 = "2026-11-01"
ERROR = re.compile("Err:|#[A-Z/0!?]+")
SESSIONS = {"ar": "ar_SA.UTF-8", "en": "en_US.UTF-8"}
# In place of what a paper says in its language where a number is missing
MARK, MISSING = "<mark>", "<missing>"

Cells = list[tuple[int, str, str]]
Values = dict[tuple[int, str], str | float]


def day(text: str) -> float:
    """A day as a spreadsheet counts it."""
    return (datetime.date.fromisoformat(text) - datetime.date(1899, 12, 30)).days


# What is typed into a template (sheet, cell, text), and what must then stand in the saved file.
# After a colon: what is special.
TYPED: dict[str, tuple[Cells, Values]] = {
    "bill": (
        [
            *((0, "D5", NOV_1), (0, "B9", "معجنات"), (0, "C9", "3"), (0, "D9", "45")),
            *((0, "B10", "كبسة"), (0, "C10", "2"), (0, "D10", "80"), (0, "B11", "كيكة")),
            *((0, "C11", "1"), (0, "D11", "65.5"), (0, "E22", "10.5"), (0, "E23", "15")),
            *((0, "E25", "100"), (0, "D6", "0501234567")),
        ],
        {
            (0, "B5"): "", (0, "E9"): 135, (0, "E11"): 65.5, (0, "E12"): "", (0, "E21"): 360.5,
            (0, "D5"): day(NOV_1), (0, "E24"): 365, (0, "E26"): 265, (0, "D6"): "0501234567",
        },
    ),
    "bill:no-discount": (
        [(0, "C9", "1.5"), (0, "D9", "45"), (0, "C10", "0.25"), (0, "D10", "1,080")],
        {(0, "E9"): 67.5, (0, "E10"): 270, (0, "E21"): 337.5, (0, "D22"): "", (0, "E24"): 337.5},
    ),
    "bill:share": (
        [(0, "C9", "3"), (0, "D9", "45.5"), (0, "E22", "10%"), (0, "E23", "15")],
        {(0, "E21"): 136.5, (0, "D22"): 13.65, (0, "E22"): "10%", (0, "E24"): 137.85},
    ),
    "bill:arabic-share": (
        [(0, "C9", "1"), (0, "D9", "50"), (0, "E22", "٪ 2.5")],
        {(0, "D22"): 1.25, (0, "E24"): 48.75},
    ),
    "bill:halalas": (
        [(0, "C9", "1"), (0, "D9", "60.5"), (0, "E22", "0.50")],
        {(0, "D22"): "", (0, "E24"): 60},
    ),
    "bill:words": (
        [(0, "C9", "2 كيلو"), (0, "D9", "45"), (0, "C10", "2"), (0, "D10", "80")],
        {
            (0, "E9"): MARK, (0, "E10"): 160, (0, "E21"): MISSING, (0, "E24"): MISSING,
            (0, "E26"): MISSING,
        },
    ),
    "bill:no-price": (
        [(0, "C9", "2"), (0, "C10", "2"), (0, "D10", "80")],
        {(0, "E9"): MARK, (0, "E21"): MISSING},
    ),
    "bill:words-below": (
        [(0, "C9", "1"), (0, "D9", "50"), (0, "E22", "عشرة"), (0, "E25", "50 ريال")],
        {(0, "E21"): 50, (0, "D22"): MARK, (0, "E24"): MISSING, (0, "E26"): MISSING},
    ),
    "quotation": (
        [(0, "C9", "20"), (0, "D9", "12.25"), (0, "E22", "5"), (0, "E23", "20"), (0, "E25", "25%")],
        {(0, "E21"): 245, (0, "E24"): 260, (0, "E26"): 65},
    ),
    "quotation:words": (
        [(0, "C9", "20 حبة"), (0, "D9", "12.25"), (0, "E23", "مجانًا")],
        {(0, "E9"): MARK, (0, "E21"): MISSING, (0, "E24"): MISSING, (0, "E26"): MISSING},
    ),
    "price-list": (
        [(0, "B7", "تمر"), (0, "D7", "40"), (0, "D8", "12.5"), (0, "E4", "10%")],
        {(0, "E7"): 36, (0, "E8"): 11.25, (0, "E9"): ""},
    ),
    "price-list:words": (
        [(0, "D7", "40 ريال"), (0, "D8", "12.5")],
        {(0, "E7"): MARK, (0, "E8"): 12.5, (0, "E9"): ""},
    ),
    "order-book": (
        [
            *((0, "A6", NOV_1), (0, "B6", "نورة"), (0, "C6", "0501234567"), (0, "E6", "2")),
            *((0, "F6", "80"), (0, "H6", "100")),
            *((0, "B7", "سارة"), (0, "E7", "1"), (0, "F7", "65.5"), (0, "B8", "هند")),
            *((0, "J6", "5/12/2026"), (0, "J7", "25/12/2026")),
        ],
        {
            (0, "C6"): "0501234567", (0, "G6"): 160, (0, "I6"): 60, (0, "I7"): 65.5, (0, "G8"): "",
            (0, "B2"): 3, (0, "D2"): 225.5, (0, "G2"): 100, (0, "I2"): 125.5,
        },
    ),
    "order-book:words": (
        [
            *((0, "E6", "2 كيلو"), (0, "F6", "80"), (0, "E7", "1"), (0, "F7", "65.5")),
            (0, "H7", "نقدًا"),
        ],
        {
            (0, "G6"): MARK, (0, "I6"): MARK, (0, "G7"): 65.5, (0, "I7"): MARK, (0, "B2"): 2,
            (0, "D2"): MISSING, (0, "G2"): MISSING, (0, "I2"): MISSING,
        },
    ),
    "order-book:far": (
        [
            *((0, "E6", "1.5"), (0, "F6", "80"), (0, "E520", "2"), (0, "F520", "1000")),
            *((0, "H520", "500"), (0, "E521", "1"), (0, "F521", "10"), (0, "G521", "=E521*F521")),
        ],
        {(0, "B2"): 3, (0, "D2"): 2130, (0, "G2"): 500, (0, "I2"): 1630},
    ),
    "stock": (
        [
            *((0, "A6", "دقيق"), (0, "C6", "10"), (0, "D6", "5"), (0, "E6", "12.5")),
            *((0, "G6", "5"), (0, "A7", "سكر"), (0, "C7", "8"), (0, "G7", "2")),
        ],
        {(0, "F6"): 2.5, (0, "F7"): 8, (0, "H7"): "", (0, "B2"): 1},
    ),
    "stock:words": (
        [(0, "A6", "دقيق"), (0, "C6", "10 كيلو"), (0, "G6", "5")],
        {(0, "F6"): MARK, (0, "H6"): MARK, (0, "B2"): MISSING},
    ),
    "accounts": (
        [
            *((0, "A4", NOV_1), (0, "D4", "500"), (0, "A5", "2026-11-30"), (0, "E5", "120.5")),
            *((0, "A6", "2026-12-01"), (0, "D6", "80"), (0, "A7", "2026-10-31"), (0, "D7", "1")),
        ],
        {
            (1, "B2"): 2026, (1, "B13"): 1, (1, "B14"): 500, (1, "C14"): 120.5, (1, "D14"): 379.5,
            (1, "B15"): 80, (1, "B16"): 581, (1, "C16"): 120.5, (1, "D16"): 460.5, (1, "B17"): 0,
        },
    ),
    # One of 2062, one Hijri, one in words, one without a date, one far below
    "accounts:dates": (
        [
            *((0, "A4", NOV_1), (0, "D4", "500"), (0, "A5", "2026-11-30"), (0, "E5", "120.5")),
            *((0, "A6", "2062-11-01"), (0, "D6", "1"), (0, "A7", "1/5/1448"), (0, "D7", "2")),
            *((0, "A8", "قبل العيد"), (0, "D8", "4"), (0, "E9", "8"), (0, "A800", NOV_1)),
            (0, "D800", "16"),
        ],
        {
            (1, "B2"): 2026, (1, "B14"): 516, (1, "B16"): 516, (1, "C16"): 120.5, (1, "B17"): 7,
            (1, "C17"): 8, (1, "D17"): -1,
        },
    ),
    "accounts:year": (
        [
            *((0, "A4", NOV_1), (0, "D4", "500"), (0, "A5", "2025-11-30"), (0, "D5", "20")),
            *((0, "D6", "خمسون"), (1, "B2", "2025")),
        ],
        {(1, "B2"): 2025, (1, "B14"): 20, (1, "B16"): 20, (1, "B17"): MISSING, (1, "C17"): 0},
    ),
    "customers": (
        [(0, "B5", "نورة"), (0, "B6", "سارة"), (0, "C6", "0500000000"), (0, "B300", "هند")],
        {(0, "B2"): 3, (0, "A6"): 2, (0, "A7"): "", (0, "C6"): "0500000000"},
    ),
    "labels": (
        [
            *((0, "B3", "كليجا"), (0, "B4", "دقيق، تمر، هيل"), (0, "B5", "12"), (0, "B6", NOV_1)),
            *((0, "B7", "10"), (0, "B8", "في مكان جاف"), (0, "B9", "مطبخ أم خالد 0500000000")),
        ],
        {(0, "B10"): day("2026-11-11"), (1, "A1"): "كليجا", (1, "C43"): "كليجا"},
    ),
    "labels:words": ([(0, "B6", NOV_1), (0, "B7", "10 أيام")], {(0, "B10"): MARK}),
    "flyer": ([], {}),
}  # fmt: skip

# The same in letters, where it is how they are written that matters: as in a Saudi shop.
WRITTEN: dict[str, dict[tuple[int, str], str]] = {
    "bill": {(0, "E21"): "360.50", (0, "C9"): "3", (0, "E22"): "10.5"},
    "bill:no-discount": {(0, "C9"): "1.5", (0, "C10"): "0.25", (0, "D10"): "1,080.00"},
    "bill:share": {(0, "E22"): "10%", (0, "D22"): "13.65"},
    "order-book:far": {(0, "D2"): "2,130.00", (0, "E6"): "1.5"},
    "stock": {(0, "E6"): "12.5", (0, "F6"): "2.5", (0, "F7"): "8"},
    "accounts": {(1, "B2"): "2026"},
}


def paper_of(case: str, tongue: Tongue) -> str:
    """Where in the tree the filled paper is, without its ending."""
    return f"tmp/papers/{tongue.code}-{case.replace(':', '-')}"


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The settled tree of `test-office`, with all filled papers saved in tmp/papers."""
    place = tmp_path_factory.mktemp("office") / "tree"
    profile = read_profile(PROFILES / "test-office.yaml")
    settled_tree(profile, package_layer(profile, None), place)
    shutil.copyfile(SETTINGS, place / "usr/lib/libreoffice/share/registry/tajdeed.xcd")
    papers = place / "tmp/papers"
    papers.mkdir(parents=True)
    shutil.copyfile(Path(__file__).with_name("fill_papers.py"), papers / "fill_papers.py")
    forms = {template.name: template.form for template in TEMPLATES}
    for tongue in TONGUES:
        orders = []
        for case, (typed, _) in TYPED.items():
            name = case.partition(":")[0]
            orders.append(
                {
                    "template": f"/{PLACE}/{tongue.code}/{name}.{forms[name]}",
                    "cells": typed,
                    "saved": f"/{paper_of(case, tongue)}.odf",
                    "pdf": f"/{paper_of(case, tongue)}.pdf",
                }
            )
        (papers / "orders.json").write_text(json.dumps(orders))
        words = ["python3", "/tmp/papers/fill_papers.py", "/tmp/papers/orders.json"]
        in_tree(place, ["env", f"LC_ALL={SESSIONS[tongue.code]}", *words])
    yield place
    shutil.rmtree(place)


def cells(saved: Path) -> Values:
    """Values of a saved spreadsheet by sheet and cell, as they stand in its content."""
    return {place: value(cell) for place, cell in elements(saved)}


def elements(saved: Path) -> Iterator[tuple[tuple[int, str], ElementTree.Element]]:
    """The cells of a saved spreadsheet, of rows that are repeated the first."""
    with zipfile.ZipFile(saved) as package:
        root = ElementTree.fromstring(package.read("content.xml"))
    for number, table in enumerate(root.iter(f"{TABLE}table")):
        line = 0
        for row in table.iter(f"{TABLE}table-row"):
            column = 0
            for cell in row:
                wide = int(cell.get(f"{TABLE}number-columns-repeated", 1))
                covers = cell.tag == f"{TABLE}covered-table-cell"
                if not covers and wide < 20:
                    for more in range(wide):
                        yield (number, f"{chr(ord('A') + column + more)}{line + 1}"), cell
                column += wide
            line += int(row.get(f"{TABLE}number-rows-repeated", 1))


def letters(cell: ElementTree.Element) -> str:
    """What is read in a cell."""
    return "".join("".join(text.itertext()) for text in cell.iter(f"{TEXT}p"))


def value(cell: ElementTree.Element) -> str | float:
    number = cell.get(f"{OFFICE}value")
    if number is not None:
        return float(number)
    if written := cell.get(f"{OFFICE}date-value"):
        return day(written[:10])
    return letters(cell)


@pytest.mark.full
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("tongue", TONGUES, ids=lambda tongue: tongue.code)
@pytest.mark.parametrize("case", [case for case, (typed, _) in TYPED.items() if typed])
def test_what_it_works_out_stands_in_the_saved_file(tree: Path, case: str, tongue: Tongue) -> None:
    said = {MARK: mark(tongue), MISSING: no_number(tongue)}
    expected = {
        place: said.get(what, what) if isinstance(what, str) else what
        for place, what in TYPED[case][1].items()
    }
    found = cells(tree / f"{paper_of(case, tongue)}.odf")
    assert {place: found.get(place) for place in expected} == expected
    assert not [text for text in found.values() if isinstance(text, str) and ERROR.search(text)]


@pytest.mark.full
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("tongue", TONGUES, ids=lambda tongue: tongue.code)
@pytest.mark.parametrize("case", WRITTEN)
def test_numbers_are_written_as_in_a_saudi_shop(tree: Path, case: str, tongue: Tongue) -> None:
    found = {
        place: letters(cell) for place, cell in elements(tree / f"{paper_of(case, tongue)}.odf")
    }
    assert {place: found[place] for place in WRITTEN[case]} == WRITTEN[case]


@pytest.mark.full
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    ("tongue", "place", "meant", "written"),
    [
        (ARABIC, "J6", "2026-12-05", "05/12/2026"),
        (ARABIC, "J7", "2026-12-25", "25/12/2026"),
        # Where LibreOffice has no DateAcceptancePatterns, it reads 5/12 in an English session as in
        # May, whatever the cell says: not asserted.
        (ENGLISH, "J6", "2026-12-05", "05 Dec 2026"),
        (ENGLISH, "J7", "2026-12-25", "25 Dec 2026"),
    ],
)
def test_a_day_is_typed_before_its_month(
    tree: Path, tongue: Tongue, place: str, meant: str, written: str
) -> None:
    found = dict(elements(tree / f"{paper_of('order-book', tongue)}.odf"))
    assert (value(found[0, place]), letters(found[0, place])) == (day(meant), written)


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
    # A discount is in the Latin face, for its sign of per cent; words there are in another.
    cases = [case for case in TYPED if case not in ("bill:arabic-share", "bill:words-below")]
    for name in (paper_of(case, tongue) for case in cases for tongue in TONGUES):
        paper = f"/{name}.pdf"
        listed = in_tree(tree, ["pdffonts", paper]).splitlines()[2:]
        fonts = {line.split()[0].partition("+")[2].partition("-")[0] for line in listed}
        if more := fonts - {"NotoSans", "NotoNaskhArabic"}:
            others[name] = more
        in_tree(tree, ["pdftoppm", "-png", "-r", "60", "-l", "2", paper, f"/{name}"])
    for picture in (tree / "tmp/papers").glob("*.png"):
        shutil.copyfile(picture, SCREENS / picture.name)
    assert others == {}
