"""The assistant's pages in their order, what has been answered, and what still stands in the way.

Pure: no screen, no services. The window shows what this says, and `applying` takes the answers
only when `problem` finds none on any page.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from dataclasses import dataclass, replace
from enum import Enum

from familypc.firstboot.loginname import login_name
from familypc.firstboot.password import password_problem

_NAME_LIMIT = 60


class Page(Enum):
    """The pages in the order in which they are shown."""

    LANGUAGE = "language"
    KEYBOARD = "keyboard"
    NETWORK = "network"
    ACCOUNT = "account"
    TIME = "time"
    READY = "ready"


PAGES = tuple(Page)
LANGUAGES = {"ar": "ar_SA.UTF-8", "en": "en_US.UTF-8"}
# Layouts of XKB; both are always there, the first one is what one begins to type in.
LAYOUTS = {"us-ara": ("us", "ara"), "ara-us": ("ara", "us")}
# What a password is typed in, here and at the log-in.
LATIN = ("us",)
# What Gulf families need; all others are in the settings of the desktop.
ZONES = (
    "Asia/Riyadh",
    "Asia/Dubai",
    "Asia/Kuwait",
    "Asia/Bahrain",
    "Asia/Qatar",
    "Asia/Muscat",
    "Asia/Aden",
    "Asia/Amman",
    "Africa/Cairo",
    "Africa/Khartoum",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What the family has answered so far. `network`: the name of the Wi-Fi joined, or empty."""

    language: str = "ar"
    layout: str = "us-ara"
    network: str = ""
    metered: bool = False
    full_name: str = ""
    password: str = ""
    again: str = ""
    zone: str = "Asia/Riyadh"

    def __repr__(self) -> str:
        """Without the password: answers may come into a log."""
        return f"Answers(language={self.language}, zone={self.zone})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """Where the family is in the assistant."""

    page: Page = Page.LANGUAGE
    answers: Answers = Answers()

    @property
    def number(self) -> int:
        """The page's number, from 1."""
        return PAGES.index(self.page) + 1

    @property
    def is_first(self) -> bool:
        return self.page is PAGES[0]

    @property
    def is_last(self) -> bool:
        return self.page is PAGES[-1]


def problem(page: Page, answers: Answers, taken: Collection[str] = ()) -> str:
    """The code of what is missing or wrong on a page; empty when one can go on.

    The network never stands in the way: a PC without the net is ready to use.
    """
    match page:
        case Page.LANGUAGE:
            return "" if answers.language in LANGUAGES else "choose"
        case Page.KEYBOARD:
            return "" if answers.layout in LAYOUTS else "choose"
        case Page.ACCOUNT:
            return _account_problem(answers, taken)
        case Page.TIME:
            return "" if answers.zone in ZONES else "choose"
        case Page.READY:
            found = (problem(each, answers, taken) for each in PAGES[:-1])
            return next((code for code in found if code), "")
        case _:
            return ""


def _account_problem(answers: Answers, taken: Collection[str]) -> str:
    name = tidy_name(answers.full_name)
    if not name:
        return "name-empty"
    # A colon parts the fields of passwd(5); a comma those of its comment.
    if any(letter in ":,=" or not letter.isprintable() for letter in name):
        return "name-letters"
    if len(name) > _NAME_LIMIT:
        return "name-long"
    login = login_name(name, taken)
    return password_problem(answers.password, answers.again, name, login)


def tidy_name(text: str) -> str:
    """A person's name without blanks around it or doubled in it.

    The Arabic keyboard's key for lam-alef gives one character of its own: it becomes two letters,
    so that the name can be found and sorted.
    """
    return " ".join(unicodedata.normalize("NFKC", text).split())


def forward(course: Course, taken: Collection[str] = ()) -> Course:
    """The next page; the same one where something stands in the way, or at the end."""
    if course.is_last or problem(course.page, course.answers, taken):
        return course
    return replace(course, page=PAGES[course.number])


def back(course: Course) -> Course:
    """The page before; the first one stays."""
    return course if course.is_first else replace(course, page=PAGES[course.number - 2])


def answered(course: Course, **changes: object) -> Course:
    """The same page with other answers."""
    return replace(course, answers=replace(course.answers, **changes))  # type: ignore[arg-type]
