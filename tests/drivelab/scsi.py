"""The firmware of a SCSI disk (SAS, or what a USB bridge shows): a device server, no transport.

After SPC-5 and SBC-4. A transport hands in the command and the host's data and is called back
with status, data and sense when the command has ended, which may be later. Reads, writes, VPD
pages, mode pages, SANITIZE with progress; no FORMAT UNIT, no reservations, no UNMAP.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Callable
from dataclasses import dataclass

from tests.drivelab.clock import Clock
from tests.drivelab.firmware import Firmware, field
from tests.drivelab.media import Buffer, Medium, MediumError

Done = Callable[[int, Buffer, bytes], None]
"""Status, data for the host, sense data."""

GOOD, CHECK_CONDITION = 0x00, 0x02
SAS_PROTOCOL = 6
# Sense key, additional sense code and its qualifier (SPC-5 annex F).
NO_SENSE = (0x0, 0x00, 0x00)
IN_SANITIZE = (0x2, 0x04, 0x1B)
SANITIZE_FAILED = (0x3, 0x31, 0x03)
UNREADABLE, UNWRITABLE = (0x3, 0x11, 0x00), (0x3, 0x0C, 0x02)
NO_SUCH_COMMAND, NO_SUCH_ADDRESS = (0x5, 0x20, 0x00), (0x5, 0x21, 0x00)
NO_SUCH_FIELD, WRONG_PARAMETER = (0x5, 0x24, 0x00), (0x5, 0x26, 0x00)
POWERED_ON = (0x6, 0x29, 0x00)

_SANITIZES = {1: "overwrite", 2: "block", 3: "crypto"}
_EXIT_FAILURE_MODE = 0x1F
_STEP = 2048
# Answered whatever the drive is at (SBC-4 4.11.2).
_ALWAYS = frozenset((0x03, 0x12, 0xA0))
_ATA_PASS_THROUGH = frozenset((0x85, 0xA1))


class ScsiError(Exception):
    """The command ends in CHECK CONDITION with this sense."""

    def __init__(self, sense: tuple[int, int, int]) -> None:
        super().__init__("sense {:x}/{:02x}/{:02x}".format(*sense))
        self.sense = sense


@dataclass(frozen=True, slots=True, kw_only=True)
class ScsiTraits:
    """What the maker chose. Times in simulated seconds.

    `extra_bytes`: in each sector beyond the medium's 512 (8 makes 520-byte sectors). `rpm`: 1 is
    solid state, 0 says nothing. `sanitize`: of overwrite, block, crypto. `keeps`: of these, and
    `erases half`, what leaves data where it was. `fails`: sanitizes that end in failure.
    `vital`: whether it has VPD pages at all (sticks often have none). `eats_pass_through`: ATA
    commands end as good and do nothing, as some bridges do; else they are refused.
    """

    vendor: str
    product: str
    serial: str
    revision: str = "1.0"
    wwn: int | None = None
    protocol: int | None = SAS_PROTOCOL
    rpm: int = 1
    extra_bytes: int = 0
    sanitize: frozenset[str] = frozenset()
    sanitize_s: float = 300.0
    keeps: frozenset[str] = frozenset()
    fails: frozenset[str] = frozenset()
    reads_zeros: bool = True
    removable: bool = False
    vital: bool = True
    eats_pass_through: bool = False


class ScsiDisk(Firmware):
    """Logical unit 0. `before_command` hooks get the command and may raise `ScsiError`."""

    def __init__(self, clock: Clock, medium: Medium, traits: ScsiTraits) -> None:
        super().__init__(clock)
        self.medium = medium
        self.traits = traits
        self.serial = traits.serial
        self.before_command: list[Callable[[bytes], None]] = []
        self._sanitizing: tuple[str, float, bytes] | None = None
        self.stuck_at: float | None = None
        self._failed = False
        self._may_exit = False
        self._attention = True
        self._inquiry()  # a wrong choice of the maker shows now, not in the guest

    @property
    def block_bytes(self) -> int:
        return self.medium.block_bytes + self.traits.extra_bytes

    def execute(self, cdb: bytes, data: Buffer, done: Done) -> None:
        """Execute a command; `done` is called at once or when it has ended."""
        cdb = bytes(cdb).ljust(16, b"\0")
        with self.lock:
            try:
                for hook in self.before_command:
                    hook(cdb)
                self._hindrances(cdb[0])
                answer = self._command(cdb, data, done)
            except ScsiError as error:
                done(CHECK_CONDITION, b"", self._sense(error.sense))
            except MediumError as error:
                self.note(str(error))
                sense = UNREADABLE if error.kind == "unreadable" else UNWRITABLE
                done(CHECK_CONDITION, b"", fixed_sense(sense, information=error.lba))
            else:
                if answer is not None:
                    done(GOOD, answer, b"")

    def _hindrances(self, opcode: int) -> None:
        if opcode in _ALWAYS:
            return
        if self._attention:
            self._attention = False
            raise ScsiError(POWERED_ON)
        if self._progress() is not None:
            raise ScsiError(IN_SANITIZE)
        if self._failed and opcode != 0x48:
            raise ScsiError(SANITIZE_FAILED)

    def _command(self, cdb: bytes, data: Buffer, done: Done) -> Buffer | None:
        match cdb[0]:
            case 0x00 | 0x1B | 0x1E | 0x35 | 0x91:
                if cdb[0] in (0x35, 0x91):
                    self.medium.flush()
                return b""
            case 0x03:
                state = SANITIZE_FAILED if self._failed else NO_SENSE
                return self._sense(IN_SANITIZE if self._progress() is not None else state)[: cdb[4]]
            case 0x12:
                answer = self._vital(cdb[2]) if cdb[1] & 1 else self._inquiry()
                return answer[: int.from_bytes(cdb[3:5], "big")]
            case 0x1A:
                return self._modes(cdb, long=False)[: cdb[4]]
            case 0x5A:
                return self._modes(cdb, long=True)[: int.from_bytes(cdb[7:9], "big")]
            case 0x25:
                last = min(self.medium.blocks - 1, 0xFFFFFFFF)
                return struct.pack(">II", last, self.block_bytes)
            case 0x9E if cdb[1] & 31 == 0x10:
                zeros = 0xC000 if self.traits.reads_zeros and self.traits.vital else 0
                body = struct.pack(">QIBBH", self.medium.blocks - 1, self.block_bytes, 0, 0, zeros)
                return body.ljust(32, b"\0")[: int.from_bytes(cdb[10:14], "big")]
            case 0x28 | 0x2A:
                return self._move(cdb, cdb[2:6], cdb[7:9], data)
            case 0x88 | 0x8A:
                return self._move(cdb, cdb[2:10], cdb[10:14], data)
            case 0x48:
                return self._sanitize(cdb, data, done)
            case 0xA0:
                return struct.pack(">II", 8, 0) + bytes(8)
            case 0xA3 if cdb[1] & 31 == 0x0C and self.traits.protocol is not None:
                return self._operation(cdb)[: int.from_bytes(cdb[6:10], "big")]
        if cdb[0] in _ATA_PASS_THROUGH and self.traits.eats_pass_through:
            return bytes(512)
        raise ScsiError(NO_SUCH_COMMAND)

    # --- who it is

    def _inquiry(self) -> bytes:
        """Standard INQUIRY data (SPC-5 6.7.2): SPC-4, command queuing, our names."""
        names = (field(self.traits.vendor, 8), field(self.traits.product, 16))
        head = bytes((0, 0x80 if self.traits.removable else 0, 6, 0x02, 91, 0, 0, 2))
        return (head + b"".join(names) + field(self.traits.revision, 4)).ljust(96, b"\0")

    def _vital(self, page: int) -> bytes:
        pages = {
            0x00: bytes((0x00, 0x80, 0x83, 0xB0, 0xB1)),
            0x80: field(self.traits.serial, 20),
            0x83: self._designators(),
            0xB0: bytes((0, 0, 0, 1)) + bytes(56),
            0xB1: struct.pack(">H", self.traits.rpm) + bytes(58),
        }
        if not self.traits.vital or page not in pages:
            raise ScsiError(NO_SUCH_FIELD)
        return struct.pack(">BBH", 0, page, len(pages[page])) + pages[page]

    def _designators(self) -> bytes:
        """The unit's NAA name, and its target port with the protocol (SPC-5 7.7.6)."""
        if self.traits.wwn is None:
            return b""
        found = bytes((0x01, 0x03, 0, 8)) + self.traits.wwn.to_bytes(8, "big")
        if self.traits.protocol is not None:
            head = bytes((self.traits.protocol << 4 | 1, 0x93, 0, 8))
            found += head + (self.traits.wwn + 1).to_bytes(8, "big")
        return found

    def _modes(self, cdb: bytes, *, long: bool) -> bytes:
        """MODE SENSE: caching (write cache on) and control; FUA is supported."""
        page, pages = cdb[2] & 0x3F, b""
        if page in (0x08, 0x3F):
            pages += bytes((0x08, 18, 0x04)).ljust(20, b"\0")
        if page in (0x0A, 0x3F):
            pages += bytes((0x0A, 10, 0x02)).ljust(12, b"\0")
        if not pages:
            raise ScsiError(NO_SUCH_FIELD)
        block = b"" if cdb[1] & 8 else struct.pack(">II", self.medium.blocks, self.block_bytes)
        if long:
            head = struct.pack(">HBBHH", 6 + len(block) + len(pages), 0, 0x10, 0, len(block))
        else:
            head = bytes((3 + len(block) + len(pages), 0, 0x10, len(block)))
        return head + block + pages

    def _operation(self, cdb: bytes) -> bytes:
        """REPORT SUPPORTED OPERATION CODES (SPC-5 6.31) for one command."""
        opcode, action = cdb[3], int.from_bytes(cdb[4:6], "big")
        supported = opcode in (0x00, 0x03, 0x12, 0x1A, 0x28, 0x2A, 0x88, 0x8A, 0x9E, 0xA0)
        if opcode == 0x48:
            supported = _SANITIZES.get(action, "") in self.traits.sanitize
            supported |= action == _EXIT_FAILURE_MODE and bool(self.traits.sanitize)
        size = 10 if opcode < 0x60 else 16
        if not supported:
            return bytes((0, 1, 0, 0))
        return bytes((0, 3, 0, size, opcode)).ljust(4 + size, b"\xff")

    # --- blocks

    def _move(self, cdb: bytes, place: bytes, length: bytes, data: Buffer) -> Buffer:
        first, count = int.from_bytes(place, "big"), int.from_bytes(length, "big")
        if first + count > self.medium.blocks:
            raise ScsiError(NO_SUCH_ADDRESS)
        extra, size = self.traits.extra_bytes, self.medium.block_bytes
        if cdb[0] & 2:
            if extra:
                step = size + extra
                data = b"".join(bytes(data[n * step : n * step + size]) for n in range(count))
            self.medium.write(first, data)
            return b""
        found = self.medium.read(first, count)
        if extra:
            blocks = (found[n * size : (n + 1) * size] for n in range(count))
            return b"".join(bytes(block) + bytes(extra) for block in blocks)
        return found

    # --- sanitize

    def _sanitize(self, cdb: bytes, data: Buffer, done: Done) -> Buffer | None:
        """SANITIZE (SBC-4 5.31): IMMED in bit 7, AUSE in bit 5, the service action below."""
        action, at_once = cdb[1] & 31, bool(cdb[1] & 0x80)
        if action == _EXIT_FAILURE_MODE and self.traits.sanitize:
            if self._failed and not self._may_exit:
                raise ScsiError(SANITIZE_FAILED)
            self._failed = False
            self.note("left the failure mode")
            return b""
        kind = _SANITIZES.get(action, "")
        if kind not in self.traits.sanitize:
            raise ScsiError(NO_SUCH_FIELD)
        pattern = b""
        if kind == "overwrite":
            length = int.from_bytes(data[2:4], "big")
            pattern = bytes(data[4 : 4 + length])
            if not length or len(pattern) != length or length > self.block_bytes:
                raise ScsiError(WRONG_PARAMETER)
        self._may_exit = bool(cdb[1] & 0x20)
        self._failed = False
        self._sanitizing = kind, self.clock.now(), pattern
        self.note(f"sanitize {kind} begins")

        def end() -> None:
            with self.lock:
                self._progress()
                if not at_once:
                    failed = self._failed
                    sense = fixed_sense(SANITIZE_FAILED) if failed else b""
                    done(CHECK_CONDITION if failed else GOOD, b"", sense)

        self.clock.after(self.traits.sanitize_s, end)
        return b"" if at_once else None

    def _progress(self) -> int | None:
        if self._sanitizing is None:
            return None
        kind, begun, pattern = self._sanitizing
        if self.stuck_at is not None:
            return int(self.stuck_at * 65536)
        part = (self.clock.now() - begun) / self.traits.sanitize_s
        if part < 1:
            return int(part * 65536)
        self._sanitizing = None
        self._failed = kind in self.traits.fails
        kept = kind in self.traits.keeps or self._failed
        ended = "failed" if self._failed else "kept the data" if kept else "done"
        self.note(f"sanitize {kind} {ended}")
        if not kept:
            self._wipe(kind, pattern)
        return None

    def _wipe(self, kind: str, pattern: bytes) -> None:
        blocks, size = self.medium.blocks, self.medium.block_bytes
        if "erases half" in self.traits.keeps:
            blocks //= 2
        if kind == "block" or (kind == "overwrite" and not any(pattern)):
            self.medium.zero(0, blocks)
            return
        noise = random.Random(self.traits.serial)
        for first in range(0, blocks, _STEP):
            count = min(_STEP, blocks - first)
            # With another key, what was written reads as noise.
            one = noise.randbytes(count * size) if kind == "crypto" else b""
            self.medium.write(first, one or (pattern * size)[:size] * count)

    def _sense(self, sense: tuple[int, int, int]) -> bytes:
        progress = self._progress() if sense == IN_SANITIZE else None
        return fixed_sense(sense, progress=progress)


def sanitizing(disk: ScsiDisk, kind: str) -> ScsiDisk:
    """The disk with a SANITIZE under way that began before it was plugged in."""
    (action,) = (number for number, name in _SANITIZES.items() if name == kind)
    for cdb in (bytes(6), bytes((0x48, 0xA0 | action))):  # the first hears of the power-on
        disk.execute(cdb, b"", lambda _status, _data, _sense: None)
    return disk


def sanitizing_until_consent(disk: ScsiDisk, kind: str) -> ScsiDisk:
    """The same, half done until somebody consents, however long the PC takes to start."""
    sanitizing(disk, kind).stuck_at = 0.5

    def go_on() -> None:
        disk.stuck_at = None

    disk.moments["consent"] = go_on
    return disk


def fixed_sense(
    sense: tuple[int, int, int], *, progress: int | None = None, information: int | None = None
) -> bytes:
    """Sense data in fixed format (SPC-5 4.4.3). `progress` of 65536 parts."""
    key, code, qualifier = sense
    valid = 0x80 if information is not None else 0
    raw = bytearray(18)
    raw[0], raw[2], raw[7], raw[12], raw[13] = 0x70 | valid, key, 10, code, qualifier
    if information is not None:
        struct.pack_into(">I", raw, 3, information & 0xFFFFFFFF)
    if progress is not None:
        struct.pack_into(">BH", raw, 15, 0x80, progress)
    return bytes(raw)
