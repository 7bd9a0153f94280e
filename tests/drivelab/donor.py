"""A donor's data on a medium: made before the drive is plugged in, searched for afterwards.

Every 512 bytes begin with a marker and their own number, so what is left can be counted exactly,
wherever it lies.
"""

from __future__ import annotations

from pathlib import Path

from tests.drivelab.media import Medium

UNIT_BYTES = 512
MARKER = b"DONOR-PRIVATE-7c1e4f0a:"
_TEXT = b"a letter, a photograph, an account; "
_BATCH = 4096


def fill(medium: Medium) -> None:
    """The donor's data on every block."""
    units = medium.blocks * medium.block_bytes // UNIT_BYTES
    each = medium.block_bytes // UNIT_BYTES
    for first in range(0, units, _BATCH):
        numbers = range(first, min(first + _BATCH, units))
        medium.write(first // each, b"".join(_unit(number) for number in numbers))


def _unit(number: int) -> bytes:
    head = MARKER + f"{number:012d} ".encode()
    return (head + _TEXT * 15)[:UNIT_BYTES]


def left_bytes(path: Path) -> int:
    """How many bytes of the donor's data are still on a medium's file."""
    found = 0
    with path.open("rb") as stream:
        while data := stream.read(8 << 20):
            found += data.count(MARKER)
    return found * UNIT_BYTES
