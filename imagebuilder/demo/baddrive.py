"""A drive that gives back old data in one range: what the demo's bad drive is."""

from collections.abc import Sequence
from pathlib import Path

from imagebuilder.demo import forgetful
from imagebuilder.demo.markers import Hit
from imagebuilder.demo.served import ServedDrive

RANGE_BYTES = 64 * 1024


def remembered_range(hits: Sequence[Hit], begin: int) -> int:
    """The offset of an aligned 64 KiB range behind `begin` that is full of markers.

    Raises ValueError where the disk has none.
    """
    counts: dict[int, int] = {}
    for hit in hits:
        counts[hit.offset // RANGE_BYTES] = counts.get(hit.offset // RANGE_BYTES, 0) + 1
    for number in sorted(counts):
        if number * RANGE_BYTES >= begin and counts[number] >= 2 * RANGE_BYTES // 4096:
            return number * RANGE_BYTES
    raise ValueError("no range of this disk is full of markers")


class BadDrive(ServedDrive):
    """The disk `path` with the memory of `RANGE_BYTES` at `offset`."""

    def __init__(self, path: Path, offset: int, log: Path) -> None:
        parameters = {"offset": str(offset), "length": str(RANGE_BYTES)}
        super().__init__(path, Path(forgetful.__file__), parameters, log)
        self.offset = offset
