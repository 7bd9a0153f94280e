"""The sector size that an image's EFI system partition (a FAT32) says it has.

A FAT counts in sectors, and firmware takes one only if its sectors are the drive's own (UEFI
2.10, 13.3.1; some firmware and Linux are strict about it). The builder lays an image's FAT out
so that it can be read either way: clusters of 4 KiB, allocation tables and data at whole 4 KiB.
So for a 4Kn drive only the reserved area at its start is written anew, and all files stay
where they are. Works on bytes only; nothing here opens a drive.
"""

from __future__ import annotations

import struct

from appliance.imaging.manifest import SECTOR_BYTES

RESERVED_BYTES = 32 << 10
"""What a FAT of ours has before its first allocation table: eight sectors of 4 KiB."""

CLUSTER_BYTES = 4096
LEAST_MIB = 260
"""Below some 257 MiB a FAT with 4 KiB clusters has too few of them to count as a FAT32."""

# Microsoft's FAT specification, section 3: what is counted in sectors, by place and form.
_SECTOR_BYTES_AT = 11
_CLUSTER, _RESERVED = (13, "<B"), (14, "<H")
_ALL_16, _HIDDEN, _ALL_32, _TABLE = (19, "<H"), (28, "<I"), (32, "<I"), (36, "<I")
_COUNTS = (_CLUSTER, _RESERVED, _ALL_16, _HIDDEN, _ALL_32, _TABLE)
_KIND, _KIND_AT = b"FAT32   ", 82
# Boot sector and FSInfo, from 0 and, as their copies, from sector 6.
_HEADS = (0, 1, 6, 7)
_BOOT_SECTORS = (0, 6)


class FatError(ValueError):
    """The FAT is not one of ours; says what does not fit."""


def reserved_area(area: bytes, sector_bytes: int) -> bytes:
    """The reserved area of a FAT with 512-byte sectors, for one with sectors of that size.

    `area`: its first `RESERVED_BYTES`. FatError where the FAT was not laid out for it.
    """
    if area[_KIND_AT : _KIND_AT + len(_KIND)] != _KIND:
        raise FatError("no FAT32")
    (had,) = struct.unpack_from("<H", area, _SECTOR_BYTES_AT)
    counts = [struct.unpack_from(form, area, place)[0] for place, form in _COUNTS]
    reserved = counts[_COUNTS.index(_RESERVED)]
    if had != SECTOR_BYTES or reserved * had != RESERVED_BYTES or len(area) != RESERVED_BYTES:
        raise FatError(f"{reserved} reserved sectors of {had} bytes")
    times = sector_bytes // had
    if any(count % times for count in counts):
        raise FatError(f"not laid out for sectors of {sector_bytes} bytes")
    fresh = bytearray(RESERVED_BYTES)
    for number in _HEADS:
        head = area[number * had : (number + 1) * had]
        fresh[number * sector_bytes : number * sector_bytes + had] = head
    for number in _BOOT_SECTORS:
        start = number * sector_bytes
        for (place, form), count in zip(_COUNTS, counts, strict=True):
            struct.pack_into(form, fresh, start + place, count // times)
        struct.pack_into("<H", fresh, start + _SECTOR_BYTES_AT, sector_bytes)
    return bytes(fresh)
