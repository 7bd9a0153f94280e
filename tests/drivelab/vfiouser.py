"""A PCI function in Python, plugged into QEMU over a socket: the server of vfio-user, version 0.0.

QEMU's own libvfio-user protocol text (docs/interop/vfio-user) is the source. One connection is
one device; when QEMU goes, the server is done. Every message is answered at once: QEMU holds its
big lock meanwhile, so nothing here may wait.
"""

from __future__ import annotations

import array
import json
import mmap
import os
import socket
import struct
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

_HEADER = struct.Struct("<HHIII")
_REPLY, _NO_REPLY, _ERROR = 1, 1 << 4, 1 << 5
_READABLE, _WRITABLE = 1, 2
_CONFIG_REGION = 7
_REGIONS, _IRQS = 9, 5
INTX, MSI, MSIX = 0, 1, 2
# SET_IRQS flags (linux/vfio.h): what comes with it, and what is to be done.
_EVENTFDS, _MASK, _UNMASK, _TRIGGER = 4, 8, 16, 32
_EVENTFD, _MASKABLE, _AUTOMASKED, _NORESIZE = 1, 2, 4, 8
_ONE_EVENT = struct.pack("<Q", 1)
_EINVAL = 22


class PciFunction:
    """Configuration space, interrupts, access to the guest's memory.

    `config_bytes`: 256 for plain PCI, 4096 for PCI Express. A subclass gives `regions` (BAR
    number to bytes), `vectors` (interrupt kind to count), `read` and `write` of a BAR, and
    `reset`; it works under `lock`.
    """

    regions: ClassVar[dict[int, int]]
    vectors: ClassVar[dict[int, int]]

    def __init__(self, lock: threading.RLock, *, config_bytes: int) -> None:
        self.lock = lock
        self.config = bytearray(config_bytes)
        self.config_mask = bytearray(config_bytes)
        self._memory: list[tuple[int, int, memoryview]] = []
        self._eventfds: dict[tuple[int, int], int] = {}
        self._asserted = False
        self._masked = False

    def read(self, region: int, offset: int, length: int) -> bytes:
        raise NotImplementedError

    def write(self, region: int, offset: int, data: bytes) -> None:
        raise NotImplementedError

    def reset(self) -> None:
        raise NotImplementedError

    def put_config(self, offset: int, raw: bytes, writable: bytes = b"") -> None:
        """Set a part of the configuration space, and which of its bits the host may change."""
        self.config[offset : offset + len(raw)] = raw
        self.config_mask[offset : offset + len(writable)] = writable

    def guest(self, address: int, length: int) -> memoryview:
        """The guest's memory there; ValueError where it has none."""
        for base, end, view in self._memory:
            if base <= address and address + length <= end:
                return view[address - base : address - base + length]
        raise ValueError(f"DMA outside of the guest's memory: {address:#x}, {length} bytes")

    def interrupt(self, vector: int) -> None:
        """Send one message-signalled interrupt (MSI-X)."""
        descriptor = self._eventfds.get((MSIX, vector))
        if descriptor is not None:
            os.write(descriptor, _ONE_EVENT)

    def line(self, asserted: bool) -> None:
        """The interrupt condition of a function with INTx or one MSI vector.

        INTx is a level that the client masks at each event; MSI is sent at each call.
        """
        self._asserted = asserted
        if not asserted:
            return
        descriptor = self._eventfds.get((MSI, 0))
        if descriptor is None:
            descriptor = self._eventfds.get((INTX, 0))
            if descriptor is None or self._masked:
                return
            self._masked = True
        os.write(descriptor, _ONE_EVENT)

    def serve(self, path: Path, listening: Callable[[], None]) -> None:
        """Wait for QEMU at a socket and serve it until it goes. `listening`: it may come now."""
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(path))
            server.listen(1)
            listening()
            connection, _ = server.accept()
        with connection:
            try:
                while message := _received(connection):
                    number, command, flags, body, descriptors = message
                    error, reply = 0, b""
                    with self.lock:
                        try:
                            reply = self._handle(command, body, descriptors)
                        except (ValueError, struct.error) as problem:
                            print(
                                f"vfio-user command {command}: {problem}",
                                file=sys.stderr,
                                flush=True,
                            )
                            error = _EINVAL
                    for descriptor in descriptors:
                        os.close(descriptor)
                    if not flags & _NO_REPLY:
                        kind = _REPLY | (_ERROR if error else 0)
                        size = _HEADER.size + len(reply)
                        connection.sendall(_HEADER.pack(number, command, size, kind, error) + reply)
            except ConnectionError:
                return

    def _handle(self, command: int, body: bytes, descriptors: list[int]) -> bytes:
        match command:
            case 1:
                offer = {"max_msg_fds": 16, "max_data_xfer_size": 1 << 20, "pgsizes": 4096}
                return (
                    struct.pack("<HH", 0, 0) + json.dumps({"capabilities": offer}).encode() + b"\0"
                )
            case 2:
                self._map(body, descriptors)
                return b""
            case 3:
                _, _, address, size = struct.unpack_from("<IIQQ", body)
                self._memory = [
                    one for one in self._memory if one[1] <= address or one[0] >= address + size
                ]
                return body
            case 4:
                return struct.pack("<IIII", 16, 3, _REGIONS, _IRQS)  # a PCI device, resettable
            case 5:
                (index,) = struct.unpack_from("<I", body, 8)
                size = len(self.config) if index == _CONFIG_REGION else self.regions.get(index, 0)
                flags = _READABLE | _WRITABLE if size else 0
                return struct.pack("<IIIIQQ", 32, flags, index, 0, size, 0)
            case 6:
                (index,) = struct.unpack_from("<I", body, 8)
                return struct.pack("<IIII", 16, 0, index, 0)
            case 7:
                (index,) = struct.unpack_from("<I", body, 8)
                count = self.vectors.get(index, 0)
                flags = _EVENTFD | (_MASKABLE | _AUTOMASKED if index == INTX else _NORESIZE)
                return struct.pack("<IIII", 16, flags if count else 0, index, count)
            case 8:
                self._set_interrupts(body, descriptors)
                return b""
            case 9:
                offset, region, length = struct.unpack_from("<QII", body)
                if region == _CONFIG_REGION:
                    return body[:16] + bytes(self.config[offset : offset + length])
                return body[:16] + self.read(region, offset, length)
            case 10:
                offset, region, length = struct.unpack_from("<QII", body)
                data = body[16 : 16 + length]
                if region == _CONFIG_REGION:
                    self._write_config(offset, data)
                else:
                    self.write(region, offset, data)
                return body[:16]
            case 13:
                self.reset()
                return b""
        raise ValueError("not known")

    def _map(self, body: bytes, descriptors: list[int]) -> None:
        _, flags, offset, address, size = struct.unpack_from("<IIQQQ", body)
        if descriptors:
            access = mmap.PROT_READ | (mmap.PROT_WRITE if flags & _WRITABLE else 0)
            memory = mmap.mmap(descriptors[0], size, mmap.MAP_SHARED, access, offset=offset)
            self._memory.append((address, address + size, memoryview(memory)))

    def _set_interrupts(self, body: bytes, descriptors: list[int]) -> None:
        _, flags, kind, start, count = struct.unpack_from("<IIIII", body)
        if flags & _TRIGGER:
            if flags & _EVENTFDS:
                for number in range(count):
                    self._drop((kind, start + number))
                    if descriptors:
                        self._eventfds[kind, start + number] = descriptors.pop(0)
            elif count == 0:
                for key in [key for key in self._eventfds if key[0] == kind]:
                    self._drop(key)
            if kind == INTX:
                self._masked = False
            if self._asserted:
                self.line(True)
        elif kind == INTX and flags & _MASK:
            self._masked = True
        elif kind == INTX and flags & _UNMASK:
            self._masked = False
            if self._asserted:
                self.line(True)

    def _drop(self, key: tuple[int, int]) -> None:
        descriptor = self._eventfds.pop(key, None)
        if descriptor is not None:
            os.close(descriptor)

    def _write_config(self, offset: int, data: bytes) -> None:
        for place, value in enumerate(data, offset):
            mask = self.config_mask[place]
            self.config[place] = self.config[place] & ~mask | value & mask


_Message = tuple[int, int, int, bytes, list[int]]


def _received(connection: socket.socket) -> _Message | None:
    """The next message: number, command, flags, body, file descriptors; None at the end."""
    header, ancillary, _, _ = connection.recvmsg(_HEADER.size, 512)
    descriptors = array.array("i")
    for _, _, data in ancillary:
        descriptors.frombytes(data)
    if not header:
        return None
    header += _exactly(connection, _HEADER.size - len(header))
    number, command, size, flags, _ = _HEADER.unpack(header)
    return number, command, flags, _exactly(connection, size - _HEADER.size), list(descriptors)


def _exactly(connection: socket.socket, length: int) -> bytes:
    found = bytearray()
    while len(found) < length:
        data = connection.recv(length - len(found))
        if not data:
            raise ConnectionResetError
        found += data
    return bytes(found)
