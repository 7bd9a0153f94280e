"""What an ATA drive says of itself: IDENTIFY DEVICE (ACS-5 7.13) and SMART's attributes.

Pure functions of the maker's choices (`AtaTraits`) and of the drive's present state.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from tests.drivelab.firmware import field
from tests.drivelab.tcg import TcgTraits

SOLID_STATE_RPM = 1
_SANITIZE_BITS = {"crypto": 1 << 13, "overwrite": 1 << 14, "block": 1 << 15}


@dataclass(frozen=True, slots=True, kw_only=True)
class AtaTraits:
    """What the maker decided. Times are simulated seconds; `rpm` 1 is solid state.

    `model` and `serial` may be raw bytes. `keeps`: erasing commands, by name, that report
    success and leave the data (`erase`, `enhanced-erase`, `sanitize-crypto`, ...); `halves`:
    those that erase the first half only. `erases_visible`: none of them reaches what is hidden.
    `latency_s`: of each read and write.
    """

    model: str | bytes
    serial: str | bytes
    firmware: str = "LAB1"
    wwn: int = 0
    rpm: int = 7200
    security: bool = True
    hpa: bool = True
    dco: bool = False
    ama: bool = False
    trim: bool = False
    sanitize: frozenset[str] = frozenset()
    erase_s: float = 120.0
    sanitize_s: float = 600.0
    power_on_hours: int = 12345
    reallocated: int = 0
    failing: bool = False
    keeps: frozenset[str] = frozenset()
    halves: frozenset[str] = frozenset()
    erases_visible: bool = False
    latency_s: float = 0.0
    tcg: TcgTraits | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AtaNow:
    """What the drive's state adds to IDENTIFY."""

    serial: str | bytes
    accessible: int
    block_bytes: int
    smart_enabled: bool
    write_cache: bool
    security_word: int


def identify(traits: AtaTraits, now: AtaNow) -> bytes:
    """The 512 bytes, integrity word included."""
    words = [0] * 256

    def put(first: int, text: str | bytes, length: int) -> None:
        raw = field(text, length)
        words[first : first + length // 2] = struct.unpack(f">{length // 2}H", raw)

    def put_wide(first: int, value: int, count: int = 4) -> None:
        words[first : first + count] = [value >> 16 * n & 0xFFFF for n in range(count)]

    put(10, now.serial if isinstance(now.serial, bytes) else now.serial.rjust(20), 20)
    put(23, traits.firmware, 8)
    put(27, traits.model, 40)
    words[0], words[1], words[3], words[6] = 0x0040, 16383, 16, 63
    words[47], words[48], words[49], words[50] = 0x8010, 0x4000, 0x2F00, 0x4000
    words[48] |= traits.tcg is not None
    words[53], words[63], words[64] = 0x0007, 0x0007, 0x0003
    words[65:69] = [120] * 4
    if traits.sanitize:
        words[59] = 0x1400 | sum(_SANITIZE_BITS[kind] for kind in traits.sanitize)
    words[59] |= 0x0110
    put_wide(60, min(now.accessible, 0x0FFFFFFF), 2)
    words[76], words[77] = 0x000E, 0x0006
    words[80] = 0x07F0
    # Feature sets, supported (82-84) and enabled (85-87): SMART, security, write cache,
    # look-ahead, HPA, NOP; 48-bit addresses, FLUSH CACHE (EXT); a world wide name.
    words[82] = 0x4061 | traits.security << 1 | traits.hpa << 10
    words[83] = 0x7400 | traits.dco << 11
    words[84] = 0x4103
    words[85] = 0x4040 | now.smart_enabled | now.write_cache << 5 | traits.hpa << 10
    words[85] |= (now.security_word & 2) if traits.security else 0
    words[86] = 0xB400 | traits.dco << 11
    words[87] = 0x4103
    words[88] = 0x407F
    if traits.security:
        words[89] = words[90] = min(254, max(1, round(traits.erase_s / 120)))
        words[92] = 0xFFFE
        words[128] = now.security_word
    put_wide(100, now.accessible)
    if now.block_bytes == 512:
        words[106] = 0x6003  # eight logical blocks make one physical
    else:
        words[106] = 0x5000
        put_wide(117, now.block_bytes // 2, 2)
    if traits.wwn:
        words[108:112] = [traits.wwn >> 48 - 16 * n & 0xFFFF for n in range(4)]
    else:
        words[84] &= ~0x0100
        words[87] &= ~0x0100
    words[119] = words[120] = 0x4000 | traits.ama << 8
    if traits.trim:
        words[69], words[169] = 0x4020, 1
    words[217], words[222] = traits.rpm, 0x107F
    raw = bytearray(struct.pack("<256H", *words))
    raw[510] = 0xA5
    return checksummed(raw)


def smart_data(traits: AtaTraits) -> bytes:
    """SMART READ DATA: attributes by number, flags, value and raw value."""
    raw = bytearray(512)
    raw[0] = 0x10
    attributes = (
        (5, 0x33, 1 if traits.failing else 100, traits.reallocated),
        (9, 0x32, 99, traits.power_on_hours),
        (12, 0x32, 99, 77),
        (194, 0x22, 70, 30),
        (197, 0x12, 100, 0),
        (198, 0x10, 100, 0),
    )
    for place, (number, flags, value, count) in enumerate(attributes):
        entry = struct.pack("<BHBB6s", number, flags, value, value, count.to_bytes(6, "little"))
        raw[2 + 12 * place : 2 + 12 * place + len(entry)] = entry
    raw[367], raw[368], raw[370], raw[372], raw[373] = 0x53, 3, 1, 2, 5
    return checksummed(raw)


def smart_thresholds() -> bytes:
    """SMART READ THRESHOLDS: the value below which an attribute has failed."""
    raw = bytearray(512)
    raw[0] = 0x10
    for place, number in enumerate((5, 9, 12, 194, 197, 198)):
        raw[2 + 12 * place], raw[3 + 12 * place] = number, 10 if number == 5 else 0
    return checksummed(raw)


def checksummed(raw: bytearray) -> bytes:
    """The last byte makes the sum of all 512 zero."""
    raw[511] = -sum(raw[:511]) & 0xFF
    return bytes(raw)
