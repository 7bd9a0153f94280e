"""The templates' sources: whole documents in both languages, mirrored, never tied to a day."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import pytest

from imagebuilder.templates.making import settle
from imagebuilder.templates.sheet import Book, Sheet, cell, flat_odf, row
from imagebuilder.templates.table import TEMPLATES, Template
from imagebuilder.templates.words import ARABIC, ENGLISH, TONGUES, Tongue, day_text

STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
both = pytest.mark.parametrize("tongue", TONGUES, ids=lambda tongue: tongue.code)
each = pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.name)


def words_of(root: ElementTree.Element) -> list[str]:
    return ["".join(text.itertext()) for text in root.iter(f"{TEXT}p")]


@both
@each
def test_a_template_is_whole_and_runs_its_language_s_way(
    template: Template, tongue: Tongue
) -> None:
    root = ElementTree.fromstring(template.source(tongue))
    modes = {item.get(f"{STYLE}writing-mode") for item in root.iter()} - {None}
    assert modes == {"rl-tb" if tongue.right_to_left else "lr-tb"}
    columns = [
        len(list(table.iter(f"{TABLE}table-column"))) for table in root.iter(f"{TABLE}table")
    ]
    assert all(columns)
    arabic = re.compile("[\u0621-\u064a]")
    for text in words_of(root):
        if re.search("[A-Za-z\u0621-\u064a]", text) and "05xx" not in text:
            assert bool(arabic.search(text)) == (tongue is ARABIC), text


@both
@each
def test_nothing_depends_on_the_day(template: Template, tongue: Tongue) -> None:
    assert not re.search(r"TODAY|NOW\(|RAND", template.source(tongue))


@both
@pytest.mark.parametrize("name", ["bill", "quotation"])
def test_no_tax_stands_on_a_paper_and_one_sentence_says_why(name: str, tongue: Tongue) -> None:
    (template,) = (template for template in TEMPLATES if template.name == name)
    texts = words_of(ElementTree.fromstring(template.source(tongue)))
    tax = [text for text in texts if re.search("ضريب|VAT|[Tt]ax", text)]
    assert len(tax) == 1
    assert re.search("غير مسجَّل|not registered", tax[0])


def test_every_template_has_a_name_in_both_languages() -> None:
    assert len({template.name for template in TEMPLATES}) == len(TEMPLATES) == 9
    assert all(re.search("[\u0621-\u064a]", template.ar) for template in TEMPLATES)


def test_a_row_wider_than_its_sheet_is_a_mistake() -> None:
    sheet = Sheet(name="x", widths_mm=(10, 10), rows=(row(cell("text"), cell("text", span=2)),))
    with pytest.raises(ValueError, match="3 columns in a sheet of 2"):
        flat_odf(Book(tongue=ENGLISH, title="x", sheets=(sheet,)))


def test_rows_that_are_the_same_stand_once_in_the_file_and_all_of_them_print() -> None:
    sheet = Sheet(
        name="x", widths_mm=(10,), rows=(row(cell("head", "a")), row(cell("text"), times=9))
    )
    root = ElementTree.fromstring(flat_odf(Book(tongue=ENGLISH, title="x", sheets=(sheet,))))
    rows = [item.get(f"{TABLE}number-rows-repeated") for item in root.iter(f"{TABLE}table-row")]
    assert rows == [None, "9"]
    (table,) = root.iter(f"{TABLE}table")
    assert table.get(f"{TABLE}print-ranges") == "$'x'.$A$1:$'x'.$A$10"


def test_texts_are_text_whatever_stands_in_them() -> None:
    sheet = Sheet(name="<a>&'b'", widths_mm=(10,), rows=(row(cell("text", '<b> & "c"')),))
    root = ElementTree.fromstring(flat_odf(Book(tongue=ENGLISH, title="<&>", sheets=(sheet,))))
    assert words_of(root) == ['<b> & "c"']


def test_a_package_settles_to_the_same_bytes(tmp_path: Path) -> None:
    """Order, times, thumbnails and who-made-it-when do not matter; content does."""

    def package(name: str, day: str, *, turned: bool, content: bytes = b"<c/>") -> bytes:
        members = {
            "mimetype": b"application/vnd.oasis.opendocument.spreadsheet-template",
            "content.xml": content,
            "settings.xml": b'<c><config:config-item config:name="Rsid" config:type="int">'
            + day[-2:].encode()
            + b"</config:config-item></c>",
            "meta.xml": f"<m><meta:creation-date>{day}</meta:creation-date></m>".encode(),
            "Thumbnails/thumbnail.png": day.encode(),
            "META-INF/manifest.xml": b'<m><manifest:file-entry manifest:full-path="content.xml"/>'
            b'<manifest:file-entry manifest:full-path="Thumbnails/thumbnail.png"/></m>',
        }
        source, target = tmp_path / f"{name}.in", tmp_path / f"{name}.out"
        with zipfile.ZipFile(source, "w") as writing:
            for member in sorted(members, reverse=turned):
                writing.writestr(member, members[member])
        settle(source, target, 1795535712)
        return target.read_bytes()

    first = package("a", "2026-11-24", turned=False)
    assert first == package("b", "2027-01-01", turned=True)
    assert first != package("c", "2026-11-24", turned=False, content=b"<d/>")
    with zipfile.ZipFile(tmp_path / "a.out") as reading:
        assert reading.infolist()[0].filename == "mimetype"
        assert reading.infolist()[0].compress_type == zipfile.ZIP_STORED
        assert b"Thumbnails" not in reading.read("META-INF/manifest.xml")


def test_a_day_is_written_as_people_do() -> None:
    assert day_text("2030-06-30", ARABIC) == "30 يونيو 2030"
    assert day_text("2030-06-30", ENGLISH) == "30 June 2030"
