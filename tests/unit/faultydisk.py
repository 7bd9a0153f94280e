"""A block device with faults, made by the real kernel: a loop device over a FUSE file.

The file is served by this program (`python faultydisk.py FD SPEC`) in a process of its own,
which keeps the bytes in memory and misbehaves as told. Whoever uses the device meets the
kernel's own EIO, its own vanished device, its own failed flush. Needs root and /dev/fuse.
The protocol is that of <linux/fuse.h>, version 7.31; only one file, `disk`, exists.
"""

from __future__ import annotations

import ast
import contextlib
import ctypes
import errno
import os
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

Ranges = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """What the disk does wrong; ranges are (offset, length) in bytes.

    `bad_writes`, `bad_reads`: EIO where a request touches them. `bad_writes_once`: EIO only
    the first time. `frozen`: writes succeed and change nothing. `wraps_at`: addresses from
    there on begin again at 0, as on a stick of fake capacity. `flips`: these bytes are read
    inverted. `read_only_after`: all writes fail after so many bytes. `gone_after`: the disk
    vanishes after so many bytes were written, `gone_after_reading`: read. `flush_fails`.
    `slow_s`: every request takes so many seconds. `write_bytes_s`: it writes no faster.
    """

    bad_writes: Ranges = ()
    bad_reads: Ranges = ()
    bad_writes_once: Ranges = ()
    frozen: Ranges = ()
    flips: tuple[int, ...] = ()
    wraps_at: int | None = None
    read_only_after: int | None = None
    gone_after: int | None = None
    gone_after_reading: int | None = None
    flush_fails: bool = False
    slow_s: float = 0.0
    write_bytes_s: int | None = None


@contextlib.contextmanager
def faulty_disk(
    directory: Path,
    size_bytes: int,
    faults: Faults | None = None,
    *,
    old_data: bytes = b"",
    sector_bytes: int = 512,
) -> Iterator[Path]:
    """The path of a loop device of that size, holding `old_data` again and again."""
    mount = directory / "faulty"
    mount.mkdir()
    spec = {"size": size_bytes, "old": old_data, "faults": asdict(faults or Faults())}
    fuse = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
    try:
        _mount(mount, fuse)
        server = subprocess.Popen(
            [sys.executable, __file__, str(fuse), repr(spec)], pass_fds=[fuse]
        )
    finally:
        os.close(fuse)
    try:
        with loop_device(mount / "disk", sector_bytes) as loop, _small_requests(loop):
            yield loop
    finally:
        _libc().umount2(os.fsencode(mount), 2)  # MNT_DETACH
        server.send_signal(signal.SIGKILL)
        server.wait()
        mount.rmdir()


@contextlib.contextmanager
def loop_device(file: Path, sector_bytes: int = 512) -> Iterator[Path]:
    """A loop device over a file, detached at the end."""
    command = ["losetup", "--find", "--show", "--sector-size", str(sector_bytes), str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    for _ in range(20):
        if done.returncode == 0:
            break
        time.sleep(0.1)  # somebody else took the free device between finding and taking
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    else:
        raise RuntimeError(f"no loop device: {done.stderr.strip()}")
    loop = Path(done.stdout.strip())
    try:
        yield loop
    finally:
        subprocess.run(["losetup", "--detach", str(loop)], check=True)


@contextlib.contextmanager
def _small_requests(loop: Path) -> Iterator[None]:
    """Keep the device's requests within one of FUSE's.

    Of a write that FUSE had to cut in two, and whose second part failed, the loop driver
    (seen in 6.18, `lo_complete_rq`) tells its caller that it succeeded.
    """
    limit = Path("/sys/block") / loop.name / "queue/max_sectors_kb"
    before = limit.read_text()
    limit.write_text(str(_MAX_BYTES // 2048))
    try:
        yield
    finally:
        limit.write_text(before)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _mount(where: Path, fuse: int) -> None:
    options = f"fd={fuse},rootmode=40000,user_id=0,group_id=0,max_read={_MAX_BYTES}"
    if _libc().mount(b"faulty", os.fsencode(where), b"fuse", 6, options.encode()):
        problem = ctypes.get_errno()
        raise OSError(problem, f"cannot mount FUSE: {os.strerror(problem)}")


# --- the server ----------------------------------------------------------------------------

_MAX_BYTES = 1 << 20
_ROOT, _DISK = 1, 2
_LOOKUP, _FORGET, _GETATTR, _SETATTR, _OPEN, _READ, _WRITE = 1, 2, 3, 4, 14, 15, 16
_RELEASE, _FSYNC, _FLUSH, _INIT, _INTERRUPT, _BATCH_FORGET = 18, 20, 25, 26, 36, 42
_SILENT = {_FORGET, _INTERRUPT, _BATCH_FORGET}
_BIG_WRITES, _MAX_PAGES = 1 << 5, 1 << 22
_DIRECT_IO = 1


class _Disk:
    def __init__(self, size: int, old: bytes, faults: Faults) -> None:
        self.size = size
        self.faults = faults
        self.bytes = bytearray((old * (size // len(old) + 1))[:size] if old else size)
        self.written = 0
        self.read_bytes = 0
        self.once = list(faults.bad_writes_once)
        self.free_at = 0.0

    def place(self, offset: int) -> int:
        return offset % self.faults.wraps_at if self.faults.wraps_at else offset

    def read(self, offset: int, length: int) -> bytes:
        gone = self.faults.gone_after_reading
        if gone is not None and self.read_bytes >= gone:
            os._exit(0)
        if _touches(self.faults.bad_reads, offset, length):
            raise OSError(errno.EIO, "bad read")
        self.read_bytes += length
        length = min(length, self.size - offset)
        start = self.place(offset)
        data = bytearray(self.bytes[start : start + length])
        for flip in self.faults.flips:
            if offset <= flip < offset + length:
                data[flip - offset] ^= 0xFF
        return bytes(data)

    def _take_time(self, length: int) -> None:
        """Let a write end when a medium of that rate would have it, whoever is late."""
        if rate := self.faults.write_bytes_s:
            # A late sleeper may catch up on 20 ms, as a drive's cache lets it.
            self.free_at = max(self.free_at, time.monotonic() - 0.02) + length / rate
            time.sleep(max(0.0, self.free_at - time.monotonic()))

    def write(self, offset: int, data: bytes) -> None:
        faults = self.faults
        self._take_time(len(data))
        if faults.gone_after is not None and self.written >= faults.gone_after:
            os._exit(0)
        if faults.read_only_after is not None and self.written >= faults.read_only_after:
            raise OSError(errno.EIO, "read-only now")
        for bad in self.once:
            if _touches((bad,), offset, len(data)):
                self.once.remove(bad)
                raise OSError(errno.EIO, "bad write, once")
        if _touches(faults.bad_writes, offset, len(data)):
            raise OSError(errno.EIO, "bad write")
        self.written += len(data)
        start = self.place(offset)
        kept = [
            (max(at, offset), self.bytes[max(at, offset) : min(at + length, offset + len(data))])
            for at, length in faults.frozen
            if _touches(((at, length),), offset, len(data))
        ]
        self.bytes[start : start + len(data)] = data
        for at, old in kept:
            self.bytes[at : at + len(old)] = old


def _touches(ranges: Ranges, offset: int, length: int) -> bool:
    return any(at < offset + length and offset < at + size for at, size in ranges)


def _attributes(node: int, size: int) -> bytes:
    mode, links = (0o40755, 2) if node == _ROOT else (0o100600, 1)
    # ino, size, blocks, 3 times, 3 nanoseconds, mode, nlink, uid, gid, rdev, blksize, flags
    return struct.pack(
        "<6Q10I", node, size, size // 512, 0, 0, 0, 0, 0, 0, mode, links, 0, 0, 0, 4096, 0
    )


def _answer(disk: _Disk, opcode: int, node: int, body: bytes) -> bytes:
    match opcode:
        case 26:  # INIT
            readahead = struct.unpack_from("<I", body, 8)[0]
            flags = _BIG_WRITES | _MAX_PAGES
            return struct.pack(
                "<4I2H2I2H8I", 7, 31, readahead, flags, 16, 12, _MAX_BYTES, 1,
                _MAX_BYTES // 4096, 0, *[0] * 8,
            )  # fmt: skip
        case 1:  # LOOKUP
            if body.rstrip(b"\0") != b"disk":
                raise OSError(errno.ENOENT, "only `disk` is here")
            return struct.pack("<4Q2I", _DISK, 0, 60, 60, 0, 0) + _attributes(_DISK, disk.size)
        case 3 | 4:  # GETATTR, SETATTR
            return struct.pack("<Q2I", 60, 0, 0) + _attributes(node, disk.size)
        case 14:  # OPEN
            return struct.pack("<Q2I", 1, _DIRECT_IO, 0)
        case 15:  # READ
            time.sleep(disk.faults.slow_s)
            _, offset, length = struct.unpack_from("<2QI", body)
            return disk.read(offset, length)
        case 16:  # WRITE
            time.sleep(disk.faults.slow_s)
            _, offset, length = struct.unpack_from("<2QI", body)
            disk.write(offset, body[40 : 40 + length])
            return struct.pack("<2I", length, 0)
        case 20:  # FSYNC
            if disk.faults.flush_fails:
                raise OSError(errno.EIO, "flush fails")
            return b""
        case 18 | 25:  # RELEASE, FLUSH
            return b""
    raise OSError(errno.ENOSYS, "not built")


def serve(fuse: int, disk: _Disk) -> None:
    """Answer the kernel until the mount goes away."""
    while True:
        try:
            request = os.read(fuse, _MAX_BYTES + (64 << 10))
        except OSError as error:
            if error.errno == errno.ENODEV:
                return
            if error.errno in (errno.EINTR, errno.EAGAIN, errno.ENOENT):
                continue
            raise
        _, opcode, unique, node = struct.unpack_from("<2I2Q", request)
        if opcode in _SILENT:
            continue
        try:
            body, status = _answer(disk, opcode, node, request[40:]), 0
        except OSError as error:
            body, status = b"", -(error.errno or errno.EIO)
        with contextlib.suppress(FileNotFoundError):  # the request was interrupted meanwhile
            os.write(fuse, struct.pack("<IiQ", 16 + len(body), status, unique) + body)


def main(arguments: list[str]) -> None:
    spec = ast.literal_eval(arguments[1])
    serve(int(arguments[0]), _Disk(spec["size"], spec["old"], Faults(**spec["faults"])))


if __name__ == "__main__":
    main(sys.argv[1:])
