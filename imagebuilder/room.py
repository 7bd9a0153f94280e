"""Is there room on this machine's disks for what a command is about to make?

Asked before the work begins, so that a full disk is a clear sentence at the beginning and not
only "No space left on device" in some tool's output an hour later.
"""

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from imagebuilder.cache import cache_dir
from imagebuilder.console import say
from imagebuilder.stick.application import REPOSITORY

_GB = 1_000_000_000
_CACHE, _OUTPUT, _SCRATCH = "the download cache", "build/ and dist/", "temporary files"

# What was measured at each command's height, beginning with nothing, and a fifth more.
NEEDS_GB: dict[str, dict[str, float]] = {
    "test quick": {_CACHE: 0.5, _SCRATCH: 3},
    "test default": {_CACHE: 6, _SCRATCH: 12},
    "test full": {_CACHE: 12, _SCRATCH: 16},
    "stick": {_CACHE: 3, _OUTPUT: 2},
    "image": {_CACHE: 5, _OUTPUT: 5},
    "demo": {_CACHE: 6, _OUTPUT: 10},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Free:
    """One file system: which it is, and the bytes that a program may still fill."""

    device: int
    free_bytes: int


def shortage(needs: Mapping[Path, float], free: Mapping[Path, Free]) -> list[str]:
    """A sentence for each file system that has less room than what goes onto it needs (GB)."""
    wanted: dict[int, float] = {}
    places: dict[int, list[Path]] = {}
    for path, gigabytes in needs.items():
        device = free[path].device
        wanted[device] = wanted.get(device, 0) + gigabytes
        places.setdefault(device, []).append(path)
    return [
        f"{wanted[device]:.1f} GB are needed under {' and '.join(map(str, paths))}, "
        f"{free[paths[0]].free_bytes / _GB:.1f} GB are free"
        for device, paths in places.items()
        if free[paths[0]].free_bytes < wanted[device] * _GB
    ]


def warn(command: str) -> None:
    """Say before anything is made when a disk looks too full for this command.

    A warning and no refusal: what the cache already holds is not needed again.
    """
    directories = {
        _CACHE: cache_dir(),
        _OUTPUT: REPOSITORY,
        _SCRATCH: Path(tempfile.gettempdir()),
    }
    needs = {directories[what]: gigabytes for what, gigabytes in NEEDS_GB[command].items()}
    free = {}
    for path in needs:
        state = os.statvfs(path)
        free[path] = Free(device=path.stat().st_dev, free_bytes=state.f_bavail * state.f_frsize)
    for sentence in shortage(needs, free):
        say(
            f"! little room for this command: {sentence}. If it ends with "
            '"No space left on device": ./build.sh clean, or point TMPDIR or XDG_CACHE_HOME '
            "to another disk."
        )
