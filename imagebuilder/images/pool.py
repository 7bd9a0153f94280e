"""The package files of a lock: fetched once, checked, and offered as an archive of their own.

Files lie in the cache by name and are believed only with the lock's size and SHA-256. An
interrupted download goes on where it stopped. Which versions get installed is thus decided by
the lock alone, even when the archive has newer ones by then or the network is away.
"""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from imagebuilder.cache import cache_dir
from imagebuilder.console import say, step
from imagebuilder.images.archive import Archive, apt_environment
from imagebuilder.images.lock import Lock, LockedPackage, LockError
from imagebuilder.run import ProgramError
from imagebuilder.toolsroot import run_tool

_FILES_AT_ONCE = 200


def pool_dir() -> Path:
    """Where package files are kept."""
    place = cache_dir() / "pool"
    place.mkdir(parents=True, exist_ok=True)
    return place


def fetch(lock: Lock, source: Archive) -> Path:
    """All files of the lock in the pool; `LockError` names those that the archive no longer has."""
    pool = pool_dir()
    missing = [package for package in lock.packages if not _is_there(pool, package)]
    if not missing:
        return pool
    total = sum(package.size_bytes for package in missing)
    with step(f"fetch {len(missing)} packages, {total / 1e6:.0f} MB"):
        fetched = 0
        for start in range(0, len(missing), _FILES_AT_ONCE):
            some = missing[start : start + _FILES_AT_ONCE]
            _download(pool, some, source)
            fetched += sum(package.size_bytes for package in some)
            say(f"{fetched / 1e6:.0f} of {total / 1e6:.0f} MB")
    gone = [package for package in missing if not _is_there(pool, package)]
    if gone:
        names = ", ".join(f"{package.name} {package.version}" for package in gone)
        raise LockError(
            f"the archive no longer has {names}: renew the lock with --update-lock, or point "
            "this machine's apt to a snapshot of the archive"
        )
    return pool


def _download(pool: Path, packages: list[LockedPackage], source: Archive) -> None:
    """Fetch into `NAME.part` files, which a next run continues, and move what is whole."""
    words: list[str] = ["/usr/lib/apt/apt-helper", "-qq", "download-file"]
    for package in packages:
        address = f"{source.bases[package.archive]}/{package.path}"
        words += [address, str(_part(pool, package)), f"SHA256:{package.sha256}"]
    # A file that is gone fails the whole call, though the others have arrived: what counts is
    # what lies there afterwards.
    failure: ProgramError | None = None
    try:
        run_tool(words, env=apt_environment(source))
    except ProgramError as error:
        failure = error
    arrived = 0
    for package in packages:
        part = _part(pool, package)
        if part.is_file() and _digest(part) == package.sha256:
            part.rename(pool / package.file_name)
            arrived += 1
    if failure is not None and not arrived:
        raise failure


def _part(pool: Path, package: LockedPackage) -> Path:
    return pool / f"{package.file_name}.part"


def _is_there(pool: Path, package: LockedPackage) -> bool:
    path = pool / package.file_name
    return (
        path.is_file()
        and path.stat().st_size == package.size_bytes
        and _digest(path) == package.sha256
    )


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _link(source: Path, target: Path) -> None:
    try:
        target.hardlink_to(source)
    except OSError:  # another file system
        shutil.copyfile(source, target)


def repository(lock: Lock, pool: Path, place: Path) -> list[str]:
    """A flat archive of the lock's files at `place`; its `deb` lines for mmdebstrap.

    The files are linked where that is possible. The lock has vouched for every one of them, so
    that this archive needs no signature.
    """
    place.mkdir(parents=True)
    for package in lock.packages:
        _link(pool / package.file_name, place / package.file_name)
    script = 'for file; do dpkg-deb -f "$file"; printf "\\f"; done'
    names = [package.file_name for package in lock.packages]
    controls = run_tool(["sh", "-euc", script, "sh", *names], cwd=place).text.split("\f")
    stanzas = [
        f"{control.strip()}\nFilename: {package.file_name}\nSize: {package.size_bytes}\n"
        f"SHA256: {package.sha256}\n"
        for package, control in zip(lock.packages, controls[:-1], strict=True)
    ]
    index = "\n".join(stanzas).encode()
    (place / "Packages").write_bytes(index)
    digest = hashlib.sha256(index).hexdigest()
    (place / "Release").write_text(
        f"Codename: {lock.release}\nSuite: {lock.release}\nArchitectures: amd64\n"
        f"SHA256:\n {digest} {len(index)} Packages\n"
    )
    return [f"deb [trusted=yes] copy://{place} ./"]
