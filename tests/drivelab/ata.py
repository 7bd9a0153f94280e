"""The firmware of an ATA drive: its command set as a state machine, without a transport.

A transport hands in a `Taskfile` and the host's data and is called back when the command has
ended, which may be later or, when the drive hangs, never. Personalities change what the maker
decided (`AtaTraits`), the medium, or hook into `before_command`.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from typing import Literal

from tests.drivelab import atacapacity
from tests.drivelab.atacommand import (
    NO_SUCH_ADDRESS,
    READY_WITH_ERROR,
    UNCORRECTABLE,
    AtaError,
    Deferred,
    Taskfile,
)
from tests.drivelab.ataidentify import (
    AtaNow,
    AtaTraits,
    checksummed,
    identify,
    smart_data,
    smart_thresholds,
)
from tests.drivelab.atasanitize import Sanitize
from tests.drivelab.atasecurity import Security
from tests.drivelab.clock import Clock
from tests.drivelab.firmware import Firmware
from tests.drivelab.media import Buffer, Medium, MediumError
from tests.drivelab.tcg import Tcg, TcgError

Done = Callable[[Buffer], None]
Reset = Literal["power", "hard", "soft"]

READS = frozenset((0x20, 0x24, 0x25, 0x29, 0xC4, 0xC8))
WRITES = frozenset((0x30, 0x34, 0x35, 0x39, 0xC5, 0xCA))
_VERIFIES = frozenset((0x40, 0x42))
_SECURITY = range(0xF1, 0xF7)
_TRUSTED = frozenset((0x5C, 0x5E))
# What a drive still does while a sanitize operation runs (ACS-5 4.15.7).
_DURING_SANITIZE = frozenset((0xEC, 0xB4, 0xE5, 0x2F, 0x47, 0xE1, 0xE7, 0xEA, 0xB0, 0xEF))
_SMART_SIGNATURE = 0xC24F
_WIPE_BLOCKS = 2048


class AtaDrive(Firmware):
    """One drive. `before_command` are hooks: they may raise `AtaError` or `Deferred`."""

    def __init__(self, clock: Clock, medium: Medium, traits: AtaTraits) -> None:
        super().__init__(clock)
        self.medium = medium
        self.traits = traits
        self.serial = traits.serial
        self.capacity = atacapacity.Capacity(traits, medium.blocks, self.note)
        self.written_blocks = 0
        self.before_command: list[Callable[[Taskfile], None]] = []
        self.security = Security(clock, traits.erase_s, self._wipe)
        self.sanitize = Sanitize(clock, traits.sanitize, traits.sanitize_s, self._wipe)
        self.tcg = Tcg(traits.tcg, self._revert, self.note) if traits.tcg else None
        self._pending: Deferred | None = None
        self._smart = True
        self._write_cache = True
        self._standby = False
        self._identify()  # a wrong choice of the maker shows now, not in the guest

    # --- the transport's side

    def submit(self, task: Taskfile, data: bytes, done: Done) -> None:
        """Execute; `done(data for the host)` when the command has ended, `task` is the answer."""
        with self.lock:
            task.normalize()
            try:
                for hook in self.before_command:
                    hook(task)
                answer = self._execute(task, data)
            except AtaError as error:
                task.status, task.error = READY_WITH_ERROR, error.bits
                if error.lba is not None:
                    task.lba = error.lba
                done(b"")
            except Deferred as wait:
                self._wait(wait, done)
            else:
                if self.traits.latency_s and task.command in READS | WRITES:
                    self.clock.after(self.traits.latency_s, lambda: self._late(answer, done))
                else:
                    done(answer)

    def reset(self, kind: Reset) -> None:
        """A power cycle, a COMRESET or a soft reset; a command under way is lost."""
        with self.lock:
            self.note(f"reset {kind}")
            pending, self._pending = self._pending, None
            if pending is not None:
                pending.interrupt()
            self.capacity.other_command()
            if kind == "power":
                self.medium.power_cut()
                self.capacity.power_cycle()
                self.security.power_cycle()
                self.sanitize.power_cycle()
                if self.tcg is not None:
                    self.tcg.power_cycle()
                self._standby = False

    def _late(self, answer: Buffer, done: Done) -> None:
        with self.lock:
            done(answer)

    def _wait(self, wait: Deferred, done: Done) -> None:
        self._pending = wait
        if wait.seconds is None:
            self.note("hangs")
            return

        def end() -> None:
            with self.lock:
                if self._pending is wait:
                    self._pending = None
                    wait.finish()
                    done(b"")

        self.clock.after(wait.seconds, end)

    # --- commands

    def _execute(self, task: Taskfile, data: bytes) -> Buffer:
        command = task.command
        if self.sanitize.closed and command not in _DURING_SANITIZE:
            raise AtaError
        if self.tcg is not None:
            if command in _TRUSTED:
                return self._trusted(self.tcg, task, data)
            # The two kinds of lock exclude each other, and a locked range takes no erase.
            if self.tcg.enabled and command in _SECURITY:
                raise AtaError
            if self.tcg.locked and (command == 0x06 or (command == 0xB4 and task.feature)):
                raise AtaError
        if command in atacapacity.COMMANDS:
            return self.capacity.handle(task)
        self.capacity.other_command()
        if command == 0xEC:
            self.note("identify")
            return self._identify()
        if command in READS or command in WRITES or command in _VERIFIES:
            return self._transfer(task, data)
        if command in _SECURITY and self.traits.security:
            self.note(f"security {command:02x}")
            self.security.handle(task, data)
        elif command == 0xB4 and self.traits.sanitize:
            self.note(f"sanitize {task.feature:02x}")
            self.sanitize.handle(task, locked=self.security.locked)
        elif command == 0xB0:
            return self._smart_command(task)
        elif command == 0x06 and self.traits.trim and task.feature & 1:
            self._trim(data)
        elif command in (0xE7, 0xEA):
            self.medium.flush()
        else:
            self._housekeeping(task)
        return b""

    def _trusted(self, tcg: Tcg, task: Taskfile, data: bytes) -> bytes:
        """TRUSTED RECEIVE and TRUSTED SEND: protocol in FEATURE, ComID and length in LBA."""
        protocol, comid = task.feature & 0xFF, task.lba >> 8 & 0xFFFF
        length = (task.count & 0xFF | (task.lba & 0xFF) << 8) * 512
        try:
            if task.command == 0x5C:
                return tcg.receive(protocol, comid, length)
            tcg.send(protocol, comid, data[:length])
        except TcgError as error:
            self.note(str(error))
            raise AtaError from error
        return b""

    def _revert(self) -> None:
        self._wipe("tcg-revert", 1.0)

    def _identify(self) -> bytes:
        now = AtaNow(
            serial=self.serial,
            accessible=self.capacity.accessible,
            block_bytes=self.medium.block_bytes,
            smart_enabled=self._smart,
            write_cache=self._write_cache,
            security_word=self.security.word,
        )
        return identify(self.traits, now)

    def _transfer(self, task: Taskfile, data: bytes) -> Buffer:
        first, count = task.lba, task.sectors
        if self.security.locked:
            raise AtaError
        if self.tcg is not None and (self.tcg.locked or self.tcg.shadow):
            return self._behind_locks(self.tcg, task)
        if first + count > self.capacity.accessible:
            raise AtaError(NO_SUCH_ADDRESS, first)
        self._standby = False
        try:
            if task.command in WRITES:
                self.medium.write(first, data[: count * self.medium.block_bytes])
                self.written_blocks += count
                return b""
            found = self.medium.read(first, count)
        except MediumError as error:
            self.note(str(error))
            raise AtaError(UNCORRECTABLE, error.lba) from error
        return found if task.command in READS else b""

    def _behind_locks(self, tcg: Tcg, task: Taskfile) -> bytes:
        """The shadow, where there is one; all else is an error (Opal SSC 2.02, 4.3.5)."""
        at = task.lba * self.medium.block_bytes
        wanted = task.sectors * self.medium.block_bytes
        if task.command not in READS or at + wanted > len(tcg.shadow):
            raise AtaError
        return tcg.shadow[at : at + wanted]

    def _trim(self, data: bytes) -> None:
        for (entry,) in struct.iter_unpack("<Q", data):
            first, count = entry & (1 << 48) - 1, entry >> 48
            if first + count > self.capacity.accessible:
                raise AtaError(NO_SUCH_ADDRESS, first)
            self.medium.zero(first, count)

    def _smart_command(self, task: Taskfile) -> bytes:
        if task.lba >> 8 & 0xFFFF != _SMART_SIGNATURE:
            raise AtaError
        if task.feature != 0xD8 and not self._smart:
            raise AtaError
        match task.feature:
            case 0xD0:
                return smart_data(self.traits)
            case 0xD1:
                return smart_thresholds()
            case 0xD5 if task.lba & 0xFF in (0x00, 0x01, 0x06):
                return checksummed(bytearray(512))
            case 0xD8 | 0xD9:
                self._smart = task.feature == 0xD8
            case 0xDA:  # RETURN STATUS: other values in the address mean failing
                if self.traits.failing:
                    task.lba = task.lba & 0xFF0000FF | 0x2CF4 << 8
            case 0xD2 | 0xD3 | 0xD4:
                pass
            case _:
                raise AtaError
        return b""

    def _housekeeping(self, task: Taskfile) -> None:
        match task.command:
            case 0xE5:  # CHECK POWER MODE
                task.count = 0x00 if self._standby else 0xFF
            case 0xE0 | 0xE2:
                self._standby = True
            case 0xE1 | 0xE3 | 0x91 | 0xC6:
                self._standby = False
            case 0xEF if task.feature in (0x02, 0x82):
                self._write_cache = task.feature == 0x02
            case 0xEF if task.feature in (0x03, 0x55, 0xAA, 0x05, 0x85):
                pass
            case _:
                raise AtaError

    def _wipe(self, name: str, part: float, pattern: bytes = b"") -> None:
        """What an erasing command does to the medium: all of it, a part, or nothing.

        Scrambled keys turn old data into noise; an overwrite leaves its pattern; all else zeros.
        """
        part = part / 2 if name in self.traits.halves else part
        kept = name in self.traits.keeps
        self.note(f"{name} {'kept the data' if kept else 'done'} ({part:.2f})")
        if kept:
            return
        # A normal erase ends where the accessible capacity does.
        visible = name == "erase" or self.traits.erases_visible
        blocks = self.capacity.accessible if visible else self.capacity.factory
        end = int(blocks * part)
        if name not in ("sanitize-crypto", "sanitize-overwrite", "tcg-revert"):
            self.medium.zero(0, end)
            return
        noise = name in ("sanitize-crypto", "tcg-revert")
        size = self.medium.block_bytes
        for first in range(0, end, _WIPE_BLOCKS):
            count = min(_WIPE_BLOCKS, end - first) * size
            self.medium.write(first, os.urandom(count) if noise else pattern * (count // 4))
