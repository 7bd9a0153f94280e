"""A donor's data on a medium: made before the drive is plugged in, searched for afterwards.

Every 512 bytes begin with a marker, so what is left can be counted exactly, wherever it lies.
"""

from __future__ import annotations

import functools
from pathlib import Path

from tests.drivelab.media import Medium

UNIT_BYTES = 512
MARKER = b"DONOR-PRIVATE-7c1e4f0a:"
_TEXT = b"a letter, a photograph, an account; "
_UNITS = 2048


def fill(medium: Medium) -> None:
    """The donor's data on every block."""
    page = _page()
    step = len(page) // medium.block_bytes
    for first in range(0, medium.blocks, step):
        count = min(step, medium.blocks - first)
        medium.write(first, page[: count * medium.block_bytes])


@functools.cache
def _page() -> bytes:
    """One MiB of it, no two units of which are the same."""
    heads = (MARKER + f"{number:06d} ".encode() for number in range(_UNITS))
    return b"".join((head + _TEXT * 15)[:UNIT_BYTES] for head in heads)


def left_bytes(path: Path) -> int:
    """How many bytes of the donor's data are still on a medium's file."""
    found = 0
    with path.open("rb") as stream:
        while data := stream.read(8 << 20):
            found += data.count(MARKER)
    return found * UNIT_BYTES
