"""A nbdkit plugin: a drive that takes every write, but in one range gives back what was there.

Real drives do that when a failing translation layer maps a range to old blocks: no error is ever
reported. Loaded by nbdkit's Python of the tools root, so it imports nothing of ours. Parameters:
`disk` (raw file), `offset` and `length` of the range in bytes.
"""

import os
from typing import Any

API_VERSION = 2

_parameters: dict[str, str] = {}


def config(key: str, value: str) -> None:
    _parameters[key] = value


class Forgetful:
    """One connection; the old bytes are those at its begin."""

    def __init__(self) -> None:
        self.descriptor = os.open(_parameters["disk"], os.O_RDWR)
        self.begin = int(_parameters["offset"])
        self.end = self.begin + int(_parameters["length"])

    def kept_part(self, offset: int, length: int) -> tuple[int, int]:
        """What of `length` bytes at `offset` lies in the range (first byte, end)."""
        return max(offset, self.begin), min(offset + length, self.end)


def open(readonly: bool) -> Forgetful:
    return Forgetful()


def get_size(drive: Forgetful) -> int:
    return os.fstat(drive.descriptor).st_size


def can_multi_conn(drive: Forgetful) -> bool:
    return False


def pread(drive: Forgetful, buffer: Any, offset: int, flags: int) -> None:
    if os.preadv(drive.descriptor, [buffer], offset) != len(buffer):
        raise OSError("read beyond the end")


def pwrite(drive: Forgetful, buffer: Any, offset: int, flags: int) -> None:
    begin, end = drive.kept_part(offset, len(buffer))
    view = memoryview(buffer)
    if begin >= end:
        os.pwrite(drive.descriptor, view, offset)
        return
    os.pwrite(drive.descriptor, view[: begin - offset], offset)
    os.pwrite(drive.descriptor, view[end - offset :], end)


def flush(drive: Forgetful, flags: int) -> None:
    """What was written is in this machine's cache, which outlives the virtual PC."""
