"""The texts of the server's pages and of the paper are in their catalogues, none beside them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from tests.unit.test_catalogues import LOCALE, ROOT, domain_of, marked_texts

TEMPLATES = {
    "central": (ROOT / "appliance/central/templates", r'\b_\("((?:[^"\\]|\\.)*)"\)'),
    "statement": (ROOT / "appliance/statement/paper", r'\bboth\("((?:[^"\\]|\\.)*)"\)'),
}
# Heads of a table, looped over in the template.
LOOPED = {"statement": {"Drive", "Method", "Verification", "Level", "Outcome"}, "central": set()}


def templated(domain: str) -> set[str]:
    directory, pattern = TEMPLATES[domain]
    found = {
        text for file in directory.glob("*.html") for text in re.findall(pattern, file.read_text())
    }
    return found | LOOPED[domain]


def in_code(domain: str) -> set[str]:
    sources = (ROOT / "appliance").rglob("*.py")
    return {text for file in sources if domain_of(file) == domain for text in marked_texts(file)}


@pytest.mark.parametrize("language", ["ar", "en"])
@pytest.mark.parametrize("domain", ["central", "statement"])
def test_catalogues_hold_exactly_what_is_said(domain: str, language: str) -> None:
    file: Path = LOCALE / language / "LC_MESSAGES" / f"{domain}.po"
    with file.open("rb") as stream:
        catalogue = read_po(stream, locale=language)
    known = {m.id if isinstance(m.id, str) else m.id[0] for m in catalogue if m.id}
    wanted = templated(domain) | in_code(domain)
    assert len(wanted) > 40
    assert known == wanted
