"""Both languages are complete: every text that the code marks, all six Arabic forms."""

from __future__ import annotations

import ast
import string
from gettext import c2py
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parents[2]
LOCALE = ROOT / "appliance" / "locale"
FAMILY_LOCALE = ROOT / "profiles/familypc/locale"
PO_FILES = sorted(
    file for locale in (LOCALE, FAMILY_LOCALE) for file in locale.glob("*/LC_MESSAGES/*.po")
)
# Packages whose texts stand in a catalogue of their own.
DOMAINS = {("central",): "central", ("statement", "paper"): "statement"}


def marked_texts(source: Path) -> set[str]:
    """The literal texts that a module marks, inside f-strings too."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source.read_text())):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else None
        if name in ("_", "N_", "ngettext"):
            first = node.args[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                found.add(first.value)
    return found


def fields(text: str) -> set[str]:
    """The `{fact}` fields of a template."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def key_of(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def forms_of(message: Message) -> list[str]:
    """The translation, or its plural forms; an untranslated text is one empty form."""
    if isinstance(message.string, str):
        return [message.string]
    return list(message.string or [""])


def domain_of(source: Path) -> str:
    parts = source.relative_to(ROOT / "appliance").parts
    found = (name for place, name in DOMAINS.items() if parts[: len(place)] == place)
    return next(found, "tajdeed")


@pytest.mark.parametrize("language", ["ar", "en"])
def test_every_marked_text_is_in_the_catalogue(language: str) -> None:
    wanted: dict[str, set[str]] = {}
    for source in (ROOT / "appliance").rglob("*.py"):
        wanted.setdefault(domain_of(source), set()).update(marked_texts(source))
    for domain, texts in wanted.items():
        if not texts:
            continue
        file = LOCALE / language / "LC_MESSAGES" / f"{domain}.po"
        with file.open("rb") as stream:
            catalogue = read_po(stream, locale=language)
        missing = {text for text in texts if text and catalogue.get(text) is None}
        assert not missing, f"{file.name} ({language}) lacks texts"


@pytest.mark.parametrize("file", PO_FILES, ids=lambda f: f"{f.parts[-3]}-{f.stem}")
def test_catalogue_is_complete(file: Path) -> None:
    language = file.parts[-3]
    with file.open("rb") as stream:
        catalogue = read_po(stream, locale=language, abort_invalid=True)
    assert catalogue.num_plurals == {"ar": 6, "en": 2}[language]
    for message in catalogue:
        key = key_of(message)
        if not key:
            continue
        forms = forms_of(message)
        assert not message.fuzzy, key
        assert len(forms) == (catalogue.num_plurals if message.pluralizable else 1), key
        assert all(forms), f"{key} is not translated"
        allowed = fields(key if isinstance(message.id, str) else "".join(message.id))
        # A form for none, one or two may spell its number as a word; all others name all facts.
        for number, form in enumerate(forms):
            assert fields(form) <= allowed, f"{key}: {form}"
            spelled = message.pluralizable and (number <= 2 if language == "ar" else number == 0)
            if not spelled:
                assert fields(form) == allowed, f"{key}: {form}"


@pytest.mark.parametrize(
    ("count", "form"), [(0, 0), (1, 1), (2, 2), (3, 3), (10, 3), (11, 4), (99, 4), (100, 5)]
)
def test_arabic_plural_forms_follow_the_language(count: int, form: int) -> None:
    for file in PO_FILES:
        if file.parts[-3] == "ar":
            with file.open("rb") as stream:
                catalogue = read_po(stream, locale="ar")
            chosen = _plural(catalogue.plural_expr, count)
            assert chosen == form, file


def _plural(expression: str, n: int) -> int:
    return int(c2py(expression)(n))


def test_arabic_is_arabic() -> None:
    """No text was left in English by mistake: each has Arabic letters, or no words at all."""
    for file in PO_FILES:
        if file.parts[-3] != "ar":
            continue
        with file.open("rb") as stream:
            for message in read_po(stream, locale="ar"):
                key = key_of(message)
                words = any(c.isalpha() for c in string.Formatter().vformat(key, (), _Blank()))
                if key and words:
                    assert all(
                        any("\u0600" <= c <= "\u06ff" for c in f) for f in forms_of(message)
                    ), key


class _Blank(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return ""
