"""What an NVMe controller says of itself: identify structures and log pages (NVM Express Base 2.0).

Pure functions of the maker's choices (`NvmeTraits`) and of the controller's present state.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

from tests.drivelab.firmware import field
from tests.drivelab.tcg import TcgTraits

VERSION_1_4 = 0x00010400
LBA_FORMATS = (512, 4096)
_SANITIZE_BITS = {"crypto": 1, "block": 2, "overwrite": 4}


@dataclass(frozen=True, slots=True, kw_only=True)
class NvmeTraits:
    """What the maker decided. Times are simulated seconds.

    `keeps`: erasing commands, by name, that report success and leave the data (`format-1`,
    `format-2`, `sanitize-block`, ...). `covers`: the share of a namespace that an erase really
    reaches. `sanitize_failures`: so many sanitizes fail. `stuck_at`: the share at which a
    sanitize stays for ever. `forgets_sanitize`: it is accepted, and nothing comes of it.
    `formats_first_only`: of several namespaces. `fna`: Format NVM Attributes.
    """

    model: str | bytes
    serial: str | bytes
    firmware: str = "LAB1"
    format_supported: bool = True
    fna: int = 0x04
    sanitize: frozenset[str] = frozenset()
    format_s: float = 20.0
    sanitize_s: float = 600.0
    power_on_hours: int = 12345
    percent_used: int = 3
    keeps: frozenset[str] = frozenset()
    covers: float = 1.0
    sanitize_failures: int = 0
    stuck_at: float | None = None
    forgets_sanitize: bool = False
    formats_first_only: bool = False
    tcg: TcgTraits | None = None


def identify_controller(traits: NvmeTraits, namespaces: int, capacity_bytes: int) -> bytes:
    """Identify Controller (CNS 01h), 4096 bytes."""
    raw = bytearray(4096)
    raw[0:4] = struct.pack("<HH", 0x1B36, 0x1B36)
    raw[4:24], raw[24:64] = field(traits.serial, 20), field(traits.model, 40)
    raw[64:72] = field(traits.firmware, 8)
    raw[77] = 6  # largest transfer: 2^6 pages
    struct.pack_into("<HI", raw, 78, 1, VERSION_1_4)
    raw[111] = 1  # an I/O controller
    # OACS: Security Send and Receive, Format NVM
    struct.pack_into("<H", raw, 256, (traits.tcg is not None) | traits.format_supported << 1)
    raw[258], raw[259], raw[260], raw[261], raw[262] = 3, 3, 0x02, 0x02, 3
    struct.pack_into("<HH", raw, 266, 353, 358)
    raw[280:296] = capacity_bytes.to_bytes(16, "little")
    struct.pack_into("<I", raw, 328, sum(_SANITIZE_BITS[kind] for kind in traits.sanitize))
    raw[512], raw[513] = 0x66, 0x44
    struct.pack_into("<I", raw, 516, namespaces)
    struct.pack_into("<H", raw, 520, 0x0C)  # Dataset Management, Write Zeroes
    raw[524], raw[525] = traits.fna, 1  # a volatile write cache
    name = f"nqn.2026-01.lab.tajdeed:{zlib.crc32(bytes(raw[4:64])):08x}".encode()
    raw[768 : 768 + len(name)] = name
    struct.pack_into("<H", raw, 2048, 900)
    return bytes(raw)


def identify_namespace(
    blocks: int, block_bytes: int, eui64: bytes, format_left_percent: int = 0
) -> bytes:
    """Identify Namespace (CNS 00h), 4096 bytes."""
    raw = bytearray(4096)
    struct.pack_into("<QQQ", raw, 0, blocks, blocks, blocks)
    raw[25] = len(LBA_FORMATS) - 1
    raw[26] = LBA_FORMATS.index(block_bytes)
    raw[32] = 0x80 | format_left_percent
    raw[33] = 1  # after a deallocation reads give zeros
    raw[120:128] = eui64
    for place, size in enumerate(LBA_FORMATS):
        struct.pack_into("<HBB", raw, 128 + 4 * place, 0, size.bit_length() - 1, 2 - place)
    return bytes(raw)


def smart_log(traits: NvmeTraits, written_bytes: int) -> bytes:
    """SMART / Health Information (log 02h), 512 bytes."""
    raw = bytearray(512)
    struct.pack_into("<BHBBB", raw, 0, 0, 310, 100, 10, traits.percent_used)
    counts = (1000, written_bytes // 512000, 50000, 40000, 12, 77, traits.power_on_hours, 3, 0, 0)
    for place, count in enumerate(counts):
        raw[32 + 16 * place : 48 + 16 * place] = count.to_bytes(16, "little")
    return bytes(raw)


def sanitize_log(progress: int | None, status: int, order: int) -> bytes:
    """Sanitize Status (log 81h); `progress` in 65536ths, `order` the command's dword 10."""
    raw = bytearray(512)
    shown = 0xFFFF if progress is None else progress
    unknown = 0xFFFFFFFF
    struct.pack_into(
        "<HHIIIIIII", raw, 0, shown, status, order, 900, 300, 5, unknown, unknown, unknown
    )
    return bytes(raw)
