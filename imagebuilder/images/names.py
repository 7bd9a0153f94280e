"""Package names of profiles against the archive: unknown ones are named where they stand.

`check PROFILE.yaml...` finds every mistake of profiles in seconds and downloads no package;
`update_lock` asks the archive for the newest versions. Builds nothing.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from imagebuilder.console import say, step
from imagebuilder.images.archive import (
    Archive,
    UnknownPackages,
    archive,
    has_index,
    refresh_index,
    resolved,
    unknown_packages,
)
from imagebuilder.images.layer import wanted_packages
from imagebuilder.images.lock import lock_text
from imagebuilder.images.profile import (
    ProfileError,
    asked_for,
    check,
    package_error,
    read_profile,
)
from imagebuilder.mirror import RELEASE


@contextmanager
def named_in_profile(path: Path) -> Iterator[None]:
    """Turn `UnknownPackages` into the `ProfileError` that says where the first one stands."""
    try:
        yield
    except UnknownPackages as error:
        raise package_error(path, error.names[0], unknown_text(error.names[0])) from error


def unknown_text(name: str) -> str:
    """What is wrong with a name that the archive does not know."""
    return f"{RELEASE} has no package {name} in these components"


def update_lock(path: Path, target: Path) -> None:
    """Write the newest versions of a profile's packages, and all they need, into its lock."""
    profile = read_profile(path)
    source = archive(profile.components)
    with step(f"lock of {profile.name}"), named_in_profile(path):
        refresh_index(source)
        lock = resolved(source, profile.name, wanted_packages(profile))
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = target.with_suffix(".new")
        temporary.write_text(lock_text(lock))
        temporary.rename(target)
        say(f"{target}: {len(lock.packages)} packages, {lock.download_bytes / 1e6:.0f} MB")


def mistakes(path: Path, *, archives: bool) -> list[ProfileError]:
    """Every mistake that can be found: the first of form, else all unknown packages."""
    try:
        check(path)
        if not archives:
            return []
        components, names = asked_for(path)
        unknown = unknown_packages(_indexed(archive(components)), names)
        return [package_error(path, name, unknown_text(name)) for name in unknown]
    except ProfileError as error:
        return [error]


def _indexed(source: Archive) -> Archive:
    if not has_index(source):
        with step("the archive's index"):
            refresh_index(source)
    return source


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`check [--offline] FILE...`."""
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="a profile's YAML file")
    parser.add_argument(
        "--offline", action="store_true", help="do not look the packages' names up in the archive"
    )


def command(args: argparse.Namespace) -> int:
    """Print every mistake with file, line and key; 2 if there is one."""
    found = [error for path in args.files for error in mistakes(path, archives=not args.offline)]
    for error in found:
        say(str(error))
    if not found:
        say(f"{len(args.files)} profiles: no mistake found")
    return 2 if found else 0
