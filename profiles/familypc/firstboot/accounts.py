"""Accounts of people, through accountsservice: who is there, and making the family's one.

The password goes to chpasswd(8) by its standard input, never onto a command line or into a log.
"""

from __future__ import annotations

import grp
import pwd
import subprocess
from pathlib import Path

from familypc.firstboot.bus import ServiceError, call

_NAME, _PATH = "org.freedesktop.Accounts", "/org/freedesktop/Accounts"
_ADMINISTRATOR = 1
_FIRST_UID, _LAST_UID = 1000, 59999
# What a family does with its PC: sound, cameras, sticks, Wi-Fi, printers, scanners.
_GROUPS = ("audio", "video", "plugdev", "netdev", "lpadmin", "scanner")


def login_names() -> tuple[str, ...]:
    """All names that adduser(8) would refuse: a person gets a group of the same name, too."""
    users = {entry.pw_name for entry in pwd.getpwall()}
    return tuple(sorted(users | {entry.gr_name for entry in grp.getgrall()}))


def people(shadow: Path = Path("/etc/shadow")) -> dict[str, bool]:
    """The accounts of people by login name, and whether each can log in by a password."""
    hashes = dict(
        line.split(":")[:2] for line in shadow.read_text().splitlines() if line.count(":") >= 2
    )
    return {
        entry.pw_name: hashes.get(entry.pw_name, "!")[:1] not in ("!", "*")
        for entry in pwd.getpwall()
        if _FIRST_UID <= entry.pw_uid <= _LAST_UID
    }


def make(login: str, full_name: str, password: str, locale: str) -> None:
    """The family's account: administrator of its PC, in its language.

    An account of that name whose password was never set is one that a power cut left behind:
    it is taken up again. `ServiceError` otherwise.
    """
    if login not in people():
        call(_NAME, _PATH, _NAME, "CreateUser", "(ssi)", login, full_name, _ADMINISTRATOR)
    user = f"{_PATH}/User{pwd.getpwnam(login).pw_uid}"
    call(_NAME, _PATH, _NAME, "CacheUser", "(s)", login)
    call(_NAME, user, f"{_NAME}.User", "SetRealName", "(s)", full_name)
    call(_NAME, user, f"{_NAME}.User", "SetLanguage", "(s)", locale)
    there = {group.gr_name for group in grp.getgrall()}
    groups = ",".join(name for name in _GROUPS if name in there)
    if groups:
        _run(["usermod", "--append", "--groups", groups, login])
    # Last: with a password the account is finished.
    _run(["chpasswd"], f"{login}:{password}\n")


def _run(words: list[str], given: str = "") -> None:
    done = subprocess.run(words, input=given, text=True, capture_output=True, check=False)
    if done.returncode:
        raise ServiceError(words[0], done.stderr.strip())
