"""A btrfs superblock that gets another file system id. Pure; knows nothing of what lies behind it.

Images have the feature METADATA_UUID: the blocks of the trees carry an id that stays, and the one
that blkid, GRUB and fstab see stands in the superblocks alone (btrfs-progs,
`Documentation/dev/On-disk-format.rst`, kernel `include/uapi/linux/btrfs_tree.h`).
"""

from __future__ import annotations

import uuid

SUPERBLOCK_BYTES = 4096
# Where the copies lie on the partition; a third one at 256 GiB is made when it grows beyond that.
SUPERBLOCKS = (64 << 10, 64 << 20)

_CHECKSUM = slice(0, 32)
_FSID = slice(32, 48)
_MAGIC = slice(64, 72)
_INCOMPAT_FLAGS = slice(188, 196)
_CHECKSUM_TYPE = slice(196, 198)
_METADATA_UUID = 1 << 10
_CRC32C = 0
_POLYNOMIAL = 0x82F63B78


def with_fsid(superblock: bytes, fsid: uuid.UUID) -> bytes:
    """The superblock with that id and its checksum right; ValueError where it is none of ours."""
    if len(superblock) != SUPERBLOCK_BYTES or superblock[_MAGIC] != b"_BHRfS_M":
        raise ValueError("there is no btrfs superblock")
    if int.from_bytes(superblock[_CHECKSUM_TYPE], "little") != _CRC32C:
        raise ValueError("the btrfs superblock has a checksum other than CRC-32C")
    if not int.from_bytes(superblock[_INCOMPAT_FLAGS], "little") & _METADATA_UUID:
        raise ValueError("the btrfs has no id of its own for its trees")
    if superblock[_CHECKSUM] != _checksum(superblock):
        raise ValueError("the btrfs superblock is damaged")
    changed = bytearray(superblock)
    changed[_FSID] = fsid.bytes
    changed[_CHECKSUM] = _checksum(changed)
    return bytes(changed)


def _checksum(superblock: bytes | bytearray) -> bytes:
    """CRC-32C (RFC 3720 B.4) of all behind the checksum's own field, as that field has it."""
    value = 0xFFFFFFFF
    for byte in superblock[_CHECKSUM.stop :]:
        value = _TABLE[(value ^ byte) & 0xFF] ^ (value >> 8)
    return (value ^ 0xFFFFFFFF).to_bytes(4, "little").ljust(32, b"\0")


def _table_entry(number: int) -> int:
    for _ in range(8):
        number = (number >> 1) ^ (_POLYNOMIAL if number & 1 else 0)
    return number


_TABLE = tuple(map(_table_entry, range(256)))
