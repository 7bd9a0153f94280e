"""The Debian archive as a profile sees it: which packages there are, what they draw in, where.

Keeps an index of its own (apt's lists, checked against Debian's keys) in the cache, apart from
this machine's apt. Asks apt for names and resolutions only; nothing is installed from here.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from imagebuilder.cache import cache_dir, locked, recipe_key
from imagebuilder.images.lock import Lock, LockedPackage
from imagebuilder.mirror import RELEASE, apt_settings, default_sources, sources
from imagebuilder.run import ProgramError
from imagebuilder.toolsroot import run_tool

_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
# As mmdebstrap's minbase: what every Debian has.
_ALWAYS = ("?essential", "?priority(required)", "apt")
# apt-get --print-uris: 'ADDRESS' FILE BYTES SHA256:DIGEST, and FILE is NAME_VERSION_ARCH.deb.
_URI = re.compile(
    r"'(?P<address>[^']+)' (?P<name>[^_ ]+)_(?P<version>[^_ ]+)_(?P<arch>[^_ ]+)\.deb"
    r" (?P<size>[0-9]+) SHA256:(?P<sha256>[0-9a-f]{64})"
)
_PACKAGES_AT_ONCE = 400


class UnknownPackages(Exception):
    """Names that no package of the release has."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names
        super().__init__(", ".join(names))


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """Where one release's packages come from, and the index of them at `place`."""

    lines: tuple[str, ...]
    place: Path

    @property
    def bases(self) -> dict[str, str]:
        """Base addresses of the archives `debian` and `security`, without a slash at the end."""
        found: dict[str, str] = {}
        for line in self.lines:
            _, address, suite, *_ = line.split()
            kind = "security" if suite.endswith("-security") else "debian"
            found.setdefault(kind, address.rstrip("/"))
        return found


def archive(components: Iterable[str]) -> Archive:
    """The archive that this machine's apt is configured with, else the release's default."""
    areas = " ".join(components)
    lines = tuple(sources(areas) or default_sources(areas))
    return Archive(lines=lines, place=cache_dir() / "archive" / recipe_key(*lines))


def refresh_index(source: Archive) -> None:
    """Bring the index up to date (seconds; some 10 MB the first time)."""
    with locked(source.place.with_name(f"{source.place.name}.lock"), "the archive's index"):
        (source.place / "lists/partial").mkdir(parents=True, exist_ok=True)
        run_tool(
            ["apt-get", "-qq", "-o", "APT::Update::Error-Mode=any", "update"],
            env=apt_environment(source),
        )


def has_index(source: Archive) -> bool:
    """Whether names can be looked up without the network."""
    return any((source.place / "lists").glob("*_Packages*"))


def unknown_packages(source: Archive, names: Iterable[str]) -> tuple[str, ...]:
    """Those of `names` that cannot be installed from the index, in the order given."""
    wanted = tuple(dict.fromkeys(names))
    known: set[str] = set()
    environment = apt_environment(source)
    for start in range(0, len(wanted), _PACKAGES_AT_ONCE):
        some = wanted[start : start + _PACKAGES_AT_ONCE]
        shown = run_tool(["apt-cache", "policy", *some], env=environment).text
        known |= candidates(shown)
    return tuple(name for name in wanted if name not in known)


def candidates(policy: str) -> set[str]:
    """The names that have a candidate, from what `apt-cache policy NAME...` prints."""
    found: set[str] = set()
    name = ""
    for line in policy.splitlines():
        if line.endswith(":") and not line.startswith(" "):
            name = line[:-1]
        elif line.startswith("  Candidate: ") and not line.endswith("(none)"):
            found.add(name)
    return found


def resolved(source: Archive, profile: str, names: Iterable[str]) -> Lock:
    """What these packages come to with all that they depend on, in the index's versions.

    `UnknownPackages` before apt is asked; `ProgramError` with apt's words where they conflict.
    """
    wanted = tuple(dict.fromkeys(names))
    if unknown := unknown_packages(source, wanted):
        raise UnknownPackages(unknown)
    words = ["apt-get", "-qq", "-y", "--print-uris", "install", *_ALWAYS, *wanted]
    listing = run_tool(words, env=apt_environment(source)).text
    packages = locked_packages(listing, source.bases)
    return Lock(profile=profile, release=RELEASE, epoch=int(time.time()), packages=packages)


def locked_packages(listing: str, bases: dict[str, str]) -> tuple[LockedPackage, ...]:
    """The rows of a lock from what `apt-get --print-uris` prints, by name."""
    found: dict[str, LockedPackage] = {}
    # The longest base first: one archive's address may begin with the other's.
    order = sorted(bases.items(), key=lambda item: -len(item[1]))
    for line in listing.splitlines():
        row = _URI.fullmatch(line.strip())
        if row is None:
            raise ProgramError(["apt-get", "--print-uris"], f"unexpected line: {line}", "")
        kind, base = next(
            (item for item in order if row["address"].startswith(f"{item[1]}/")), ("", "")
        )
        if not kind:
            raise ProgramError(["apt-get", "--print-uris"], f"not from the archive: {line}", "")
        name = row["name"]
        found[name] = LockedPackage(
            name=name,
            version=unquote(row["version"]),
            architecture=row["arch"],
            archive=kind,
            path=row["address"].removeprefix(f"{base}/"),
            size_bytes=int(row["size"]),
            sha256=row["sha256"],
        )
    return tuple(found[name] for name in sorted(found))


def apt_environment(source: Archive) -> dict[str, str]:
    """The environment that makes apt use this index and nothing of the machine's own."""
    place = source.place
    place.mkdir(parents=True, exist_ok=True)
    (place / "status").touch()
    (place / "parts").mkdir(exist_ok=True)
    (place / "archives/partial").mkdir(parents=True, exist_ok=True)
    signed = f"deb [signed-by={_KEYRING}] "
    lines = [f"{line.replace('deb ', signed, 1)}\n" for line in source.lines]
    _put(place / "sources.list", "".join(lines))
    settings = {
        **apt_settings(),
        "Dir::Etc::sourcelist": f"{place}/sources.list",
        "Dir::Etc::sourceparts": f"{place}/parts",
        "Dir::Etc::preferencesparts": f"{place}/parts",
        "Dir::State": f"{place}",
        "Dir::State::status": f"{place}/status",
        "Dir::Cache": f"{place}",
        "Acquire::Languages": "none",
        "Acquire::ForceHash": "SHA256",
        # The cache is root's; apt's own user could not write into it.
        "APT::Sandbox::User": "root",
    }
    text = "".join(f'{name} "{value}";\n' for name, value in settings.items())
    _put(place / "apt.conf", text)
    return {"APT_CONFIG": f"{place}/apt.conf"}


def _put(path: Path, text: str) -> None:
    """Write a file whole, and only if it is to change: another run's apt may be reading it."""
    if path.is_file() and path.read_text() == text:
        return
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    temporary.write_text(text)
    temporary.rename(path)
