"""The two languages of a template: which way it runs, and how a text in it is chosen."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Tongue:
    """A language of templates. `code`: as in `ar`; `locale`: language and country for ODF."""

    code: str
    locale: tuple[str, str]
    right_to_left: bool

    def say(self, ar: str, en: str) -> str:
        """The text in this language."""
        return ar if self.code == "ar" else en


ARABIC = Tongue(code="ar", locale=("ar", "SA"), right_to_left=True)
ENGLISH = Tongue(code="en", locale=("en", "US"), right_to_left=False)
TONGUES = (ARABIC, ENGLISH)
