"""How much of itself an ATA drive shows: HPA, DCO and AMA as state machines.

HPA: READ NATIVE MAX ADDRESS, SET MAX ADDRESS (ACS-2 7.32, 7.48). DCO: DEVICE CONFIGURATION
(ACS-2 7.10). AMA: Accessible Max Address Configuration (ACS-3 4.6). `factory` blocks are there,
`native` of them without an HPA, `accessible` now.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

from tests.drivelab.atacommand import ABORTED, NO_SUCH_ADDRESS, AtaError, Taskfile
from tests.drivelab.ataidentify import AtaTraits, checksummed

COMMANDS = frozenset((0x27, 0x37, 0xF8, 0xF9, 0xB1, 0x78))
_NATIVE_MAX = frozenset((0x27, 0xF8))


class Capacity:
    """`hide` is the maker's or a former owner's side, `handle` the host's."""

    def __init__(self, traits: AtaTraits, factory: int, note: Callable[[str], None]) -> None:
        self._traits = traits
        self._note = note
        self.factory = self.native = self.accessible = factory
        self._native_was_read = False
        self._set_once = False
        self.frozen = False  # DCO, AMA and SET MAX alike
        self.deaf = False  # reports success and changes nothing

    def hide(self, *, hpa: int = 0, dco: int = 0, ama: int = 0) -> None:
        """So many blocks at the end, kept over power cycles."""
        self.native = self.factory - dco
        self.accessible = self.native - hpa - ama

    def power_cycle(self) -> None:
        """Freezing ends, unless it is done anew at each start; an order may be given again."""
        self._set_once = False

    def other_command(self) -> None:
        """SET MAX ADDRESS counts only right after READ NATIVE MAX ADDRESS."""
        self._native_was_read = False

    def handle(self, task: Taskfile) -> bytes:
        """One of `COMMANDS`; data only for DEVICE CONFIGURATION IDENTIFY."""
        was_read, self._native_was_read = self._native_was_read, task.command in _NATIVE_MAX
        if task.command == 0xB1 and self._traits.dco:
            return self._overlay(task)
        if task.command == 0x78 and self._traits.ama:
            self._accessible_max(task)
        elif task.command in _NATIVE_MAX and self._traits.hpa:
            task.lba = self.native - 1
            if task.command == 0xF8:
                task.lba = min(task.lba, 0x0FFFFFFF)
                task.device = task.device & 0xF0 | task.lba >> 24
        elif task.command in (0x37, 0xF9) and self._traits.hpa:
            if not was_read or self.frozen or (task.command == 0xF9 and task.feature):
                raise AtaError
            self._set(task, self.native)
        else:
            raise AtaError
        return b""

    def _set(self, task: Taskfile, most: int) -> None:
        # A second order to keep it over power cycles within one is refused (ACS-2 7.48.3).
        if task.lba >= most or self._set_once:
            raise AtaError(NO_SUCH_ADDRESS)
        self._set_once = bool(task.count & 1) or task.command == 0x78
        if not self.deaf:
            self.accessible = task.lba + 1
        self._note(f"set max {task.lba + 1}, {self.accessible} accessible")

    def _accessible_max(self, task: Taskfile) -> None:
        match task.feature:
            case 0x0000:
                task.lba = self.native - 1
            case 0x0001 if not self.frozen:
                self._set(task, self.native)
            case 0x0002:
                self.frozen = True
            case _:
                raise AtaError

    def _overlay(self, task: Taskfile) -> bytes:
        if self.frozen:
            raise AtaError(ABORTED)
        match task.feature:
            case 0xC2:
                return self._identified()
            case 0xC0:
                if self.accessible != self.native:
                    raise AtaError(ABORTED)  # while an HPA is set (ACS-2 7.10.5)
                if not self.deaf:
                    self.native = self.accessible = self.factory
                self._note(f"configuration restored, {self.accessible} accessible")
            case 0xC1:
                self.frozen = True
            case _:
                raise AtaError
        return b""

    def _identified(self) -> bytes:
        """DEVICE CONFIGURATION IDENTIFY: revision 2, what the factory made of the drive."""
        raw = bytearray(512)
        struct.pack_into("<HHHQH", raw, 0, 2, 0x07, 0x7F, self.factory - 1, 0x7CF)
        raw[510] = 0xA5
        return checksummed(raw)
