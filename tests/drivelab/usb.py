"""A USB mass storage device: descriptors and the bulk-only transport, before a SCSI unit.

After USB 2.0 chapter 9 and "Mass Storage Class, Bulk-Only Transport 1.0". A stick, or the bridge
of a USB case: what it lets through to the unit and whose serial number it tells are its traits.
No transport of its own: something hands in control requests and bulk data.
"""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from tests.drivelab.clock import Clock
from tests.drivelab.firmware import Firmware
from tests.drivelab.media import Buffer
from tests.drivelab.scsi import GOOD, NO_SENSE, ScsiDisk, fixed_sense

BULK_IN, BULK_OUT = 0x81, 0x01
PACKET_BYTES = 512  # of a bulk endpoint at high speed
_CBW, _CSW = struct.Struct("<IIIBBB"), struct.Struct("<IIIB")
_CBW_SIGNATURE, _CSW_SIGNATURE = 0x43425355, 0x53425355
_CBW_BYTES = 31
_FROM_DEVICE = 0x80
_REQUEST_SENSE = 0x03
_ENGLISH = b"\x09\x04"
# SCSI commands, bulk only.
INTERFACE = (8, 6, 0x50)


@dataclass(frozen=True, slots=True, kw_only=True)
class UsbTraits:
    """What the device descriptor says; `serial` empty: none (iSerialNumber 0)."""

    vendor_id: int
    product_id: int
    maker: str
    product: str
    serial: str
    version: int = 0x0100


class UsbDevice(Firmware):
    """One interface with two bulk endpoints. `ready` is called when the host may get something."""

    def __init__(self, clock: Clock, disk: ScsiDisk, traits: UsbTraits) -> None:
        super().__init__(clock)
        self.disk = disk
        self.traits = traits
        self.serial = traits.serial
        self.ready: Callable[[], None] = lambda: None
        disk.lock = self.lock
        disk.listener = lambda text: self.note(text)
        self._command: tuple[int, int, int, bytes] | None = None
        self._received = bytearray()
        self._answers: deque[tuple[bytes, bool]] = deque()
        self._sense = fixed_sense(NO_SENSE)

    # --- control requests

    def control(self, kind: int, request: int, value: int) -> bytes | None:
        """The answer to a request on endpoint 0; None: stall."""
        match kind, request:
            case 0x80, 6:
                return self._descriptor(value >> 8, value & 0xFF)
            case 0x80 | 0x81 | 0x82, 0:
                return b"\1\0"
            case 0xA1, 0xFE:  # GET MAX LUN
                return b"\0"
            case 0x21, 0xFF:  # bulk-only reset
                self._command = None
                self._answers.clear()
                return b""
            case 0x00 | 0x01 | 0x02, _:
                return b""
        return None

    def _descriptor(self, kind: int, number: int) -> bytes | None:
        traits = self.traits
        if kind == 1:
            ids = (traits.vendor_id, traits.product_id, traits.version)
            texts = (1, 2, 3 if traits.serial else 0)
            return struct.pack("<BBHBBBBHHHBBBB", 18, 1, 0x0200, 0, 0, 0, 64, *ids, *texts, 1)
        if kind == 2:
            ends = b"".join(
                struct.pack("<BBBBHB", 7, 5, end, 2, PACKET_BYTES, 0) for end in (BULK_IN, BULK_OUT)
            )
            interface = bytes((9, 4, 0, 0, 2, *INTERFACE, 0)) + ends
            return struct.pack("<BBHBBBBB", 9, 2, 9 + len(interface), 1, 1, 0, 0xC0, 1) + interface
        if kind == 3:
            names = [one.encode("utf-16-le") for one in (traits.maker, traits.product, self.serial)]
            if number > len(names):
                return None
            raw = [_ENGLISH, *names][number]
            return bytes((2 + len(raw), 3)) + raw
        if kind == 6:
            return struct.pack("<BBHBBBBBB", 10, 6, 0x0200, 0, 0, 0, 64, 1, 0)
        return None

    # --- bulk-only transport

    def receive(self, data: Buffer) -> None:
        """Data of the host on the bulk-out endpoint: a command block, or what belongs to one."""
        with self.lock:
            if self._command is None:
                signature, tag, length, flags, _, size = _CBW.unpack_from(data)
                if signature != _CBW_SIGNATURE or len(data) != _CBW_BYTES:
                    self.note("not a command block")
                    return
                self._command = tag, length, flags, bytes(data[15 : 15 + size])
                self._received = bytearray()
                if length and not flags & _FROM_DEVICE:
                    return
            else:
                self._received += data
                if len(self._received) < self._command[1]:
                    return
            self._execute()

    def take(self, length: int) -> bytes | None:
        """Up to so many bytes for the host on the bulk-in endpoint; None: nothing yet."""
        if not self._answers:
            return None
        data, ends_short = self._answers.popleft()
        part, rest = data[:length], data[length:]
        # A data phase that is shorter than asked for ends in a packet that is not full.
        if rest or (ends_short and part and len(part) == length):
            self._answers.appendleft((rest, ends_short))
        return part

    def _execute(self) -> None:
        if self._command is None:
            return
        tag, length, flags, cdb = self._command
        wanted = length if flags & _FROM_DEVICE else 0

        def done(status: int, answer: Buffer, sense: bytes) -> None:
            with self.lock:
                data = bytes(answer[:wanted])
                if sense:
                    self._sense = sense
                if wanted:
                    self._answers.append((data, len(data) < wanted))
                left = length - (len(data) if wanted else len(self._received))
                failed = int(status != GOOD)
                self._answers.append((_CSW.pack(_CSW_SIGNATURE, tag, left, failed), False))
                self._command = None
            self.ready()

        if cdb[0] == _REQUEST_SENSE:  # it is the bridge that keeps the last sense
            sense, self._sense = self._sense, fixed_sense(NO_SENSE)
            done(GOOD, sense[: cdb[4]], b"")
        else:
            self.disk.execute(cdb, bytes(self._received), done)
