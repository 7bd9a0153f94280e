"""The two languages of a template: which way it runs, and how a text in it is chosen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class Tongue:
    """A language of templates. `code`: as in `ar`; `locale`: language and country for ODF.

    `dates`: the language and country by whose habits dates are written.
    """

    code: str
    locale: tuple[str, str]
    dates: tuple[str, str]
    right_to_left: bool

    def say(self, ar: str, en: str) -> str:
        """The text in this language."""
        return ar if self.code == "ar" else en


ARABIC = Tongue(code="ar", locale=("ar", "SA"), dates=("ar", "SA"), right_to_left=True)
# Days come before months in Saudi Arabia, whatever the language.
ENGLISH = Tongue(code="en", locale=("en", "US"), dates=("en", "GB"), right_to_left=False)
TONGUES = (ARABIC, ENGLISH)
MONTHS = (
    ("يناير", "January"),
    ("فبراير", "February"),
    ("مارس", "March"),
    ("أبريل", "April"),
    ("مايو", "May"),
    ("يونيو", "June"),
    ("يوليو", "July"),
    ("أغسطس", "August"),
    ("سبتمبر", "September"),
    ("أكتوبر", "October"),
    ("نوفمبر", "November"),
    ("ديسمبر", "December"),
)


def day_text(day: str, tongue: Tongue) -> str:
    """An ISO date as people write it: `30 June 2030`."""
    parsed = date.fromisoformat(day)
    return f"{parsed.day} {tongue.say(*MONTHS[parsed.month - 1])} {parsed.year}"
