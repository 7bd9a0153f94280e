"""The registers of one ATA command, and the ways in which a command can end (ACS-5)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

# Error register (ACS-5 6.2): aborted, no such address, uncorrectable.
ABORTED, NO_SUCH_ADDRESS, UNCORRECTABLE = 0x04, 0x10, 0x40
READY, READY_WITH_ERROR = 0x50, 0x51

# Commands whose registers are 48 bits wide.
EXTENDED = frozenset(
    (0x06, 0x24, 0x25, 0x27, 0x29, 0x2F, 0x34, 0x35, 0x37, 0x39, 0x42, 0x47, 0x78, 0xB4, 0xEA)
)
# Commands that hand data to the host by PIO; all others use DMA.
PIO_IN = frozenset((0x20, 0x24, 0x29, 0x2F, 0x5C, 0xB0, 0xB1, 0xC4, 0xEC))
# Commands for which the host sends data: writes, TRIM, TRUSTED SEND, passwords.
DATA_OUT = frozenset((0x06, 0x30, 0x34, 0x35, 0x39, 0x5E, 0xC5, 0xCA, 0xF1, 0xF2, 0xF4, 0xF6))


@dataclass(slots=True)
class Taskfile:
    """A command's registers on the way in, its answer's on the way out."""

    command: int
    feature: int = 0
    count: int = 0
    lba: int = 0
    device: int = 0
    status: int = READY
    error: int = 0

    @property
    def extended(self) -> bool:
        return self.command in EXTENDED

    def normalize(self) -> None:
        """Drop what a 28-bit command does not have; its top four LBA bits are in DEVICE."""
        if not self.extended:
            self.feature &= 0xFF
            self.count &= 0xFF
            self.lba = self.lba & 0xFFFFFF | (self.device & 0xF) << 24

    @property
    def sectors(self) -> int:
        """A transfer's length: 0 stands for the greatest one."""
        return self.count or (65536 if self.extended else 256)


class AtaError(Exception):
    """The command fails with these error bits, and perhaps at that address."""

    def __init__(self, bits: int = ABORTED, lba: int | None = None) -> None:
        super().__init__(f"error {bits:#04x}")
        self.bits = bits
        self.lba = lba


class Deferred(Exception):
    """The command stays busy for some simulated seconds; then `finish`.

    A reset before that calls `interrupt` instead. With `seconds` None it hangs until a reset.
    """

    def __init__(
        self,
        seconds: float | None,
        finish: Callable[[], None] = lambda: None,
        interrupt: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__("busy")
        self.seconds = seconds
        self.finish = finish
        self.interrupt = interrupt
