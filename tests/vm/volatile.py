"""A nbdkit plugin: a drive with a cache, which loses what was not flushed when the power is cut.

Of the writes since the last flush, each is lost or kept as the dice fall, so a program that
counts on their order, or on what it never flushed, is found out. Loaded by nbdkit's Python of
the tools root, so it imports nothing of ours. Parameters: `disk` (raw file), `armed` (a file:
while it is there writes are remembered; before, all are kept), `seed`.
"""

import os
import random
from typing import Any

API_VERSION = 2

_parameters: dict[str, str] = {}
# What the disk held before each write since the last flush: offset and bytes.
_before: list[tuple[int, bytes]] = []


def config(key: str, value: str) -> None:
    _parameters[key] = value


def open(readonly: bool) -> int:
    return os.open(_parameters["disk"], os.O_RDWR)


def cleanup() -> None:
    """The server is ended, after the virtual PC was: the power is gone."""
    disk = os.open(_parameters["disk"], os.O_RDWR)
    dice = random.Random(_parameters["seed"])
    for offset, data in reversed(_before):
        if dice.random() < 0.5:
            os.pwrite(disk, data, offset)
    os.close(disk)


def get_size(disk: int) -> int:
    return os.fstat(disk).st_size


def can_multi_conn(disk: int) -> bool:
    return False


def pread(disk: int, buffer: Any, offset: int, flags: int) -> None:
    if os.preadv(disk, [buffer], offset) != len(buffer):
        raise OSError("read beyond the end")


def pwrite(disk: int, buffer: Any, offset: int, flags: int) -> None:
    if os.path.exists(_parameters["armed"]):
        _before.append((offset, os.pread(disk, len(buffer), offset)))
    os.pwrite(disk, memoryview(buffer), offset)


def flush(disk: int, flags: int) -> None:
    _before.clear()
