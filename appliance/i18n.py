"""Gettext for every text that a person reads, in Arabic and English as equals.

Catalogues lie in `appliance/locale/LANG/LC_MESSAGES/DOMAIN.mo` (compiled by the build).
A face sets one language for its process with `use`; paper that carries both languages
asks for a `Translator` of each. A missing catalogue is an error in the product's tests,
and English text on the screen rather than a crash at the machine.
"""

from __future__ import annotations

import functools
import gettext as _gettext
from pathlib import Path

LANGUAGES = ("ar", "en")
LOCALE_DIR = Path(__file__).parent / "locale"

_language = "ar"


def N_(message: str) -> str:
    """Mark a text for the catalogues where it stands in a table; translate it later."""
    return message


class Translator:
    """The texts of one domain in one language."""

    def __init__(self, language: str, domain: str = "tajdeed") -> None:
        self.language = language
        self._catalogue = _gettext.translation(
            domain, LOCALE_DIR, languages=[language], fallback=True
        )

    def __call__(self, message: str) -> str:
        # gettext("") is the catalogue's header, never a text.
        return self._catalogue.gettext(message) if message else ""

    def plural(self, one: str, many: str, count: int) -> str:
        """The form for `count`; Arabic has six."""
        return self._catalogue.ngettext(one, many, count)


@functools.cache
def translator(language: str, domain: str = "tajdeed") -> Translator:
    """The translator for a language ("ar" or "en"); ValueError for any other."""
    if language not in LANGUAGES:
        raise ValueError(f"no such language: {language}")
    return Translator(language, domain)


def use(language: str) -> None:
    """Set the language of this process's texts."""
    global _language
    translator(language)
    _language = language


def language() -> str:
    """The language of this process's texts."""
    return _language


def _(message: str) -> str:
    return translator(_language)(message)


def ngettext(one: str, many: str, count: int) -> str:
    """The plural form for `count` in the language of this process."""
    return translator(_language).plural(one, many, count)
