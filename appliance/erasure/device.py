"""A block device, or a regular file in its place, as an open descriptor: size and cache.

Nothing here opens anything: which drive a descriptor is, and whether it may be written,
was decided and checked by whoever opened it. Buffers are page-aligned for O_DIRECT.
"""

from __future__ import annotations

import errno
import fcntl
import mmap
import os
import stat
import struct
from dataclasses import dataclass

# <linux/fs.h>, x86-64: _IO(0x12, n) and _IOR(0x12, 114, size_t).
_BLKFLSBUF = 0x1261
_BLKSSZGET = 0x1268
_BLKPBSZGET = 0x127B
_BLKGETSIZE64 = 0x80081272

GONE = frozenset({errno.ENODEV, errno.ENXIO, errno.ENOMEDIUM, errno.ESHUTDOWN, errno.ENOTCONN})
"""Errors that say that there is no device any more, not that a block of it is bad."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Geometry:
    """Size and block sizes, in bytes; `physical` is a multiple of `logical`."""

    size_bytes: int
    logical_block_bytes: int
    physical_block_bytes: int


def geometry(fd: int) -> Geometry:
    """What the kernel now says of the descriptor's device. OSError where it cannot.

    A regular file has 512-byte blocks. A device that was pulled out has 0 bytes.
    """
    status = os.fstat(fd)
    if not stat.S_ISBLK(status.st_mode):
        return Geometry(
            size_bytes=status.st_size, logical_block_bytes=512, physical_block_bytes=512
        )
    logical = _ask(fd, _BLKSSZGET, "i")
    return Geometry(
        size_bytes=_ask(fd, _BLKGETSIZE64, "Q"),
        logical_block_bytes=logical,
        # Some bridges report a physical block smaller than the logical one.
        physical_block_bytes=max(logical, _ask(fd, _BLKPBSZGET, "I")),
    )


def _ask(fd: int, request: int, form: str) -> int:
    answer = fcntl.ioctl(fd, request, bytes(struct.calcsize(form)))
    return int(struct.unpack(form, answer)[0])


def drop_host_cache(fd: int) -> None:
    """Write back and forget what this host keeps of the device, so reads reach the drive.

    BLKFLSBUF for a block device, POSIX_FADV_DONTNEED for a file. The drive's own cache is
    out of reach of this call.
    """
    if stat.S_ISBLK(os.fstat(fd).st_mode):
        fcntl.ioctl(fd, _BLKFLSBUF)
    else:
        os.fsync(fd)
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)


def aligned_buffer(size_bytes: int) -> memoryview:
    """Zeroed memory that starts on a page, as O_DIRECT asks; huge pages where there are."""
    region = mmap.mmap(-1, size_bytes, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    try:
        # Pinning 2 huge pages costs less than pinning 1024 small ones.
        region.madvise(mmap.MADV_HUGEPAGE)
    except OSError as error:
        if error.errno != errno.EINVAL:  # EINVAL: a kernel built without huge pages
            raise
    return memoryview(region)


def error_name(error: OSError) -> str:
    """`EIO` and the like: the same on every machine and in every language."""
    return errno.errorcode.get(error.errno or 0, f"errno {error.errno}")


def is_gone(fd: int, size_bytes: int, error: OSError) -> bool:
    """Whether an error means that the whole device went away, or shrank, under us."""
    if error.errno in GONE:
        return True
    try:
        return geometry(fd).size_bytes < size_bytes
    except OSError:
        return True


def answers(fd: int, shape: Geometry) -> bool:
    """Whether a block at the start, in the middle or at the end of the device can be read."""
    unit = shape.physical_block_bytes
    buffer = aligned_buffer(unit)
    last = max(0, shape.size_bytes // unit - 1)
    for index in (0, last // 2, last):
        try:
            if os.preadv(fd, [buffer], index * unit) == unit:
                return True
        except OSError:
            continue
    return False
