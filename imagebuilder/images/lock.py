"""Package locks: exactly which Debian packages an image is made of, by version and SHA-256.

A lock beside a profile (`profiles/locks/NAME.lock`) decides the image whatever the archive has
by now; without one, the newest versions are taken and the lock is kept with the image. The
time in it is the only time that an image knows: the same lock gives the same bytes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_FORMAT = "tajdeed-lock-1"
_HEAD = re.compile(rf"# {_FORMAT} profile=(\S+) release=(\S+) epoch=([0-9]+)")
_ROW = re.compile(
    r"(?P<name>[a-z0-9][a-z0-9+.-]+) (?P<version>[A-Za-z0-9.+:~-]+) (?P<architecture>[a-z0-9]+)"
    r" (?P<archive>debian|security) (?P<path>pool/[A-Za-z0-9_.+~/%-]+\.deb)"
    r" (?P<size_bytes>[0-9]+) (?P<sha256>[0-9a-f]{64})"
)


class LockError(Exception):
    """A lock cannot be used; the text names the file, the line and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedPackage:
    """One package file. `archive`: `debian` or `security`; `path`: below that archive's base."""

    name: str
    version: str
    architecture: str
    archive: str
    path: str
    size_bytes: int
    sha256: str

    @property
    def file_name(self) -> str:
        """What the file is called in the archive, and in our pool."""
        return self.path.rpartition("/")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """All packages of an image by name. `epoch`: when it was made, in Unix seconds."""

    profile: str
    release: str
    epoch: int
    packages: tuple[LockedPackage, ...]

    @property
    def download_bytes(self) -> int:
        return sum(package.size_bytes for package in self.packages)


def lock_text(lock: Lock) -> str:
    """The lock's file: a head, then a row for each package. `lock_from` reads it back."""
    rows = [f"# {_FORMAT} profile={lock.profile} release={lock.release} epoch={lock.epoch}"]
    rows += [
        f"{item.name} {item.version} {item.architecture} {item.archive} {item.path}"
        f" {item.size_bytes} {item.sha256}"
        for item in lock.packages
    ]
    return "\n".join(rows) + "\n"


def lock_from(text: str, name: str) -> Lock:
    """A lock from its text; `name` stands in errors. `LockError` for the first bad line."""
    lines = text.splitlines()
    head = _HEAD.fullmatch(lines[0]) if lines else None
    if head is None:
        raise LockError(f"{name}:1: is not a lock of this program; renew it with --update-lock")
    packages: list[LockedPackage] = []
    for number, line in enumerate(lines[1:], start=2):
        row = _ROW.fullmatch(line)
        if row is None:
            raise LockError(f"{name}:{number}: is not a row of a lock; renew it with --update-lock")
        facts = row.groupdict()
        size_bytes = int(facts.pop("size_bytes"))
        package = LockedPackage(size_bytes=size_bytes, **facts)
        if packages and package.name <= packages[-1].name:
            raise LockError(f"{name}:{number}: {package.name} is out of order or there twice")
        packages.append(package)
    if not packages:
        raise LockError(f"{name}: no packages in it; renew it with --update-lock")
    return Lock(profile=head[1], release=head[2], epoch=int(head[3]), packages=tuple(packages))


def read_lock(path: Path) -> Lock | None:
    """The lock of that file; None where there is no such file."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError as error:
        raise LockError(f"{path}: is not UTF-8; renew it with --update-lock") from error
    return lock_from(text, str(path))


def missing_from(lock: Lock, names: tuple[str, ...]) -> tuple[str, ...]:
    """Names that a profile asks for and the lock has not."""
    known = {package.name for package in lock.packages}
    return tuple(name for name in names if name not in known)
