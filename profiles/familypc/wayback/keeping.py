"""What a family keeps when only its files stay: accounts with passwords, language, place, Wi-Fi.

The merging of accounts is pure. Whatever is damaged in the old system is left behind: the worst
that can happen is that the assistant asks for a name again, and the files wait in /home.
"""

from __future__ import annotations

import contextlib
import shutil
from dataclasses import dataclass, fields
from pathlib import Path

_FIRST_UID, _LAST_UID = 1000, 59999
_KEPT = (
    "etc/default/locale",
    "etc/locale.conf",
    "etc/default/keyboard",
    "etc/vconsole.conf",
    "etc/X11/xorg.conf.d/00-keyboard.conf",
    "etc/localtime",
    "etc/timezone",
    "etc/NetworkManager/system-connections",
    "var/lib/AccountsService/users",
    "var/lib/tajdeed/first-boot-done",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    """The four files of passwd(5), shadow(5), group(5) and gshadow(5), as texts."""

    passwd: str
    shadow: str
    group: str
    gshadow: str


def with_people(fresh: Accounts, old: Accounts) -> Accounts:
    """The fresh system's accounts and, behind them, the people of the old one.

    Their own groups come along, and they are members of the fresh groups of which they were.
    """
    taken = {row[0] for row in _rows(fresh.passwd, 7)} | {row[2] for row in _rows(fresh.passwd, 7)}
    people = [
        row for row in _rows(old.passwd, 7) if _is_person(row[2]) and not {row[0], row[2]} & taken
    ]
    names = {row[0] for row in people}
    known = {row[0] for row in _rows(fresh.group, 4)}
    own = [row for row in _rows(old.group, 4) if _is_person(row[2]) and row[0] not in known]
    own_names = {row[0] for row in own}
    members = {row[0]: row[3].split(",") for row in _rows(old.group, 4)}

    def joined(row: list[str]) -> list[str]:
        there = [name for name in row[3].split(",") if name]
        more = [name for name in members.get(row[0], []) if name in names and name not in there]
        return [*row[:3], ",".join(there + more)]

    return Accounts(
        passwd=_text([*_rows(fresh.passwd, 7), *people]),
        shadow=_text(
            [*_rows(fresh.shadow, 9), *(row for row in _rows(old.shadow, 9) if row[0] in names)]
        ),
        group=_text([*map(joined, _rows(fresh.group, 4)), *own]),
        gshadow=_text(
            [
                *map(joined, _rows(fresh.gshadow, 4)),
                *(row for row in _rows(old.gshadow, 4) if row[0] in own_names),
            ]
        ),
    )


def keep(old: Path, new: Path) -> None:
    """Take what the family keeps from one system's tree into another's."""
    with contextlib.suppress(OSError, UnicodeDecodeError):
        accounts = with_people(_read(new), _read(old))
        for field in fields(Accounts):
            # In place: owner and mode of these files are the fresh system's.
            (new / "etc" / field.name).write_text(getattr(accounts, field.name))
    for name in _KEPT:
        with contextlib.suppress(OSError, shutil.Error):
            _copy(old / name, new / name)


def _read(root: Path) -> Accounts:
    return Accounts(
        **{field.name: (root / "etc" / field.name).read_text() for field in fields(Accounts)}
    )


def _copy(source: Path, target: Path) -> None:
    if source.is_dir() and not source.is_symlink():
        shutil.copytree(source, target, symlinks=True, dirs_exist_ok=True)
    elif source.is_symlink() or source.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        shutil.copy2(source, target, follow_symlinks=False)


def _is_person(number: str) -> bool:
    return number.isascii() and number.isdigit() and _FIRST_UID <= int(number) <= _LAST_UID


def _rows(text: str, fields_wanted: int) -> list[list[str]]:
    rows = (line.split(":") for line in text.splitlines())
    return [row for row in rows if len(row) == fields_wanted and row[0]]


def _text(rows: list[list[str]]) -> str:
    return "".join(":".join(row) + "\n" for row in rows)
