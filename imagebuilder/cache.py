"""Where downloads and slow intermediate products are kept, and how they appear there whole.

A product is keyed by the hash of its recipe, made in a temporary directory beside its place and
renamed into it: it is there complete or not at all. Callers that want the same product at the
same time wait for the first one. Nothing here is needed once a stick or an image is written.
"""

import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from imagebuilder.console import say, step

_KEY_CHARS = 16


def cache_dir() -> Path:
    """`${XDG_CACHE_HOME:-~/.cache}/tajdeed`, made if need be."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    path = (Path(base) if base.startswith("/") else Path.home() / ".cache") / "tajdeed"
    path.mkdir(parents=True, exist_ok=True)
    return path


def recipe_key(*parts: str | bytes) -> str:
    """A short hash over the parts of a recipe, each of them bounded."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "big"))
        digest.update(data)
    return digest.hexdigest()[:_KEY_CHARS]


@contextmanager
def locked(path: Path, what: str) -> Iterator[None]:
    """Hold the lock file at `path`; say `what` we wait for if somebody else holds it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"waiting for another run that makes {what}")
            fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def made_once(place: Path, title: str, make: Callable[[Path], None]) -> Path:
    """The directory `place`, made by `make(temporary directory)` unless it is there already.

    What an interrupted run left behind is removed first. Returns `place`.
    """
    if place.is_dir():
        return place
    with locked(place.with_name(f"{place.name}.lock"), title):
        if place.is_dir():
            return place
        temporary = place.with_name(f"{place.name}.new")
        remove_tree(temporary)
        temporary.mkdir(parents=True)
        with step(title):
            try:
                make(temporary)
            except BaseException:
                remove_tree(temporary)
                raise
        temporary.rename(place)
    return place


def remove_tree(path: Path) -> None:
    """Remove a directory tree, but refuse when something is still mounted below it.

    A bind mount left behind by a killed run would otherwise be emptied with the tree.
    """
    if not path.exists():
        return
    root = os.path.realpath(path)
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        target = line.split(" ")[4]
        if target == root or target.startswith(f"{root}/"):
            raise OSError(f"{target} is still mounted: unmount it, then try again")
    shutil.rmtree(path)
