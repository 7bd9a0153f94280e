"""Whole reads and writes on an open drive, as O_DIRECT asks for them.

The kernel may take or give less than it was asked for; here all of it arrives or an OSError
says why not. Never opens or closes a drive.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import stat
import struct

# linux/fs.h: _IO(0x12, 97), drops the kernel's cached pages of a block device; _IO(0x12, 104),
# its logical sector.
_BLKFLSBUF = 0x1261
_BLKSSZGET = 0x1268
_FILE_SECTOR_BYTES = 512


def write_all(fd: int, data: memoryview | mmap.mmap, offset: int) -> None:
    """pwrite until all is written; OSError where a write fails or takes nothing."""
    view = memoryview(data)
    while view:
        count = os.pwrite(fd, view, offset)
        if count <= 0:
            raise OSError(0, "the drive took no bytes")
        offset += count
        view = view[count:]


def read_all(fd: int, view: memoryview, offset: int) -> None:
    """preadv until the buffer is full; OSError where a read fails or the drive ends."""
    while view:
        count = os.preadv(fd, [view], offset)
        if count <= 0:
            raise OSError(0, f"the drive ended at byte {offset}")
        offset += count
        view = view[count:]


def aligned(length: int) -> mmap.mmap:
    """A zeroed, page-aligned buffer: what O_DIRECT asks for."""
    return mmap.mmap(-1, length, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)


def sector_bytes(fd: int) -> int:
    """The logical sector of an open drive, in bytes: the least that O_DIRECT takes.

    512 for a regular file; OSError where the kernel cannot say.
    """
    if not stat.S_ISBLK(os.fstat(fd).st_mode):
        return _FILE_SECTOR_BYTES
    answer = fcntl.ioctl(fd, _BLKSSZGET, bytes(struct.calcsize("i")))
    return int(struct.unpack("i", answer)[0])


def drop_cache(fd: int) -> None:
    """Let the next reads come from the medium: flush, then drop the kernel's pages."""
    os.fsync(fd)
    if stat.S_ISBLK(os.fstat(fd).st_mode):
        fcntl.ioctl(fd, _BLKFLSBUF)
    else:
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
