"""Subvolumes of a btrfs, through btrfs(8), mount(8) and mv(1)."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class VolumeError(Exception):
    """A program refused; its words."""


@contextmanager
def top(device: str) -> Iterator[Path]:
    """The directory of all subvolumes of the file system on `device`, as long as it is needed."""
    with tempfile.TemporaryDirectory(prefix="tajdeed-", dir="/run") as place:
        run("mount", "-t", "btrfs", "-o", "subvolid=5,noatime", device, place)
        try:
            yield Path(place)
        finally:
            run("umount", place)


def root_device() -> str:
    """The device of the running system's root file system."""
    return run("findmnt", "--nofsroot", "-no", "SOURCE", "/").strip()


def snapshot(source: Path, target: Path, *, read_only: bool = False) -> None:
    """A copy of a subvolume, at once and whole, or not at all."""
    kind = ["-r"] if read_only else []
    run("btrfs", "-q", "subvolume", "snapshot", *kind, str(source), str(target))


def delete(volume: Path) -> None:
    """A subvolume and those in it, if it is there; its space comes back by and by."""
    if volume.is_dir():
        run("btrfs", "-q", "subvolume", "delete", "--recursive", str(volume))


def exchange(new: Path, old: Path) -> None:
    """`new` under the name of `old` and the other way round, in one step; `old` may be missing."""
    if old.exists():
        run("mv", "--exchange", "--no-target-directory", str(new), str(old))
    else:
        new.rename(old)


def run(*words: str) -> str:
    """What a program printed; VolumeError where it failed."""
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise VolumeError(f"{words[0]}: {done.stderr.strip() or done.returncode}")
    return done.stdout
