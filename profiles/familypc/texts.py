"""Texts by gettext: each program of a family's PC has a table of them, key to English text.

The catalogues lie in `locale/LANG/LC_MESSAGES/familypc.po`; the build compiles them into the image.
A text's context there is its program and its key ("backup-why" of the tasks: `tasks/backup-why`),
so that equal English words may be said differently. tests/unit/test_familypc_words.py compares the
catalogues with the tables.
"""

from __future__ import annotations

import functools
import gettext
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

DOMAIN = "familypc"
LOCALE_DIR = Path(__file__).parent / "locale"


class Counted(NamedTuple):
    """A text that depends on how many there are; Arabic has six forms.

    `by`: the fact that counts.
    """

    one: str
    many: str
    by: str


Row = str | Counted


class Texts:
    """The texts of one program, in Arabic (`ar`) and English (`en`)."""

    def __init__(self, program: str, rows: Mapping[str, Row]) -> None:
        self._program = program
        self._rows = dict(rows)

    def say(self, language: str, key: str, **facts: str | int) -> str:
        """The text of that key in `ar` or `en`, with the facts put in."""
        row = self._rows[key]
        count = int(facts[row.by]) if isinstance(row, Counted) else 0
        return self._template(language, key, count).format(**facts)

    def both(self, key: str) -> tuple[str, str]:
        """The Arabic and the English text of a key, the facts not put in (for none, if counted)."""
        return self._template("ar", key, 0), self._template("en", key, 0)

    def keys(self) -> frozenset[str]:
        """All keys that have a text."""
        return frozenset(self._rows)

    def rows(self) -> Iterator[tuple[str, Row]]:
        """Context and row of each text, as the catalogues have them."""
        for key, row in self._rows.items():
            yield self._context(key), row

    def _context(self, key: str) -> str:
        return f"{self._program}/{key}"

    def _template(self, language: str, key: str, count: int) -> str:
        row, context, found = self._rows[key], self._context(key), catalogue(language)
        if isinstance(row, Counted):
            return found.npgettext(context, row.one, row.many, count)
        return found.pgettext(context, row)


@functools.cache
def catalogue(language: str) -> gettext.NullTranslations:
    """The texts of all programs in that language."""
    # Without its catalogue a program still speaks: English.
    return gettext.translation(DOMAIN, LOCALE_DIR, languages=[language], fallback=True)
