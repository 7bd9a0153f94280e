"""The firmware of a soldered eMMC device: commands and EXT_CSD after JESD84-B51, no transport.

A transport hands in one command at a time and asks how long the device is busy with it. Areas:
user data, two boot partitions, RPMB (there, but never used). What was erased reads as zeros; on
the medium it lies until SANITIZE, secure erase, or new data.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.drivelab.clock import Clock
from tests.drivelab.firmware import Firmware, field
from tests.drivelab.media import Buffer, Medium

# Bits of the device status (R1, 6.13).
SWITCH_ERROR, ERASE_PARAMETER, OUT_OF_RANGE = 1 << 7, 1 << 27, 1 << 31
_READY = 1 << 8
IDLE, IDENTIFYING, STANDBY, TRANSFER, PROGRAMMING = 0, 2, 3, 4, 7
# SEC_FEATURE_SUPPORT (7.4.30): secure erase, secure trim, TRIM, SANITIZE.
SECURE, TRIM, SANITIZE = 0x01, 0x10, 0x40
_BOOT_UNIT = 128 << 10
_RPMB_UNITS = 1
_GROUP = 1024  # blocks of 512 bytes in an erase group (HC_ERASE_GRP_SIZE 1)
_ERASES = {
    0x00000000: "erase",
    0x00000001: "trim",
    0x00000003: "discard",
    0x80000000: "secure-erase",
    0x80000001: "secure-trim-1",
    0x80008000: "secure-trim-2",
}
_SANITIZE_START, _PARTITION_CONFIG = 165, 179


@dataclass(frozen=True, slots=True, kw_only=True)
class EmmcTraits:
    """What the maker chose. Times in simulated seconds.

    `features`: SEC_FEATURE_SUPPORT. `keeps`: of `erase`, `trim`, `discard`, `secure-erase`,
    `secure-trim-2`, what leaves the data readable where it was.
    """

    name: str
    serial: int
    features: int = SECURE | TRIM | SANITIZE
    erase_s: float = 3.0
    sanitize_s: float = 180.0
    keeps: frozenset[str] = frozenset()


class _Area:
    """A partition: its medium, and which of its blocks are mapped."""

    def __init__(self, medium: Medium) -> None:
        self.medium = medium
        self._unmapped = bytearray(medium.blocks)

    def read(self, first: int, count: int) -> Buffer:
        gone = self._unmapped[first : first + count]
        if not any(gone):
            return self.medium.read(first, count)
        found = bytearray(self.medium.read(first, count))
        for place, unmapped in enumerate(gone):
            if unmapped:
                found[512 * place : 512 * (place + 1)] = bytes(512)
        return found

    def write(self, first: int, data: Buffer) -> None:
        count = len(data) // 512
        self.medium.write(first, data)
        self._unmapped[first : first + count] = bytes(count)

    def unmap(self, first: int, count: int) -> None:
        self._unmapped[first : first + count] = b"\1" * count

    def destroy(self, first: int, count: int) -> None:
        """Physically, and it reads as zeros."""
        self.medium.zero(first, count)

    def sanitize(self) -> None:
        """Whatever is unmapped is gone from the medium, too."""
        at = self._unmapped.find(1)
        while at >= 0:
            end = self._unmapped.find(0, at)
            end = self.medium.blocks if end < 0 else end
            self.medium.zero(at, end - at)
            at = self._unmapped.find(1, end)


class Emmc(Firmware):
    """User area, boot 1 and boot 2; `media` in this order, of 512-byte blocks."""

    def __init__(self, clock: Clock, media: Sequence[Medium], traits: EmmcTraits) -> None:
        super().__init__(clock)
        self.traits = traits
        self.serial = f"0x{traits.serial:08x}"
        user, boot1, boot2 = media
        if boot1.blocks != boot2.blocks or boot1.blocks * 512 % _BOOT_UNIT:
            raise ValueError("boot partitions are alike, and multiples of 128 KiB")
        self._areas = {0: _Area(user), 1: _Area(boot1), 2: _Area(boot2)}
        self.state = IDLE
        self.address = 1
        self._erase_first = self._erase_last = 0
        self.ext_csd = self._extended()
        # CID (7.2): maker, eMMC, name of 6 characters, revision, serial, made in 2023.
        names = field(traits.name, 6) + b"\x10" + traits.serial.to_bytes(4, "big")
        self.cid = b"\x45\x01\x00" + names + b"\x1a\x01"
        # CSD (7.3): version 1.2, 52 MHz, size in EXT_CSD, 512-byte blocks.
        self.csd = bytes.fromhex("d02701320f5903ffffffffef86400001")

    @property
    def blocks(self) -> int:
        """Of the area that is selected."""
        return self._area.medium.blocks

    def status(self, errors: int = 0) -> int:
        """R1: the state, whether it is ready for data, and errors."""
        ready = 0 if self.state == PROGRAMMING else _READY
        return self.state << 9 | ready | errors

    def read(self, first: int, count: int) -> Buffer | None:
        """Blocks of the selected area; None beyond its end."""
        if first + count > self.blocks:
            return None
        return self._area.read(first, count)

    def write(self, first: int, data: Buffer) -> bool:
        """False beyond the end of the area."""
        if first + len(data) // 512 > self.blocks:
            return False
        self._area.write(first, data)
        return True

    def switch(self, argument: int) -> tuple[int, float]:
        """CMD6: error bits, and seconds of being busy."""
        mode, index, value = argument >> 24 & 3, argument >> 16 & 0xFF, argument >> 8 & 0xFF
        if index == _SANITIZE_START:
            if not self.traits.features & SANITIZE:
                return SWITCH_ERROR, 0
            self.note("sanitize begins")
            self._later(self.traits.sanitize_s, self._sanitize)
            return 0, self.traits.sanitize_s
        old = self.ext_csd[index]
        self.ext_csd[index] = {1: old | value, 2: old & ~value, 3: value}.get(mode, old)
        return 0, 0

    def erase_from(self, first: int) -> None:
        """CMD35."""
        self._erase_first = first

    def erase_to(self, last: int) -> None:
        """CMD36."""
        self._erase_last = last

    def erase(self, argument: int) -> tuple[int, float]:
        """CMD38 on the range of CMD35 and CMD36: error bits, and seconds of being busy."""
        kind = _ERASES.get(argument, "")
        if not kind or (kind.startswith("secure") and not self.traits.features & SECURE):
            return ERASE_PARAMETER, 0
        first, last = self._erase_first, self._erase_last
        if kind in ("erase", "secure-erase"):
            first, last = first // _GROUP * _GROUP, last // _GROUP * _GROUP + _GROUP - 1
        last = min(last, self.blocks - 1)
        if first > last:
            return ERASE_PARAMETER, 0
        self._wipe(kind, first, last - first + 1)
        return 0, self.traits.erase_s

    def _wipe(self, kind: str, first: int, count: int) -> None:
        if kind == "secure-trim-1":
            return  # only marks; the second step does it
        kept = kind in self.traits.keeps
        area = self.ext_csd[_PARTITION_CONFIG] & 7
        self.note(f"{kind} of {count} blocks in area {area} {'kept the data' if kept else 'done'}")
        if kept:
            return
        self._area.unmap(first, count)
        if kind.startswith("secure"):
            self._area.destroy(first, count)

    def _sanitize(self) -> None:
        self._areas[0].sanitize()
        self.note("sanitize done")

    def _later(self, seconds: float, action: Callable[[], None]) -> None:
        def run() -> None:
            with self.lock:
                action()

        self.clock.after(seconds, run)

    @property
    def _area(self) -> _Area:
        return self._areas.get(self.ext_csd[_PARTITION_CONFIG] & 7, self._areas[0])

    def _extended(self) -> bytearray:
        """EXT_CSD (7.4) of an eMMC 5.1 device at 52 MHz, without a cache."""
        raw = bytearray(512)
        boot_units = self._areas[1].medium.blocks * 512 // _BOOT_UNIT
        for index, value in (
            *((160, 7), (168, _RPMB_UNITS), (192, 8), (194, 2), (196, 3), (199, 10)),
            *((221, 1), (222, 1), (223, 1), (224, 1), (226, boot_units), (228, 7)),
            *((229, 10), (230, 10), (231, self.traits.features), (232, 5), (241, 10)),
            *((248, 10), (254, 7), (267, 1), (268, 2), (269, 1), (504, 1)),
        ):
            raw[index] = value
        struct.pack_into("<I", raw, 212, self._areas[0].medium.blocks)
        return raw
