"""The answers put into the system, in an order that a power cut cannot spoil.

The account comes last and its password at its end: before that the assistant is simply shown
again at the next start, and finds that what it sets is set. `is_done` never trusts a mark alone:
an account that can log in means that the PC belongs to somebody.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from familypc.firstboot.answers import LANGUAGES, LAYOUTS, Answers, Page, problem, tidy_name
from familypc.firstboot.loginname import login_name


class System(Protocol):
    """What the assistant changes; on the PC these are the services' own modules."""

    def set_language(self, locale: str) -> None: ...

    def set_keyboard(self, layouts: tuple[str, ...]) -> None: ...

    def set_zone(self, zone: str) -> None: ...

    def make_account(self, login: str, full_name: str, password: str, locale: str) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """Who is there: all login names, and of people's accounts whether they can log in."""

    all: tuple[str, ...]
    people: Mapping[str, bool]

    @property
    def taken(self) -> tuple[str, ...]:
        """Names that a new account must not get: an unfinished one's may be used again."""
        return tuple(name for name in self.all if self.people.get(name, True))


def is_done(names: Names) -> bool:
    """Whether somebody can log in: then there is nothing to ask."""
    return any(names.people.values())


def apply(answers: Answers, names: Names, system: System) -> str:
    """Do what was answered; the new account's login name. Raises what `system` raises."""
    if found := problem(Page.READY, answers, names.taken):
        raise ValueError(f"answers are not ready: {found}")
    if is_done(names):
        raise RuntimeError("there is an account already")
    locale = LANGUAGES[answers.language]
    system.set_language(locale)
    system.set_keyboard(LAYOUTS[answers.layout])
    system.set_zone(answers.zone)
    name = tidy_name(answers.full_name)
    login = login_name(name, names.taken)
    system.make_account(login, name, answers.password, locale)
    return login
