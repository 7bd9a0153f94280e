"""The GUID partition table (UEFI 2.10, chapter 5) of an image and of the drive it lands on.

Builds a table, and rewrites the one of an image for a larger drive, also one with sectors of
another size: new GUIDs, last partition grown, backup at the drive's end. Works on bytes only;
nothing here opens a drive.
The boot code in the first 440 bytes of the protective MBR is carried over as it is.
"""

from __future__ import annotations

import struct
import uuid
import zlib
from dataclasses import dataclass, replace

from appliance.imaging.manifest import FIRST_BYTES, SECTOR_BYTES

ENTRIES = 128
ENTRY_BYTES = 128
TABLE_BYTES = ENTRIES * ENTRY_BYTES
BOOT_CODE_BYTES = 440

TYPE_BIOS_BOOT = uuid.UUID("21686148-6449-6e6f-744e-656564454649")
TYPE_ESP = uuid.UUID("c12a7328-f81f-11d2-ba4b-00a0c93ec93b")
# Discoverable Partitions Specification: root of an x86-64 system.
TYPE_ROOT = uuid.UUID("4f68bce3-e8cd-4db1-96e7-fbcaf984b709")

_HEADER = struct.Struct("<8sIIIIQQQQ16sQIII")
_ENTRY = struct.Struct("<16s16sQQQ72s")
_SIGNATURE = b"EFI PART"
_REVISION = 0x00010000


class GptError(ValueError):
    """The bytes hold no sound GPT; says what does not fit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GptPartition:
    """An entry in use; LBAs are inclusive, as on disk."""

    type_guid: uuid.UUID
    guid: uuid.UUID
    first_lba: int
    last_lba: int
    name: str
    attributes: int = 0

    @property
    def sectors(self) -> int:
        """How many it has."""
        return self.last_lba + 1 - self.first_lba


@dataclass(frozen=True, slots=True, kw_only=True)
class Gpt:
    """A whole table; entry n of `partitions` is partition number n + 1.

    `sector_bytes`: the drive's logical sector, the unit of every LBA in the table.
    """

    disk_guid: uuid.UUID
    partitions: tuple[GptPartition, ...]
    sector_bytes: int = SECTOR_BYTES


def parse(first: bytes, sector_bytes: int = SECTOR_BYTES) -> Gpt:
    """The primary table in the first bytes of a disk (two sectors and 16 KiB at least)."""
    header = first[sector_bytes : sector_bytes + _HEADER.size]
    if len(first) < 2 * sector_bytes + TABLE_BYTES or header[:8] != _SIGNATURE:
        raise GptError("no GPT header")
    fields = _HEADER.unpack(header)
    zeroed = header[:16] + b"\0\0\0\0" + header[20:]
    if zlib.crc32(zeroed) != fields[3]:
        raise GptError("checksum of the GPT header")
    if (fields[10], fields[11], fields[12]) != (2, ENTRIES, ENTRY_BYTES):
        raise GptError("unusual place or size of the GPT's entries")
    table = first[2 * sector_bytes : 2 * sector_bytes + TABLE_BYTES]
    if zlib.crc32(table) != fields[13]:
        raise GptError("checksum of the GPT's entries")
    partitions = []
    for place in range(0, len(table), ENTRY_BYTES):
        kind, guid, first_lba, last_lba, attributes, name = _ENTRY.unpack_from(table, place)
        if not any(kind):
            break
        partitions.append(
            GptPartition(
                type_guid=uuid.UUID(bytes_le=kind),
                guid=uuid.UUID(bytes_le=guid),
                first_lba=first_lba,
                last_lba=last_lba,
                attributes=attributes,
                name=name.decode("utf-16-le").rstrip("\0"),
            )
        )
    return Gpt(
        disk_guid=uuid.UUID(bytes_le=fields[9]),
        partitions=tuple(partitions),
        sector_bytes=sector_bytes,
    )


def in_sectors(gpt: Gpt, sector_bytes: int) -> Gpt:
    """The same table, its partitions at the same bytes, for a drive with sectors of that size.

    GptError where a partition does not begin or end at such a sector.
    """

    def lba(old: int) -> int:
        if old * gpt.sector_bytes % sector_bytes:
            raise GptError(f"LBA {old} is at no sector of {sector_bytes} bytes")
        return old * gpt.sector_bytes // sector_bytes

    moved = tuple(
        replace(part, first_lba=lba(part.first_lba), last_lba=lba(part.last_lba + 1) - 1)
        for part in gpt.partitions
    )
    return Gpt(disk_guid=gpt.disk_guid, partitions=moved, sector_bytes=sector_bytes)


def last_usable_lba(disk_bytes: int, sector_bytes: int = SECTOR_BYTES) -> int:
    """The last LBA before the backup table of a disk of that size."""
    return backup_offset(disk_bytes, sector_bytes) // sector_bytes - 1


def fitted(gpt: Gpt, disk_bytes: int, guids: tuple[uuid.UUID, ...]) -> Gpt:
    """The table for a drive of that size: last partition to its end, every GUID new.

    `guids`: the disk's, then one for each partition. The end is aligned to a whole MiB.
    GptError if the drive is smaller than what the partitions take now.
    """
    align = FIRST_BYTES // gpt.sector_bytes
    end = (last_usable_lba(disk_bytes, gpt.sector_bytes) + 1) // align * align - 1
    if not gpt.partitions or len(guids) != len(gpt.partitions) + 1:
        raise GptError("not one GUID for the disk and one for each partition")
    if end < gpt.partitions[-1].last_lba:
        raise GptError(f"the drive ends at LBA {end}, the last partition later")
    fresh = [replace(part, guid=guid) for part, guid in zip(gpt.partitions, guids[1:], strict=True)]
    fresh[-1] = replace(fresh[-1], last_lba=end)
    return replace(gpt, disk_guid=guids[0], partitions=tuple(fresh))


def primary(gpt: Gpt, disk_bytes: int, boot_code: bytes, *, active: bool = False) -> bytes:
    """Protective MBR with boot code, header and entries: two sectors and 16 KiB from the start.

    `active` marks the protective entry: some old BIOSes start no disk without it, some UEFI
    firmware takes such a disk for one without GPT (so UEFI 2.10 table 5-4 asks for 0).
    """
    sectors = disk_bytes // gpt.sector_bytes
    mbr = bytearray(gpt.sector_bytes)
    mbr[: len(boot_code[:BOOT_CODE_BYTES])] = boot_code[:BOOT_CODE_BYTES]
    flag, length = 0x80 if active else 0, min(sectors - 1, 0xFFFFFFFF)
    mbr[446:462] = struct.pack("<B3sB3sII", flag, b"\x00\x02\x00", 0xEE, b"\xff\xff\xff", 1, length)
    mbr[510:512] = b"\x55\xaa"
    table = _table(gpt)
    return bytes(mbr) + _header(gpt, sectors, table, own=1, other=sectors - 1, entries=2) + table


def backup(gpt: Gpt, disk_bytes: int) -> bytes:
    """Entries and header, for the disk's end: from `backup_offset` on."""
    sectors = disk_bytes // gpt.sector_bytes
    table = _table(gpt)
    entries = backup_offset(disk_bytes, gpt.sector_bytes) // gpt.sector_bytes
    return table + _header(gpt, sectors, table, own=sectors - 1, other=1, entries=entries)


def backup_offset(disk_bytes: int, sector_bytes: int = SECTOR_BYTES) -> int:
    """Where `backup` belongs, in bytes from the disk's start."""
    return (disk_bytes // sector_bytes - 1) * sector_bytes - TABLE_BYTES


def _table(gpt: Gpt) -> bytes:
    table = bytearray(TABLE_BYTES)
    for number, part in enumerate(gpt.partitions):
        _ENTRY.pack_into(
            table,
            number * ENTRY_BYTES,
            part.type_guid.bytes_le,
            part.guid.bytes_le,
            part.first_lba,
            part.last_lba,
            part.attributes,
            part.name.encode("utf-16-le"),
        )
    return bytes(table)


def _header(gpt: Gpt, sectors: int, table: bytes, *, own: int, other: int, entries: int) -> bytes:
    table_sectors = TABLE_BYTES // gpt.sector_bytes

    def packed(checksum: int) -> bytes:
        return _HEADER.pack(
            _SIGNATURE,
            _REVISION,
            _HEADER.size,
            checksum,
            0,
            own,
            other,
            2 + table_sectors,
            sectors - 2 - table_sectors,
            gpt.disk_guid.bytes_le,
            entries,
            ENTRIES,
            ENTRY_BYTES,
            zlib.crc32(table),
        )

    return packed(zlib.crc32(packed(0))).ljust(gpt.sector_bytes, b"\0")
