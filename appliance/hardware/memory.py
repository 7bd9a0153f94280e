"""The slots for memory and what is in them, from the firmware's own SMBIOS tables.

Read raw from sysfs and cut into structures here (DMTF DSP0134, SMBIOS 3.7, 6.1 and 7.18): which
module a machine lacks is told to a person who will buy it. A table that breaks off or
contradicts itself gives what came before; nothing is guessed.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from appliance.hardware.sysfs import SYS, printable
from appliance.model import MemorySlot

_MEMORY_DEVICE, _END = 17, 127
# 7.18.1 and 7.18.2: what a person who buys memory tells apart.
_FORMS = {0x09: "DIMM", 0x0D: "SODIMM", 0x0B: "soldered"}
_KINDS = {
    0x12: "DDR",
    0x13: "DDR2",
    0x14: "DDR2",
    0x18: "DDR3",
    0x1A: "DDR4",
    0x1B: "LPDDR",
    0x1C: "LPDDR2",
    0x1D: "LPDDR3",
    0x1E: "LPDDR4",
    0x22: "DDR5",
    0x23: "LPDDR5",
}
_LEAST_LENGTH = 0x15
# Flash for the firmware stands in the same list (7.18.2).
_NO_MEMORY = frozenset((0x08, 0x09, 0x0A, 0x0B, 0x0C))


def memory_slots() -> tuple[MemorySlot, ...]:
    """The machine's slots; empty where the firmware has no such tables."""
    try:
        table = (SYS / "firmware/dmi/tables/DMI").read_bytes()
    except OSError:
        return ()
    return slots_in(table)


def slots_in(table: bytes) -> tuple[MemorySlot, ...]:
    """The memory devices (type 17) of a table of SMBIOS structures."""
    return tuple(
        _slot(fixed, strings)
        for kind, fixed, strings in _structures(table)
        if kind == _MEMORY_DEVICE and len(fixed) >= _LEAST_LENGTH and fixed[0x12] not in _NO_MEMORY
    )


def _slot(fixed: bytes, strings: tuple[bytes, ...]) -> MemorySlot:
    number = fixed[0x10]
    name = printable(strings[number - 1]) if 0 < number <= len(strings) else ""
    kind = _KINDS.get(fixed[0x12], "")
    form = "soldered" if kind.startswith("LP") else _FORMS.get(fixed[0x0E], "")
    return MemorySlot(name=name, size_mib=_size_mib(fixed), form=form, kind=kind)


def _size_mib(fixed: bytes) -> int | None:
    """7.18: bit 15 set means KiB; 0x7FFF sends to the extended size, 0xFFFF is unknown."""
    (size,) = struct.unpack_from("<H", fixed, 0x0C)
    if size == 0xFFFF:
        return None
    if size == 0x7FFF:
        if len(fixed) < 0x20:
            return None
        (extended,) = struct.unpack_from("<I", fixed, 0x1C)
        return int(extended & 0x7FFFFFFF)
    return int(size) if size < 0x8000 else int(size & 0x7FFF) // 1024


def _structures(table: bytes) -> Iterator[tuple[int, bytes, tuple[bytes, ...]]]:
    """Type, formatted area and strings of each structure, up to the end marker."""
    place = 0
    while place + 4 <= len(table):
        kind, length = table[place], table[place + 1]
        end = table.find(b"\0\0", place + length)
        if length < 4 or end < 0 or kind == _END:
            return
        yield kind, table[place : place + length], tuple(table[place + length : end].split(b"\0"))
        place = end + 2
