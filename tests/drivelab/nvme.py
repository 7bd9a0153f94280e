"""The firmware of an NVMe controller: admin and NVM commands, without a transport.

A transport hands in the 64 bytes of a submission queue entry with the host's data and is called
back when the command has ended, which may be later. Status is the 15-bit field of a completion.
Reads, writes, Format, Sanitize, namespaces; no namespace management, no directives.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from tests.drivelab.clock import Clock
from tests.drivelab.firmware import Firmware, field
from tests.drivelab.media import Buffer, Medium, MediumError
from tests.drivelab.nvmeidentify import (
    LBA_FORMATS,
    NvmeTraits,
    identify_controller,
    identify_namespace,
    sanitize_log,
    smart_log,
)
from tests.drivelab.tcg import Tcg, TcgError

Done = Callable[[int, Buffer, int], None]
"""Status, data for the host, the completion's dword 0."""

_DO_NOT_RETRY = 0x4000
INVALID_OPCODE, INVALID_FIELD, INVALID_NAMESPACE = 0x01, 0x02, 0x0B
SANITIZE_FAILED, SANITIZE_IN_PROGRESS = 0x1C, 0x1D
LBA_OUT_OF_RANGE, FORMAT_IN_PROGRESS = 0x80, 0x84
INVALID_LOG, INVALID_FORMAT = 0x109, 0x10A
WRITE_FAULT, UNRECOVERED_READ = 0x280, 0x281
ACCESS_DENIED = 0x286
_ALL = 0xFFFFFFFF
_SANITIZES = {2: "block", 3: "overwrite", 4: "crypto"}
_UNRESTRICTED = 1 << 3
_FAILED, _NOTHING_WRITTEN_SINCE = 3, 0x100
_FEATURES = frozenset((0x01, 0x02, 0x04, 0x05, 0x06, 0x08, 0x09, 0x0A, 0x0B, 0x0C))


class NvmeError(Exception):
    """The command ends with this status (type in bits 8-10, code below)."""

    def __init__(self, status: int, *, retry: bool = False) -> None:
        super().__init__(f"status {status:#05x}")
        self.status = status if retry else status | _DO_NOT_RETRY


@dataclass(slots=True)
class Namespace:
    """A namespace on a medium of 512-byte blocks, seen through its LBA format."""

    medium: Medium
    block_bytes: int = 512

    @property
    def factor(self) -> int:
        """Blocks of the medium in one of the namespace."""
        return self.block_bytes // self.medium.block_bytes

    @property
    def blocks(self) -> int:
        return self.medium.blocks // self.factor

    @property
    def size_bytes(self) -> int:
        return self.blocks * self.block_bytes


class NvmeController(Firmware):
    """One controller with namespaces 1 to n. `before_command` hooks may raise `NvmeError`."""

    def __init__(self, clock: Clock, media: list[Medium], traits: NvmeTraits) -> None:
        super().__init__(clock)
        self.traits = traits
        self.serial = traits.serial
        self.namespaces = {n: Namespace(medium) for n, medium in enumerate(media, 1)}
        self.written_bytes = 0
        self.before_command: list[Callable[[bool, bytes], None]] = []
        self._features: dict[int, int] = {0x06: 1}
        self._formatting: float | None = None
        self._sanitizing: tuple[str, float] | None = None
        self._sanitize_status = 0
        self._sanitize_order = 0
        self._failures_left = traits.sanitize_failures
        self._failure_mode = False
        self._events: list[Done] = []
        self.tcg = Tcg(traits.tcg, self._revert, self.note) if traits.tcg else None
        self._identify(1, 0)  # a wrong choice of the maker shows now, not in the guest

    def transfer(self, admin: bool, entry: bytes) -> tuple[bool, int]:
        """Whether data goes to the controller, and how many bytes a command moves."""
        opcode = entry[0]
        words = struct.unpack_from("<6I", entry, 40)
        to_controller = opcode & 3 == 1
        if opcode & 3 == 0:
            return False, 0
        if admin:
            if opcode in (0x81, 0x82):
                return to_controller, words[1]
            if opcode == 0x02:
                return False, ((words[0] >> 16 | (words[1] & 0xFFFF) << 16) + 1) * 4
            return to_controller, 4096 if opcode == 0x06 else 0
        if opcode in (0x01, 0x02):
            namespace = self.namespaces.get(int.from_bytes(entry[4:8], "little"))
            size = namespace.block_bytes if namespace else 0
            return to_controller, ((words[2] & 0xFFFF) + 1) * size
        return to_controller, ((words[0] & 0xFF) + 1) * 16 if opcode == 0x09 else 0

    def execute(self, admin: bool, entry: bytes, data: Buffer, done: Done) -> None:
        """Execute a command; `done` is called at once or when it has ended."""
        with self.lock:
            try:
                for hook in self.before_command:
                    hook(admin, entry)
                answer = (self._admin if admin else self._io)(entry, data, done)
            except NvmeError as error:
                done(error.status, b"", 0)
            except MediumError as error:
                self.note(str(error))
                status = UNRECOVERED_READ if error.kind == "unreadable" else WRITE_FAULT
                done(status | _DO_NOT_RETRY, b"", 0)
            else:
                if answer is not None:
                    done(0, *answer)

    def disable(self) -> None:
        """The host has switched the controller off (CC.EN): waiting events are dropped."""
        with self.lock:
            self._events.clear()

    # --- admin commands

    def _admin(self, entry: bytes, data: Buffer, done: Done) -> tuple[Buffer, int] | None:
        opcode, nsid = entry[0], int.from_bytes(entry[4:8], "little")
        words = struct.unpack_from("<6I", entry, 40)
        match opcode:
            case 0x06:
                return self._identify(words[0] & 0xFF, nsid), 0
            case 0x02:
                length = self.transfer(True, entry)[1]
                start = words[2] | words[3] << 32
                return self._log(words[0] & 0xFF)[start : start + length].ljust(length, b"\0"), 0
            case 0x09 | 0x0A:
                return b"", self._feature(words[0] & 0xFF, words[1], change=opcode == 0x09)
            case 0x0C:
                self._events.append(done)
                return None
            case 0x08:
                return b"", 1  # not aborted
            case 0x81 | 0x82 if self.tcg is not None:
                return self._security(self.tcg, opcode, words, data), 0
            case 0x80:
                self._format(words[0], nsid, done)
                return None
            case 0x84:
                self._sanitize(words[0])
                return b"", 0
        raise NvmeError(INVALID_OPCODE)

    def _security(self, tcg: Tcg, opcode: int, words: tuple[int, ...], data: Buffer) -> Buffer:
        """Security Send and Receive: protocol and ComID in dword 10, bytes in dword 11."""
        protocol, comid = words[0] >> 24, words[0] >> 8 & 0xFFFF
        try:
            if opcode == 0x82:
                return tcg.receive(protocol, comid, words[1])
            tcg.send(protocol, comid, bytes(data))
        except TcgError as error:
            self.note(str(error))
            raise NvmeError(INVALID_FIELD) from error
        return b""

    def _revert(self) -> None:
        self._wipe("tcg-revert", list(self.namespaces.values()))

    def power_cycle(self) -> None:
        """The controller had no power: its locks close again."""
        if self.tcg is not None:
            self.tcg.power_cycle()

    def _identify(self, structure: int, nsid: int) -> bytes:
        if structure == 1:
            capacity = sum(one.size_bytes for one in self.namespaces.values())
            return identify_controller(self.traits, len(self.namespaces), capacity)
        if structure == 2:
            numbers = [n for n in self.namespaces if n > nsid]
            return struct.pack(f"<{len(numbers)}I", *numbers).ljust(4096, b"\0")
        if structure not in (0, 3):
            raise NvmeError(INVALID_FIELD)
        number = 1 if nsid == _ALL else nsid
        namespace = self._namespace(number)
        if structure == 3:
            return (b"\x01\x08\0\0" + self._eui64(number)).ljust(4096, b"\0")
        left = 0
        if self._formatting is not None:
            part = (self.clock.now() - self._formatting) / self.traits.format_s
            left = max(1, 100 - int(100 * part))
        return identify_namespace(
            namespace.blocks, namespace.block_bytes, self._eui64(number), left
        )

    def _eui64(self, number: int) -> bytes:
        known = zlib.crc32(field(self.traits.serial, 20))
        return bytes.fromhex("525400") + struct.pack(">IB", known, number)

    def _log(self, page: int) -> bytes:
        match page:
            case 0x01:
                return bytes(4096)
            case 0x02:
                return smart_log(self.traits, self.written_bytes)
            case 0x03:
                return (b"\x01".ljust(8, b"\0") + field(self.traits.firmware, 8)).ljust(512, b"\0")
            case 0x05:
                return self._effects()
            case 0x81 if self.traits.sanitize:
                progress = self._sanitize_progress()
                status = self._sanitize_status if progress is None else 2
                return sanitize_log(progress, status, self._sanitize_order)
        raise NvmeError(INVALID_LOG)

    def _effects(self) -> bytes:
        """Commands Supported and Effects: supported; changes content, capabilities, exclusive."""
        raw = bytearray(4096)
        for opcode in (0x02, 0x06, 0x08, 0x09, 0x0A, 0x0C):
            struct.pack_into("<I", raw, 4 * opcode, 1)
        struct.pack_into("<I", raw, 4 * 0x80, 0x00020017)
        struct.pack_into("<I", raw, 4 * 0x84, 0x00020003)
        for opcode, effects in ((0, 3), (1, 3), (2, 1), (8, 3), (9, 3)):
            struct.pack_into("<I", raw, 1024 + 4 * opcode, effects)
        return bytes(raw)

    def _feature(self, number: int, value: int, *, change: bool) -> int:
        if number == 0x07:  # number of queues: eight of each
            return min(value & 0xFFFF, 7) | min(value >> 16, 7) << 16 if change else 0x00070007
        if number not in _FEATURES:
            raise NvmeError(INVALID_FIELD)
        if change:
            self._features[number] = value
            return 0
        return self._features.get(number, 0)

    def _format(self, order: int, nsid: int, done: Done) -> None:
        """Format NVM (5.1.10): LBA format in bits 0-3, secure erase setting in 9-11."""
        if not self.traits.format_supported:
            raise NvmeError(INVALID_OPCODE)
        self._expect_access()
        setting, lba_format = order >> 9 & 7, order & 15
        if lba_format >= len(LBA_FORMATS):
            raise NvmeError(INVALID_FORMAT)
        if setting > 2 or (setting == 2 and not self.traits.fna & 4):
            raise NvmeError(INVALID_FIELD)
        scope = self.traits.fna & (2 if setting else 1)
        chosen = [self._namespace(nsid)] if nsid != _ALL else []
        if scope or nsid == _ALL:
            chosen = list(self.namespaces.values())
        if self.traits.formats_first_only:
            chosen = chosen[:1]
        self._formatting = self.clock.now()
        self.note(f"format-{setting} begins")

        def finish() -> None:
            with self.lock:
                self._formatting = None
                # Without a secure erase nothing need be gone, and here nothing is.
                self._wipe(f"format-{setting}", chosen if setting else [])
                for namespace in chosen:
                    namespace.block_bytes = LBA_FORMATS[lba_format]
                done(0, b"", 0)

        self.clock.after(self.traits.format_s, finish)

    def _sanitize(self, order: int) -> None:
        if self._sanitize_progress() is not None:
            raise NvmeError(SANITIZE_IN_PROGRESS)
        if self.tcg is not None and self.tcg.locked:
            raise NvmeError(ACCESS_DENIED)
        action = order & 7
        if action == 1 and self.traits.sanitize:
            self._leave_failure_mode()
            return
        kind = _SANITIZES.get(action, "")
        if kind not in self.traits.sanitize:
            raise NvmeError(INVALID_FIELD)
        if self._failure_mode and not self._unrestricted and order & _UNRESTRICTED:
            raise NvmeError(SANITIZE_FAILED)
        if self.traits.forgets_sanitize:
            self.note(f"sanitize {kind} accepted and forgotten")
            return
        self.begin_sanitize(kind, order)
        self.clock.after(self.traits.sanitize_s, self._sanitize_ends)

    def begin_sanitize(self, kind: str, order: int) -> None:
        """Start one, as a command does; a personality may do it before the PC is switched on."""
        self.note(f"sanitize {kind} begins")
        self._failure_mode = False
        self._sanitize_order = order
        self._sanitizing = kind, self.clock.now()

    def run_until_moment(self, name: str, kind: str, order: int, seconds: float) -> None:
        """One runs already, and is over `seconds` after that moment."""
        self.begin_sanitize(kind, order)
        self._sanitizing = kind, float("inf")

        def go_on() -> None:
            self._sanitizing = kind, self.clock.now() + seconds - self.traits.sanitize_s

        self.moments[name] = go_on

    def fail_sanitize(self, order: int) -> None:
        """A sanitize has failed: nothing but another one, or leaving the mode, is taken."""
        self.note("sanitize failed")
        self._sanitize_order, self._sanitize_status = order, _FAILED
        self._sanitizing, self._failure_mode = None, True

    @property
    def _unrestricted(self) -> bool:
        return bool(self._sanitize_order & _UNRESTRICTED)

    def _leave_failure_mode(self) -> None:
        """The log goes on telling of the failure: it was the latest sanitize."""
        if self._failure_mode and not self._unrestricted:
            raise NvmeError(SANITIZE_FAILED)
        if self._failure_mode:
            self.note("failure mode left")
        self._failure_mode = False

    def _expect_access(self) -> None:
        if self._sanitize_progress() is not None:
            raise NvmeError(SANITIZE_IN_PROGRESS)
        if self._failure_mode:
            raise NvmeError(SANITIZE_FAILED)
        if self.tcg is not None and self.tcg.locked:
            raise NvmeError(ACCESS_DENIED)

    def _sanitize_ends(self) -> None:
        with self.lock:
            self._sanitize_progress()
            if self._events:  # Sanitize Operation Completed, log page 81h
                self._events.pop(0)(0, b"", 6 | 1 << 8 | 0x81 << 16)

    def _sanitize_progress(self) -> int | None:
        if self._sanitizing is None:
            return None
        kind, begun = self._sanitizing
        part = max(0.0, self.clock.now() - begun) / self.traits.sanitize_s
        if self.traits.stuck_at is not None:
            part = min(part, self.traits.stuck_at)
        if part < 1:
            return int(part * 65536)
        if self._failures_left:
            self._failures_left -= 1
            self.fail_sanitize(self._sanitize_order)
            return None
        self._sanitizing, self._sanitize_status = None, 1 | _NOTHING_WRITTEN_SINCE
        self._wipe(f"sanitize-{kind}", list(self.namespaces.values()))
        return None

    def _wipe(self, name: str, namespaces: list[Namespace]) -> None:
        kept = name in self.traits.keeps or not namespaces
        self.note(f"{name} {'kept the data' if kept else 'done'}")
        if not kept:
            for namespace in namespaces:
                reached = int(namespace.medium.blocks * self.traits.covers)
                namespace.medium.zero(0, reached)

    # --- NVM commands

    def _io(self, entry: bytes, data: Buffer, done: Done) -> tuple[Buffer, int]:
        opcode, nsid = entry[0], int.from_bytes(entry[4:8], "little")
        if opcode == 0x00 and nsid == _ALL:
            for one in self.namespaces.values():
                one.medium.flush()
            return b"", 0
        namespace = self._namespace(nsid)
        self._expect_access()
        if self._formatting is not None:
            raise NvmeError(FORMAT_IN_PROGRESS, retry=True)
        first, count = struct.unpack_from("<QH", entry, 40)
        count += 1
        factor = namespace.factor
        if opcode in (0x01, 0x02, 0x08) and first + count > namespace.blocks:
            raise NvmeError(LBA_OUT_OF_RANGE)
        match opcode:
            case 0x00:
                namespace.medium.flush()
            case 0x01:
                self._sanitize_status &= ~_NOTHING_WRITTEN_SINCE
                namespace.medium.write(first * factor, data)
                self.written_bytes += len(data)
            case 0x02:
                return namespace.medium.read(first * factor, count * factor), 0
            case 0x08:
                namespace.medium.zero(first * factor, count * factor)
            case 0x09:
                self._deallocate(namespace, entry, data)
            case _:
                raise NvmeError(INVALID_OPCODE)
        return b"", 0

    @staticmethod
    def _deallocate(namespace: Namespace, entry: bytes, data: Buffer) -> None:
        if not entry[44] & 4:
            return
        for number in range(entry[40] + 1):
            _, count, first = struct.unpack_from("<IIQ", data, 16 * number)
            if first + count > namespace.blocks:
                raise NvmeError(LBA_OUT_OF_RANGE)
            namespace.medium.zero(first * namespace.factor, count * namespace.factor)

    def _namespace(self, nsid: int) -> Namespace:
        if nsid not in self.namespaces:
            raise NvmeError(INVALID_NAMESPACE)
        return self.namespaces[nsid]
