"""ATA's Security feature set as a state machine (ACS-5 4.18).

It knows passwords and locks; what an erase does to the medium is the drive's.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.drivelab.atacommand import AtaError, Deferred, Taskfile
from tests.drivelab.clock import Clock

_TRIES = 5


class Security:
    """Passwords, locked and frozen. `erase(name, done)` wipes that part (0..1) of the drive.

    A personality may set `aborts_at`: the part at which every erase ends with an error and a
    locked drive.
    """

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
        self.aborts_at: float | None = None

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

        if self.aborts_at is not None:
            self._erase(name, self.aborts_at)
            self.locked = True
            raise AtaError
        raise Deferred(self._erase_s, finish, interrupt)

    def _disable(self) -> None:
        self.enabled = self.locked = False
        self._passwords.pop(False, None)
