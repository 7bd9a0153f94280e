"""The first start's assistant: names, passwords, the way through its pages, what it changes."""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from familypc.firstboot import words
from familypc.firstboot.answers import (
    LANGUAGES,
    LAYOUTS,
    PAGES,
    ZONES,
    Answers,
    Course,
    Page,
    answered,
    back,
    forward,
    problem,
)
from familypc.firstboot.applying import Names, apply, is_done
from familypc.firstboot.loginname import LONGEST, login_name
from familypc.firstboot.measures import measures
from familypc.firstboot.password import password_problem

PACKAGE = Path(words.__file__).parent
GOOD = Answers(full_name="أم خالد العتيبي", password="tamr-99", again="tamr-99")


@pytest.mark.parametrize(
    ("name", "login"),
    [
        ("نورة", "nwra"),
        ("خالد بن فهد", "khald"),
        ("  فاطمة  الزهراء ", "fatma"),
        ("Umm Khalid", "umm"),
        ("José", "jose"),
        ("أُمّ خالد", "am"),
        ("٣ إخوة", "ikhwa"),
        ("3 نجوم", "njwm"),
        ("李", "user"),
        ("", "user"),
        ("root", "root2"),
    ],
)
def test_a_login_name_is_made_from_the_first_word_with_letters(name: str, login: str) -> None:
    assert login_name(name, taken=("root", "daemon")) == login


@given(st.text(max_size=80), st.sets(st.sampled_from(["user", "a", "am", "nwra", "root"])))
def test_any_name_gives_a_free_login_name_that_useradd_takes(name: str, taken: set[str]) -> None:
    login = login_name(name, taken)
    # useradd(8) and adduser(8) of Debian 13
    assert re.fullmatch(r"[a-z][a-z0-9]*", login)
    assert len(login) <= LONGEST <= 32
    assert login not in taken


def test_people_of_one_name_get_numbers() -> None:
    taken = ["root"]
    for _ in range(3):
        taken.append(login_name("نورة", taken))
    assert taken == ["root", "nwra", "nwra2", "nwra3"]
    long = "ك" * 60
    assert login_name(long, [login_name(long)]) == "k" * (LONGEST - 1) + "2"


@pytest.mark.parametrize(
    ("password", "again", "code"),
    [
        ("", "", "password-empty"),
        ("tam-9", "tam-9", "password-short"),
        ("كلمة-سر-طويلة", "كلمة-سر-طويلة", "password-letters"),
        ("two words", "two words", "password-letters"),
        ("123456", "123456", "password-easy"),
        ("23456789", "23456789", "password-easy"),
        ("zyxwvu", "zyxwvu", "password-easy"),
        ("ababab", "ababab", "password-easy"),
        ("Password", "Password", "password-easy"),
        ("NoraAli", "NoraAli", "password-name"),
        ("noraali2", "noraali2", "password-name"),
        ("tamr-99", "tamr-98", "password-differs"),
        ("tamr-99", "tamr-99", ""),
        ("20051987", "20051987", ""),
    ],
)
def test_passwords(password: str, again: str, code: str) -> None:
    assert password_problem(password, again, "Nora Ali", "noraali2") == code


def test_the_way_through_all_pages_and_back() -> None:
    course = Course()
    seen = [course.page]
    while not course.is_last:
        if course.page is Page.ACCOUNT:
            # Nothing is answered yet: one stays, and is told why.
            assert forward(course) is course
            assert problem(Page.ACCOUNT, course.answers) == "name-empty"
            course = answered(course, full_name="نورة", password="tamr-99", again="tamr-99")
        course = forward(course)
        seen.append(course.page)
    assert tuple(seen) == PAGES
    assert forward(course) is course
    for page in reversed(PAGES[:-1]):
        course = back(course)
        assert course.page is page
    assert back(course) is course
    # What was answered is not lost on the way.
    assert course.answers.full_name == "نورة"


def test_without_the_net_one_goes_on() -> None:
    course = Course(page=Page.NETWORK)
    assert course.answers.network == ""
    assert forward(course).page is Page.ACCOUNT


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"full_name": "   "}, "name-empty"),
        ({"full_name": "root:x"}, "name-letters"),
        ({"full_name": "نورة، أو\nعلي"}, ""),
        ({"full_name": "نورة\x07"}, "name-letters"),
        ({"full_name": "ن" * 61}, "name-long"),
        ({"again": "other-99"}, "password-differs"),
        ({"zone": "Mars/Base"}, "choose"),
        ({"layout": "fr"}, "choose"),
        ({"language": "fr"}, "choose"),
        ({}, ""),
    ],
)
def test_the_last_page_lets_nothing_unfinished_through(changes: dict[str, str], code: str) -> None:
    answers = answered(Course(answers=GOOD), **changes).answers
    assert problem(Page.READY, answers) == code


def test_a_password_never_stands_in_what_is_printed() -> None:
    assert "tamr-99" not in repr(GOOD)
    assert "tamr-99" not in repr(Course(answers=GOOD))


class Recorder:
    """The system as a list of what was asked of it; fails at `fails_at` if given."""

    def __init__(self, fails_at: str = "") -> None:
        self.asked: list[tuple[object, ...]] = []
        self.fails_at = fails_at

    def _take(self, *what: object) -> None:
        if what[0] == self.fails_at:
            raise OSError("the service is away")
        self.asked.append(what)

    def set_language(self, locale: str) -> None:
        self._take("language", locale)

    def set_keyboard(self, layouts: tuple[str, ...]) -> None:
        self._take("keyboard", layouts)

    def set_zone(self, zone: str) -> None:
        self._take("zone", zone)

    def make_account(self, login: str, full_name: str, password: str, locale: str) -> None:
        self._take("account", login, full_name, password, locale)


FRESH = Names(all=("root", "daemon"), people={})


def test_what_was_answered_is_asked_of_the_system_and_the_account_comes_last() -> None:
    system = Recorder()
    answers = replace(GOOD, layout="ara-us", zone="Asia/Kuwait", full_name=" أم   خالد ")
    assert apply(answers, FRESH, system) == "am"
    assert system.asked == [
        ("language", "ar_SA.UTF-8"),
        ("keyboard", ("ara", "us")),
        ("zone", "Asia/Kuwait"),
        ("account", "am", "أم خالد", "tamr-99", "ar_SA.UTF-8"),
    ]


def test_lam_alef_typed_by_one_key_becomes_two_letters() -> None:
    system = Recorder()
    apply(replace(GOOD, full_name="\ufefb\u0645\u064a\u0629"), FRESH, system)
    assert system.asked[-1] == ("account", "lamya", "لامية", "tamr-99", "ar_SA.UTF-8")


@pytest.mark.parametrize("step", ["language", "keyboard", "zone"])
def test_no_account_is_made_when_something_before_it_fails(step: str) -> None:
    system = Recorder(fails_at=step)
    with pytest.raises(OSError, match="away"):
        apply(GOOD, FRESH, system)
    assert not any(what[0] == "account" for what in system.asked)


def test_an_account_that_a_power_cut_left_unfinished_is_taken_up_again() -> None:
    left = Names(all=("root", "am"), people={"am": False})
    assert not is_done(left)
    assert apply(GOOD, left, Recorder()) == "am"


def test_a_pc_that_belongs_to_somebody_is_left_alone() -> None:
    owned = Names(all=("root", "nwra"), people={"nwra": True})
    assert is_done(owned)
    system = Recorder()
    with pytest.raises(RuntimeError):
        apply(GOOD, owned, system)
    assert system.asked == []


def test_unfinished_answers_change_nothing() -> None:
    system = Recorder()
    with pytest.raises(ValueError, match="password-empty"):
        apply(replace(GOOD, password=""), FRESH, system)
    assert system.asked == []


def test_every_text_that_is_shown_is_there_in_both_languages() -> None:
    wanted = {*LANGUAGES, *LAYOUTS, *ZONES}
    wanted |= {page.value for page in PAGES} | {f"{page.value}-why" for page in PAGES}
    for name in ("window.py", "answers.py", "password.py"):
        source = (PACKAGE / name).read_text()
        wanted |= set(re.findall(r'say\("([a-z-]+)"', source))
        wanted |= set(re.findall(r'return "([a-z]+(?:-[a-z]+)*)"', source))
        wanted |= set(re.findall(r'"((?:network|account)-[a-z]+)"', source))
    assert wanted <= words.all_keys()
    for key in words.all_keys():
        arabic, english = words.texts(key)
        assert re.search("[\u0621-\u064a]", arabic), key
        assert re.findall(r"\{\w+\}", arabic) == re.findall(r"\{\w+\}", english), key


def test_what_decides_needs_neither_screen_nor_services() -> None:
    for name in ("answers", "applying", "loginname", "measures", "password", "words"):
        tree = ast.parse((PACKAGE / f"{name}.py").read_text())
        imported = {
            node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)
        } | {
            alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.Import)
            for alias in node.names
        }
        assert not any(module.startswith(("gi", "subprocess")) for module in imported), name


@pytest.mark.parametrize(
    ("width", "height"),
    [(640, 480), (800, 600), (1024, 600), (1280, 800), (1366, 768), (1920, 1080), (3840, 2160)],
)
def test_letters_fit_the_screen(width: int, height: int) -> None:
    row = measures(width, height)
    assert row.width + 2 * row.margin <= width
    # About as many lines of text on every screen: neither cut on a netbook nor tiny on 4K.
    assert 25 <= height * 0.75 / row.text_pt <= 62


def test_a_high_screen_that_is_narrow_gets_small_letters() -> None:
    assert measures(720, 1280) == measures(800, 600)
    assert measures(640, 1280) == measures(640, 480)
