"""A hard disk that claims to have overwritten 768 MiB in an instant, and answers as if it had.

Its reads give the pattern back where nothing was written since; the old data stays on the
platters. Reading back cannot find that out, physics can.
"""

from tests.drivelab.ata import AtaDrive
from tests.drivelab.ataidentify import AtaTraits
from tests.drivelab.media import Buffer, Layer, Medium
from tests.drivelab.personality import Bench, Expected

BUS = "sata"
EXPECTED = Expected(outcome="cleared", level="clear", method="overwrite")


class Pretends(Layer):
    """After `pretend`, blocks read as the pattern until somebody writes them."""

    def __init__(self, below: Medium) -> None:
        super().__init__(below)
        self._tile = b""
        self._real = bytearray(below.blocks)

    def pretend(self, pattern: bytes) -> None:
        self._tile = pattern * (self.block_bytes // len(pattern))
        self._real = bytearray(self.blocks)

    def read(self, first: int, count: int) -> Buffer:
        real = self._real[first : first + count]
        if not self._tile or 0 not in real:
            return super().read(first, count)
        if 1 not in real:
            return self._tile * count
        return b"".join(
            bytes(self.below.read(first + at, 1)) if real[at] else self._tile for at in range(count)
        )

    def write(self, first: int, data: Buffer) -> None:
        super().write(first, data)
        count = len(data) // self.block_bytes
        self._real[first : first + count] = b"\1" * count


def build(bench: Bench) -> AtaDrive:
    traits = AtaTraits(
        model="LAB TOO QUICK",
        serial="LABQCK0051",
        wwn=0x5000C50000000051,
        sanitize=frozenset(("overwrite",)),
        sanitize_s=6.0,
        security=False,
    )
    medium = Pretends(bench.store(mib=768))
    drive = AtaDrive(bench.clock, medium, traits)
    drive.sanitize.does = lambda name, part, pattern: medium.pretend(pattern)
    return drive
