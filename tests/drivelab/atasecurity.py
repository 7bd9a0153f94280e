"""ATA's two erasing feature sets as state machines: Security, SANITIZE DEVICE (ACS-5 4.18, 4.15).

They know passwords, locks and progress; what an erase does to the medium is the drive's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from tests.drivelab.atacommand import ABORTED, AtaError, Deferred, Taskfile
from tests.drivelab.clock import Clock

_TRIES = 5


class Security:
    """Passwords, locked and frozen. `erase(name, done)` wipes that part (0..1) of the drive."""

    def __init__(self, clock: Clock, erase_s: float, erase: Callable[[str, float], None]) -> None:
        self._clock = clock
        self._erase_s = erase_s
        self._erase = erase
        self._passwords: dict[bool, bytes] = {True: bytes(32)}  # by "is the master's"
        self._maximum = False
        self._prepared = False
        self._tries = _TRIES
        self.enabled = False
        self.locked = False
        self.frozen = False

    @property
    def word(self) -> int:
        """IDENTIFY word 128."""
        exhausted = self._tries == 0
        bits = 1 | self.enabled << 1 | self.locked << 2 | self.frozen << 3 | exhausted << 4
        return bits | 1 << 5 | (self._maximum and self.enabled) << 8

    def enable(self, password: bytes) -> None:
        """A user password, as a former owner set it."""
        self._passwords[False] = password.ljust(32, b"\0")
        self.enabled = self.locked = True

    def power_cycle(self) -> None:
        self.locked = self.enabled
        self.frozen = self._prepared = False
        self._tries = _TRIES

    def handle(self, task: Taskfile, data: bytes) -> None:
        """Commands F1h to F6h."""
        prepared, self._prepared = self._prepared, False
        if self.frozen or (task.command in (0xF1, 0xF5, 0xF6) and self.locked):
            raise AtaError
        match task.command:
            case 0xF1:  # SET PASSWORD
                master = bool(data[0] & 1)
                self._passwords[master] = bytes(data[2:34])
                if not master:
                    self.enabled, self._maximum = True, bool(data[1] & 1)
            case 0xF2:  # UNLOCK
                if self._right(data) and self._maximum:
                    raise AtaError
                self.locked = False
            case 0xF3:  # ERASE PREPARE
                self._prepared = True
            case 0xF4:  # ERASE UNIT
                if not prepared or not self.enabled:
                    raise AtaError
                self._right(data)
                self._erase_unit("enhanced-erase" if data[0] & 2 else "erase")
            case 0xF5:  # FREEZE LOCK
                self.frozen = True
            case 0xF6:  # DISABLE PASSWORD
                if self._right(data) and self._maximum:
                    raise AtaError
                self._disable()

    def _right(self, data: bytes) -> bool:
        """Whether the master's password was given; an error when a wrong one was."""
        master = bool(data[0] & 1)
        if self._tries == 0:
            raise AtaError
        if bytes(data[2:34]) != self._passwords.get(master):
            self._tries -= self.locked
            raise AtaError
        return master

    def _erase_unit(self, name: str) -> None:
        begun = self._clock.now()

        def finish() -> None:
            self._erase(name, 1.0)
            self._disable()

        def interrupt() -> None:
            # Enabled it stays, and after the next power-on it is locked.
            self._erase(name, min(1.0, (self._clock.now() - begun) / self._erase_s))

        raise Deferred(self._erase_s, finish, interrupt)

    def _disable(self) -> None:
        self.enabled = self.locked = False
        self._passwords.pop(False, None)


class Sanitize:
    """SANITIZE DEVICE: runs in the background, survives resets and power cuts."""

    _KEYS: ClassVar = {0x11: 0x43727970, 0x12: 0x426B4572, 0x20: 0x46724C6B, 0x40: 0x416E7469}
    _KINDS: ClassVar = {0x11: "crypto", 0x12: "block", 0x14: "overwrite"}

    def __init__(
        self,
        clock: Clock,
        kinds: frozenset[str],
        seconds: float,
        erase: Callable[[str, float], None],
    ) -> None:
        self._clock = clock
        self._kinds = kinds
        self._seconds = seconds
        self._erase = erase
        self._running: tuple[str, float] | None = None
        self._completed = True
        self._frozen = False
        self._antifreeze = False

    def power_cycle(self) -> None:
        self._frozen = self._antifreeze = False

    @property
    def progress(self) -> int | None:
        """65536ths of the running operation; None when none runs."""
        if self._running is None:
            return None
        kind, begun = self._running
        part = (self._clock.now() - begun) / self._seconds
        if part < 1:
            return int(part * 65536)
        self._running, self._completed = None, True
        self._erase(f"sanitize-{kind}", 1.0)
        return None

    def handle(self, task: Taskfile, *, locked: bool) -> None:
        """Command B4h; the feature says which, the address carries a key against accidents."""
        feature = task.feature
        if feature in self._KEYS and task.lba & 0xFFFFFFFF != self._KEYS[feature]:
            raise AtaError(ABORTED, 0)
        if feature == 0x14 and task.lba >> 32 != 0x4F57:
            raise AtaError(ABORTED, 0)
        busy = self.progress is not None
        match feature:
            case 0x00:
                pass
            case 0x11 | 0x12 | 0x14:
                if self._frozen:
                    raise AtaError(ABORTED, 2)  # reason: frozen
                if busy or locked or self._KINDS[feature] not in self._kinds:
                    raise AtaError(ABORTED, 0)
                self._running = self._KINDS[feature], self._clock.now()
                self._completed = False
            case 0x20:
                if busy or self._antifreeze:
                    raise AtaError(ABORTED, 0)
                self._frozen = True
            case 0x40:
                self._antifreeze = True
            case _:
                raise AtaError(ABORTED, 0)
        part = self.progress
        running = part is not None
        task.count = self._completed << 15 | running << 14 | self._frozen << 13
        task.count |= self._antifreeze << 12
        task.lba = 0xFFFF if part is None else part
