"""eMMC as the guest's sdhci driver sees it: an SD host controller 3.0 as a PCI function, ADMA2.

After the SD Host Controller Simplified Specification 3.00. One soldered device in its slot; no
PIO and no SDMA transfers, no tuning. A command that the device does not know is never answered,
which is how SD and SDIO are ruled out.
"""

from __future__ import annotations

import struct
from typing import ClassVar

from tests.drivelab import emmc
from tests.drivelab.emmc import Emmc
from tests.drivelab.media import Buffer, MediumError
from tests.drivelab.vfiouser import INTX, MSI, PciFunction

_IDS = (0x1B36, 0x0007)
_BLOCK_SIZE, _BLOCK_COUNT, _ARGUMENT, _MODE, _COMMAND, _RESPONSE = (
    0x04,
    0x06,
    0x08,
    0x0C,
    0x0E,
    0x10,
)
_PRESENT, _CLOCK, _RESET, _STATUS, _ENABLED, _SIGNALLED = 0x24, 0x2C, 0x2F, 0x30, 0x34, 0x38
_CAPABILITIES, _ADMA, _VERSION = 0x40, 0x58, 0xFE
_COMMAND_COMPLETE, _TRANSFER_COMPLETE, _ERROR = 1, 2, 1 << 15
_COMMAND_TIMEOUT, _DATA_TIMEOUT = 1 << 16, 1 << 20
# 52 MHz, 8 bits, ADMA2, high speed, 3.3 and 1.8 V, embedded slot.
_OFFERED = 52 << 8 | 1 << 7 | 52 | 1 << 18 | 1 << 19 | 1 << 21 | 1 << 24 | 1 << 26 | 1 << 30
# Card inserted and stable, lines high; command and data lines in use; DAT0.
_INSERTED, _IN_USE, _DATA_LINE = 0x01FF0000, 6, 1 << 20
_BUSY_RESPONSE, _WITH_DATA = 3, 0x20
_BY_DMA, _COUNTED = 1, 2
_OCR_READY = 0xC0FF8080


class SdhciFunction(PciFunction):
    """BAR 0 with the registers of one slot."""

    regions: ClassVar = {0: 0x1000}
    vectors: ClassVar = {INTX: 1, MSI: 1}

    def __init__(self, card: Emmc) -> None:
        super().__init__(card.lock, config_bytes=256)
        self._card = card
        card.unplug = self._pull
        self._registers = bytearray(0x100)
        self._status = 0
        self._busy = self._gone = False
        self.put_config(0x00, struct.pack("<HHHHBBBB", *_IDS, 0, 0x10, 1, 1, 5, 8))
        self.put_config(0x04, bytes(2), struct.pack("<H", 0x0407))
        self.put_config(0x10, bytes(4), struct.pack("<I", 0xFFFFF000))
        self.put_config(0x2C, struct.pack("<HH", 0x1AF4, 0x1100))
        self.put_config(0x34, b"\x50")
        self.put_config(0x3C, b"\0\1", b"\xff")
        self.put_config(
            0x50,
            struct.pack("<BBHIIH", 5, 0, 0x80, 0, 0, 0),
            struct.pack("<BBHIIH", 0, 0, 1, 0xFFFFFFFC, 0xFFFFFFFF, 0xFFFF),
        )
        self.reset()

    def reset(self) -> None:
        self._registers = bytearray(0x100)
        struct.pack_into("<I", self._registers, _CAPABILITIES, _OFFERED)
        struct.pack_into("<H", self._registers, _VERSION, 2)
        self._status, self._busy = 0, False
        self._card.state = emmc.IDLE
        self.line(False)

    def _pull(self) -> None:
        self._card.note("vanished")
        self._gone = True

    # --- registers

    def read(self, region: int, offset: int, length: int) -> bytes:
        raw = bytearray(self._registers)
        present = _INSERTED & ~(_DATA_LINE if self._card.state == emmc.PROGRAMMING else 0)
        struct.pack_into("<I", raw, _PRESENT, present | (_IN_USE if self._busy else 0))
        struct.pack_into("<I", raw, _STATUS, self._status)
        return bytes(raw[offset : offset + length]).ljust(length, b"\0")

    def write(self, region: int, offset: int, data: bytes) -> None:
        end = offset + len(data)
        if offset >= _VERSION - 2 or _CAPABILITIES <= offset < _CAPABILITIES + 16:
            return
        if offset == _RESET:
            self._reset_parts(data[0])
        elif _STATUS <= offset < _ENABLED:
            self._status &= ~(int.from_bytes(data, "little") << 8 * (offset - _STATUS))
            if not self._status & 0x7FFF0000:
                self._status &= ~_ERROR
            self._update()
        else:
            self._registers[offset:end] = data
            if offset <= _CLOCK < end:  # the internal clock is stable at once
                self._registers[_CLOCK] = (
                    data[_CLOCK - offset] & ~2 | (data[_CLOCK - offset] & 1) * 2
                )
            if offset <= _COMMAND < end:
                self._execute()
            if offset in (_ENABLED, _SIGNALLED):
                self._update()

    def _reset_parts(self, bits: int) -> None:
        if bits & 1:
            self.reset()
        elif bits & 6:  # of the command or data line: what is under way is forgotten
            self._busy = False

    def _register(self, offset: int, form: str = "<I") -> int:
        return int(struct.unpack_from(form, self._registers, offset)[0])

    def _raise(self, bits: int) -> None:
        self._status |= bits & (self._register(_ENABLED) | _ERROR)
        self._update()

    def _update(self) -> None:
        self.line(bool(self._status & self._register(_SIGNALLED)))

    # --- commands

    def _execute(self) -> None:
        command = self._register(_COMMAND, "<H")
        index, response_kind = command >> 8 & 63, command & 3
        with_data = bool(command & _WITH_DATA)
        argument = self._register(_ARGUMENT)
        if self._gone:
            self._raise(_COMMAND_TIMEOUT | _ERROR)
            return
        answered = self._command(index, argument, with_data)
        if answered is None:
            self._raise(_COMMAND_TIMEOUT | _ERROR)
            return
        response, busy_s = answered
        if isinstance(response, bytes):  # R2: 120 bits, without the checksum
            value = int.from_bytes(response, "big") >> 8
            self._registers[_RESPONSE : _RESPONSE + 16] = value.to_bytes(16, "little")
        elif response_kind:
            struct.pack_into("<I", self._registers, _RESPONSE, response)
        self._raise(_COMMAND_COMPLETE)
        if with_data:
            moved = self._data(index, argument)
            self._raise(_TRANSFER_COMPLETE if moved else _DATA_TIMEOUT | _ERROR)
        elif busy_s:
            self._be_busy(busy_s, line_tells=response_kind == _BUSY_RESPONSE)
        elif response_kind == _BUSY_RESPONSE:
            self._raise(_TRANSFER_COMPLETE)

    def _command(
        self, index: int, argument: int, with_data: bool
    ) -> tuple[int | bytes, float] | None:
        """Response and seconds of being busy; None: no answer."""
        card = self._card
        match index:
            case 0:
                card.state = emmc.IDLE
                return 0, 0
            case 1:
                return _OCR_READY, 0
            case 2:
                card.state = emmc.IDENTIFYING
                return card.cid, 0
            case 3:
                card.state, card.address = emmc.STANDBY, argument >> 16
                return card.status(), 0
            case 6 if not with_data:
                errors, busy_s = card.switch(argument)
                return card.status(errors), busy_s
            case 7:
                chosen = argument >> 16 == card.address
                card.state = emmc.TRANSFER if chosen else emmc.STANDBY
                return card.status(), 0
            case 9:
                return card.csd, 0
            case 10:
                return card.cid, 0
            case 35:
                card.erase_from(argument)
            case 36:
                card.erase_to(argument)
            case 38:
                errors, busy_s = card.erase(argument)
                return card.status(errors), busy_s
            case 8 | 17 | 18 | 24 | 25 if with_data:
                pass
            case 12 | 13 | 16 | 23:
                pass
            case _:
                return None
        return card.status(), 0

    def _data(self, index: int, argument: int) -> bool:
        """Move the data of a command; False where the device refuses."""
        mode = self._register(_MODE, "<H")
        if not mode & _BY_DMA:  # the firmware's driver: it finds no medium, and goes on
            return False
        counted = mode & _COUNTED
        count = self._register(_BLOCK_COUNT, "<H") if counted else 1
        card = self._card
        parts = self._parts()
        try:
            if index in (24, 25):
                length = count * (self._register(_BLOCK_SIZE, "<H") & 0xFFF)
                return card.write(argument, b"".join(parts)[:length])
            found: Buffer | None = card.ext_csd if index == 8 else card.read(argument, count)
        except MediumError as error:
            card.note(str(error))
            return False
        if found is None:
            return False
        view, at = memoryview(found), 0
        for part in parts:
            step = min(len(part), len(view) - at)
            part[:step] = view[at : at + step]
            at += step
        return True

    def _parts(self) -> list[memoryview]:
        """The guest's buffers: an ADMA2 descriptor table (1.13) with 32-bit addresses."""
        address, found = self._register(_ADMA), []
        while True:
            flags, length, target = struct.unpack("<HHI", self.guest(address, 8))
            address += 8
            kind = flags >> 4 & 3
            if kind == 2:
                found.append(self.guest(target, length or 65536))
            elif kind == 3:
                address = target
            if flags & 2:
                return found

    def _be_busy(self, seconds: float, *, line_tells: bool) -> None:
        card = self._card
        card.state, self._busy = emmc.PROGRAMMING, line_tells

        def end() -> None:
            with self.lock:
                card.state, self._busy = emmc.TRANSFER, False
                if line_tells:
                    self._raise(_TRANSFER_COMPLETE)

        card.clock.after(seconds, end)
