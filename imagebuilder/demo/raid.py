"""A Linux software RAID 1 whose members are files: version 1.2 superblocks, without the md driver.

`mdadm --create` needs the kernel's md driver and block devices. The superblock is 256 bytes and
the members' roles (Linux: include/uapi/linux/raid/md_p.h; `mdadm --examine` reads it).
"""

import hashlib
import struct
from collections.abc import Sequence
from pathlib import Path

from imagebuilder.demo.sparse import copy_sparse

_SECTOR = 512
_SUPER_SECTOR = 8
_DATA_SECTOR = 2048
_CREATED = 1_546_300_800
_CLEAN = 0xFFFF_FFFF_FFFF_FFFF


def write_mirror(members: Sequence[Path], *, name: str, content: Path) -> None:
    """Make the files `members` (of one size) the clean halves of a mirror that holds `content`."""
    sectors = members[0].stat().st_size // _SECTOR - _DATA_SECTOR
    if content.stat().st_size > sectors * _SECTOR:
        raise ValueError(f"{content} does not fit on {members[0]}")
    for number, member in enumerate(members):
        with member.open("r+b") as stream:
            stream.seek(_SUPER_SECTOR * _SECTOR)
            stream.write(_superblock(name, number, len(members), sectors))
        copy_sparse(content, member, _DATA_SECTOR * _SECTOR)


def _superblock(name: str, number: int, count: int, sectors: int) -> bytes:
    array_id = hashlib.sha256(f"{name} array".encode()).digest()[:16]
    member_id = hashlib.sha256(f"{name} member {number}".encode()).digest()[:16]
    head = struct.pack("<IIII16s32s", 0xA92B4EFC, 1, 0, 0, array_id, f"donor:{name}".encode())
    head += struct.pack("<QIIQIIi", _CREATED, 1, 0, sectors, 0, count, 0)
    head += struct.pack("<IQIIII", 0, 0, 0, 0, 0, 0)  # no reshape
    head += struct.pack("<QQQQ", _DATA_SECTOR, sectors, _SUPER_SECTOR, 0)
    head += struct.pack("<II16sBBHI", number, 0, member_id, 0, 0, 0, 0)
    head += struct.pack("<QQQ", _CREATED, 17, _CLEAN)
    roles = struct.pack(f"<{count}H", *range(count))
    tail = struct.pack("<I", count) + bytes(32) + roles
    return head + struct.pack("<I", _checksum(head + bytes(4) + tail)) + tail


def _checksum(block: bytes) -> int:
    """Sum of the block's 32-bit words, the carry added once (md's calc_sb_1_csum)."""
    total: int = sum(struct.unpack(f"<{len(block) // 4}I", block[: len(block) // 4 * 4]))
    if len(block) % 4:
        total += struct.unpack("<H", block[-2:])[0]
    return (total + (total >> 32)) & 0xFFFF_FFFF
