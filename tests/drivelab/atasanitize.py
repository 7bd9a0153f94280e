"""ATA's SANITIZE DEVICE feature set as a state machine (ACS-5 4.15): it runs in the background.

An operation survives resets and power cuts. After a failure the drive gives no access to its
medium until a later one succeeds, or until it is cleared, where the failed command had allowed
that. What an operation does to the medium is the drive's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from tests.drivelab.atacommand import ABORTED, AtaError, Taskfile
from tests.drivelab.clock import Clock

# SANITIZE DEVICE ERROR REASON, in LBA(7:0) of an aborted command.
_NOT_REPORTED, _UNSUCCESSFUL, _UNSUPPORTED, _FROZEN, _ANTIFREEZE = range(5)
_FAILURE_MODE, _CLEAR_FAILED = 1 << 4, 1


class Sanitize:
    """Progress, failure, freeze lock. `erase(name, part, pattern)` wipes that part (0..1).

    What a personality may set: `only_says_yes`: commands are taken and nothing begins.
    `stuck_at`: progress stops at that part. `stays_open`: the medium can be read and written
    while an operation runs, which the standard forbids. `failures`: so many operations fail, half
    done. `succeeded`: the log holds the success of an earlier operation.
    """

    _KEYS: ClassVar = {0x11: 0x43727970, 0x12: 0x426B4572, 0x20: 0x46724C6B, 0x40: 0x416E7469}
    _KINDS: ClassVar = {0x11: "crypto", 0x12: "block", 0x14: "overwrite"}

    def __init__(
        self,
        clock: Clock,
        kinds: frozenset[str],
        seconds: float,
        erase: Callable[[str, float, bytes], None],
    ) -> None:
        self.seconds = seconds
        self.succeeded = False
        self.failed = False
        self.only_says_yes = False
        self.stuck_at: float | None = None
        self.stays_open = False
        self.failures = 0
        self._clock = clock
        self._kinds = kinds
        self.does = erase
        self._running: tuple[str, bytes, float] | None = None
        self._may_clear = False
        self._frozen = False
        self._antifreeze = False

    def power_cycle(self) -> None:
        self._frozen = self._antifreeze = False

    def start(self, kind: str, pattern: bytes = bytes(4)) -> None:
        """An operation begins now."""
        self._running = kind, pattern, self._clock.now()
        self.succeeded = self.failed = False

    @property
    def progress(self) -> int | None:
        """65536ths of the running operation; None when none runs."""
        if self._running is None:
            return None
        kind, pattern, begun = self._running
        part = (self._clock.now() - begun) / self.seconds
        if self.stuck_at is not None:
            part = min(part, self.stuck_at)
        if part < 1:
            return int(part * 65536)
        self._running = None
        self.failed = self.failures > 0
        self.failures -= self.failed
        self.succeeded = not self.failed
        self.does(f"sanitize-{kind}", 0.5 if self.failed else 1.0, pattern)
        return None

    @property
    def closed(self) -> bool:
        """Whether the medium can be neither read nor written."""
        running = self.progress is not None
        return self.failed or (running and not self.stays_open)

    def handle(self, task: Taskfile, *, locked: bool) -> None:
        """Command B4h; the feature says which, the address carries a key against accidents."""
        feature = task.feature
        busy = self.progress is not None
        match feature:
            case 0x00:
                if self.failed and task.count & _CLEAR_FAILED and self._may_clear:
                    self.failed = False
                if self.failed:
                    raise AtaError(ABORTED, _UNSUCCESSFUL)
            case 0x11 | 0x12 | 0x14:
                self._check_key(task)
                if self._frozen:
                    raise AtaError(ABORTED, _FROZEN)
                if busy or locked:
                    raise AtaError(ABORTED, _NOT_REPORTED)
                if self._KINDS[feature] not in self._kinds:
                    raise AtaError(ABORTED, _UNSUPPORTED)
                self._may_clear = bool(task.count & _FAILURE_MODE)
                if not self.only_says_yes:
                    pattern = (task.lba & 0xFFFFFFFF).to_bytes(4, "little")
                    self.start(self._KINDS[feature], pattern if feature == 0x14 else bytes(4))
            case 0x20:
                self._check_key(task)
                if busy or self._antifreeze:
                    raise AtaError(ABORTED, _ANTIFREEZE if self._antifreeze else _NOT_REPORTED)
                self._frozen = True
            case 0x40:
                self._check_key(task)
                self._antifreeze = True
            case _:
                raise AtaError(ABORTED, _UNSUPPORTED)
        part = self.progress
        running = part is not None
        task.count = self.succeeded << 15 | running << 14 | self._frozen << 13
        task.count |= self._antifreeze << 12
        task.lba = 0xFFFF if part is None else part

    def _check_key(self, task: Taskfile) -> None:
        if task.feature in self._KEYS and task.lba & 0xFFFFFFFF != self._KEYS[task.feature]:
            raise AtaError(ABORTED, _NOT_REPORTED)
        if task.feature == 0x14 and task.lba >> 32 != 0x4F57:
            raise AtaError(ABORTED, _NOT_REPORTED)
