"""The texts of a family's PC: catalogues hold exactly what programs say, and count rightly."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from familypc import texts
from familypc.firstboot import words as assistant
from familypc.tasks import newgroup, table
from familypc.tasks import words as tasks
from familypc.wayback import words as wayback
from imagebuilder.images.tree import family_package

PROGRAMS = (assistant.TEXTS, tasks.TEXTS, table.TEXTS, newgroup.TEXTS, wayback.TEXTS)


@pytest.mark.parametrize("language", ["ar", "en"])
def test_catalogues_hold_exactly_what_is_said(language: str) -> None:
    said = {
        (context, row if isinstance(row, str) else (row.one, row.many))
        for program in PROGRAMS
        for context, row in program.rows()
    }
    file = texts.LOCALE_DIR / language / "LC_MESSAGES" / f"{texts.DOMAIN}.po"
    with file.open("rb") as stream:
        known = {
            (message.context, message.id if isinstance(message.id, str) else tuple(message.id))
            for message in read_po(stream, locale=language)
            if message.id
        }
    assert known == said


@pytest.mark.parametrize(
    ("pages", "said"),
    [
        (1, "ورقة مصوّرة واحدة"),
        (2, "ورقتان مصوّرتان"),
        (3, "3 أوراق مصوّرة"),
        (10, "10 أوراق مصوّرة"),
        (11, "11 ورقة مصوّرة"),
        (100, "100 ورقة مصوّرة"),
    ],
)
def test_arabic_counts_as_it_is_spoken(pages: int, said: str) -> None:
    assert tasks.say("ar", "scan-pages", pages=pages) == said


def test_english_has_one_and_many() -> None:
    assert tasks.say("en", "restore-same", files=1) == "The one file on the stick is on the PC."
    assert tasks.say("en", "restore-same", files=2) == "All 2 files on the stick are on the PC."


def test_the_image_gets_its_texts_compiled_and_no_sources_of_them(tmp_path: Path) -> None:
    family_package(tmp_path, [])
    locale = tmp_path / "usr/lib/python3/dist-packages/familypc/locale"
    found = {str(path.relative_to(locale)) for path in locale.rglob("*") if path.is_file()}
    assert found == {f"{language}/LC_MESSAGES/familypc.mo" for language in ("ar", "en")}


def test_without_its_catalogue_a_program_speaks_english(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(texts.LOCALE_DIR / "en", tmp_path / "en")
    monkeypatch.setattr(texts, "LOCALE_DIR", tmp_path)
    texts.catalogue.cache_clear()
    try:
        assert assistant.say("ar", "next") == "Next"
    finally:
        texts.catalogue.cache_clear()
