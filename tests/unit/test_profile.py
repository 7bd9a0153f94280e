"""Profiles: what is merged how, and every mistake named by file, line and key."""

from __future__ import annotations

from pathlib import Path

import pytest

from imagebuilder.__main__ import main
from imagebuilder.images.build import PROFILES
from imagebuilder.images.profile import ProfileError, check, package_error, read_profile

BASE = """\
name: base
release: trixie
support_until: "2030-06-30"
needs: {ram_mib: 2048, disk_gib: 7}
packages: [one, two]
locale: {default: ar_SA.UTF-8}
keyboard: {layouts: [us, ara]}
timezone: Asia/Riyadh
files: [stuff]
"""
CHILD = """\
name: child
title: {ar: نظام, en: System}
extends: base
needs: {disk_gib: 12}
packages:
  - two
  - three
remove:
  - one
keyboard: {options: "grp:alt_shift_toggle"}
hooks: [last.sh]
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "stuff").mkdir()
    (tmp_path / "last.sh").write_text("#!/bin/sh\n")
    (tmp_path / "base.yaml").write_text(BASE)
    (tmp_path / "child.yaml").write_text(CHILD)
    return tmp_path


def test_child_gets_what_it_extends(place: Path) -> None:
    profile = read_profile(place / "child.yaml")
    assert profile.packages == ("two", "three")
    assert (profile.needs.ram_mib, profile.needs.disk_gib) == (2048, 12)
    assert profile.keyboard.layouts == ("us", "ara")
    assert profile.keyboard.options == "grp:alt_shift_toggle"
    assert profile.files == (str(place / "stuff"),)
    assert profile.hooks == (str(place / "last.sh"),)


@pytest.mark.parametrize(
    ("old", "new", "line", "key"),
    [
        ("hooks: [last.sh]", "hook: [last.sh]", 11, "hook"),
        ("disk_gib: 12", "disk_gb: 12", 4, "needs.disk_gb"),
        ("disk_gib: 12", "disk_gib: twelve", 4, "needs.disk_gib"),
        ("  - three", "  - Three!", 7, "packages.1"),
        ("  - one", "  - nine", 9, "remove.0"),
        ("hooks: [last.sh]", "hooks: [gone.sh]", 11, "hooks.0"),
        ("extends: base", "extends: gone", 3, "extends"),
        ("extends: base", "extends: child", 3, "extends"),
        ("name: child", "name: kid", 1, "name"),
        ("extends: base", "extends: base\nextends: base", 4, "extends"),
        ("extends: base", "extends: [base", 4, ""),
        ("ar: نظام, ", "", 2, "title"),
        ("extends: base\n", "", 8, "remove.0"),
    ],
)
def test_mistake_is_named(place: Path, old: str, new: str, line: int, key: str) -> None:
    path = place / "child.yaml"
    path.write_text(CHILD.replace(old, new))
    with pytest.raises(ProfileError) as caught:
        read_profile(path)
    error = caught.value
    assert (error.path, error.line, error.key) == (path, line, key)
    assert str(error).startswith(f"{path}:{line}: ")


def test_mistake_in_a_parent_names_the_parent(place: Path) -> None:
    (place / "base.yaml").write_text(BASE + "colour: red\n")
    with pytest.raises(ProfileError) as caught:
        read_profile(place / "child.yaml")
    assert (caught.value.path, caught.value.line) == (place / "base.yaml", 10)


def test_key_that_no_profile_of_the_chain_has(place: Path) -> None:
    (place / "base.yaml").write_text(BASE.replace("timezone: Asia/Riyadh\n", ""))
    with pytest.raises(ProfileError, match="timezone"):
        read_profile(place / "child.yaml")


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="No such file"):
        read_profile(tmp_path / "nothing.yaml")


@pytest.mark.parametrize("path", sorted(PROFILES.glob("*.yaml")), ids=lambda path: path.stem)
def test_our_profiles(path: Path) -> None:
    check(path)


def test_family_profile_is_arabic_first_and_can_be_typed_on_in_both() -> None:
    profile = read_profile(PROFILES / "family-light.yaml")
    assert profile.locale.default == "ar_SA.UTF-8"
    assert profile.keyboard.layouts == ("us", "ara")
    assert {"firefox-esr-l10n-ar", "libreoffice-l10n-ar"} <= set(profile.packages)


def test_an_unknown_package_is_named_where_it_stands(place: Path) -> None:
    own = package_error(place / "child.yaml", "three", "there is none")
    assert (own.path, own.line, own.key) == (place / "child.yaml", 7, "packages.1")
    inherited = package_error(place / "child.yaml", "one", "there is none")
    assert (inherited.path, inherited.line) == (place / "base.yaml", 5)


def test_a_child_can_do_without_its_parents_account(place: Path) -> None:
    account = "first_boot: {user: {name: family, full_name: Family}}\n"
    (place / "base.yaml").write_text(BASE + account)
    assert read_profile(place / "child.yaml").first_boot.user is not None
    (place / "child.yaml").write_text(CHILD + "first_boot: {assistant: true, user: null}\n")
    first_boot = read_profile(place / "child.yaml").first_boot
    assert (first_boot.assistant, first_boot.user) == (True, None)


def test_check_names_the_mistakes_of_all_files(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "base.yaml").write_text(BASE + "colour: red\n")
    words = ["check", "--offline", str(place / "base.yaml"), str(place / "child.yaml")]
    assert main(words) == 2
    told = capsys.readouterr().err
    assert told.count(f"{place / 'base.yaml'}:10: colour") == 2
    assert main(["check", "--offline", *map(str, sorted(PROFILES.glob("*.yaml")))]) == 0


@pytest.mark.parametrize("name", ["family-business", "training"])
def test_a_business_has_its_programs_in_arabic_and_nobody_elses_account(name: str) -> None:
    profile = read_profile(PROFILES / f"{name}.yaml")
    assert {"homebank", "inkscape", "gimp", "thunderbird-l10n-ar"} <= set(profile.packages)
    assert "tesseract-ocr-ara" in profile.packages
    assert profile.templates
    user = profile.first_boot.user
    assert profile.first_boot.assistant == (user is None)
    assert user is None or "sudo" not in user.groups


@pytest.mark.parametrize("name", ["family-light", "family-business"])
def test_a_family_makes_its_own_account_and_finds_no_other(name: str) -> None:
    profile = read_profile(PROFILES / f"{name}.yaml")
    assert (profile.first_boot.assistant, profile.first_boot.user) == (True, None)
    assert {"accountsservice", "gir1.2-gtk-3.0", "python3-gi", "xinit"} <= set(profile.packages)
