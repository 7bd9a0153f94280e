"""Giving back an earlier state: what can be chosen, and the exchange, from `@asking`.

The order is safe at a power cut: what is to come is whole before anything is exchanged, each
exchange is one step, and files that are to go, go first: an account that is new must never find
them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from familypc.wayback import volumes
from familypc.wayback.keeping import keep
from familypc.wayback.snapshots import before_updates


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which state comes back, and whether people's files and accounts stay."""

    state: str
    files_stay: bool

    @property
    def is_factory(self) -> bool:
        return self.state == "@factory"


def choices(names: list[str]) -> tuple[Choice, ...]:
    """What can be given back, the mildest first."""
    updates = tuple(Choice(state=name, files_stay=True) for name in before_updates(names))
    return (
        *updates,
        Choice(state="@factory", files_stay=True),
        Choice(state="@factory", files_stay=False),
    )


def language(locale: str) -> str:
    """`ar` or `en`, from a system's /etc/default/locale."""
    return "en" if re.search(r"(?m)^LANG=\"?en_", locale) else "ar"


def give_back(place: Path, choice: Choice) -> None:
    """Exchange the system in `place`, the directory of all subvolumes, for what was chosen."""
    for name in ("@new", "@home-new"):
        volumes.delete(place / name)
    volumes.snapshot(place / choice.state, place / "@new")
    if choice.is_factory and choice.files_stay:
        keep(place / "@", place / "@new")
    if not choice.files_stay:
        volumes.snapshot(place / "@home-factory", place / "@home-new")
        volumes.run("btrfs", "-q", "filesystem", "sync", str(place))
        volumes.exchange(place / "@home-new", place / "@home")
    volumes.run("btrfs", "-q", "filesystem", "sync", str(place))
    volumes.exchange(place / "@new", place / "@")
    volumes.run("btrfs", "-q", "filesystem", "sync", str(place))
    # Now these are the old ones; a power cut before this leaves them to the next start.
    for name in ("@new", "@home-new"):
        volumes.delete(place / name)
    if not choice.files_stay:
        # What was kept before updates has the old accounts in it.
        for name in before_updates(path.name for path in place.iterdir()):
            volumes.delete(place / name)
