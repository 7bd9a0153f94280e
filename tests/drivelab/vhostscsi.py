"""A virtio-scsi host adapter in Python, plugged into QEMU over a socket: a vhost-user back end.

After QEMU's docs/interop/vhost-user and the virtio specification 1.2 (split virtqueues, 5.6 SCSI
host device). The guest's commands, status and sense pass as they are, with nothing of QEMU's own
SCSI in between. One target with one logical unit; when QEMU goes, the server is done.
"""

from __future__ import annotations

import array
import mmap
import os
import select
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path

from tests.drivelab.media import Buffer
from tests.drivelab.scsi import CHECK_CONDITION, ScsiDisk, fixed_sense

_VERSION, _REPLY, _NEEDS_REPLY, _NO_DESCRIPTOR = 1, 4, 8, 0x100
# Indirect descriptors, protocol features, virtio 1.0.
_FEATURES = 1 << 28 | 1 << 30 | 1 << 32
# Several queues, acknowledgements.
_PROTOCOL_FEATURES = 1 << 0 | 1 << 3
_CONTROL, _EVENTS = 0, 1
_QUEUES = 3
_NEXT, _WRITE, _INDIRECT = 1, 2, 4
_RESPONSE_BYTES, _REQUEST_BYTES = 108, 51
_NO_SUCH_TARGET = 3
_NO_SUCH_UNIT = (0x5, 0x25, 0x00)


class _Ask(IntEnum):
    """Requests of the front end, as far as QEMU's vhost-user-scsi sends ones that matter."""

    FEATURES = 1
    MEMORY_TABLE = 5
    RING_SIZE = 8
    RING_ADDRESSES = 9
    RING_BASE = 10
    STOP_RING = 11
    RING_KICK = 12
    RING_CALL = 13
    RING_ERROR = 14
    PROTOCOL_FEATURES = 15
    QUEUES = 17
    RING_ENABLE = 18


@dataclass(slots=True)
class _Ring:
    """One virtqueue; `descriptors` None: the front end does not use it now."""

    number: int
    size: int = 0
    next_available: int = 0
    next_used: int = 0
    descriptors: memoryview | None = None
    available: memoryview = field(default_factory=lambda: memoryview(b""))
    used: memoryview = field(default_factory=lambda: memoryview(b""))
    kick: int | None = None
    call: int | None = None


class VhostScsi:
    """The adapter with `disk` as target 0."""

    def __init__(self, disk: ScsiDisk) -> None:
        self._disk = disk
        disk.unplug = self._pull
        self._lock = disk.lock
        self._memory: list[tuple[int, int, int, memoryview]] = []
        self._rings = [_Ring(number) for number in range(_QUEUES)]
        self._gone = False

    def serve(self, path: Path, listening: Callable[[], None]) -> None:
        """Wait for QEMU at a socket and serve it until it goes. `listening`: it may come now."""
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(path))
            server.listen(1)
            listening()
            connection, _ = server.accept()
        with connection:
            try:
                while True:
                    kicks = {ring.kick: ring for ring in self._rings if ring.kick is not None}
                    ready, _, _ = select.select([connection.fileno(), *kicks], [], [])
                    for one in ready:
                        if one in kicks:
                            os.eventfd_read(one)
                            self._work(kicks[one])
                        elif not self._message(connection):
                            return
            except ConnectionError:
                return

    def _pull(self) -> None:
        self._disk.note("vanished")
        self._gone = True

    # --- the front end's messages

    def _message(self, connection: socket.socket) -> bool:
        head, ancillary, _, _ = connection.recvmsg(12, 512)
        if not head:
            return False
        descriptors = array.array("i")
        for _, _, rights in ancillary:
            descriptors.frombytes(rights)
        head += _exactly(connection, 12 - len(head))
        request, flags, size = struct.unpack("<III", head)
        with self._lock:
            reply = self._answer(request, _exactly(connection, size), list(descriptors))
        if reply is None and flags & _NEEDS_REPLY:
            reply = struct.pack("<Q", 0)
        if reply is not None:
            connection.sendall(struct.pack("<III", request, _VERSION | _REPLY, len(reply)) + reply)
        return True

    def _answer(self, request: int, body: bytes, descriptors: list[int]) -> bytes | None:
        match request:
            case _Ask.FEATURES:
                return struct.pack("<Q", _FEATURES)
            case _Ask.PROTOCOL_FEATURES:
                return struct.pack("<Q", _PROTOCOL_FEATURES)
            case _Ask.QUEUES:
                return struct.pack("<Q", _QUEUES)
            case _Ask.MEMORY_TABLE:
                self._map(body, descriptors)
            case _Ask.RING_ADDRESSES:
                self._place(body)
            case _Ask.RING_SIZE | _Ask.RING_BASE | _Ask.STOP_RING | _Ask.RING_ENABLE:
                number, value = struct.unpack("<II", body)
                return self._set(request, self._rings[number], value)
            case _Ask.RING_KICK | _Ask.RING_CALL | _Ask.RING_ERROR:
                (value,) = struct.unpack("<Q", body)
                ring = self._rings[value & 0xFF]
                descriptor = None if value & _NO_DESCRIPTOR else descriptors[0]
                if request == _Ask.RING_KICK:
                    ring.kick = descriptor
                    self._work(ring)
                elif request == _Ask.RING_CALL:
                    ring.call = descriptor
        return None

    def _set(self, request: int, ring: _Ring, value: int) -> bytes | None:
        match request:
            case _Ask.RING_SIZE:
                ring.size = value
            case _Ask.RING_BASE:
                ring.next_available = value
            case _Ask.STOP_RING:
                ring.descriptors, ring.kick = None, None
                return struct.pack("<II", ring.number, ring.next_available)
            case _Ask.RING_ENABLE if value:
                self._work(ring)
        return None

    def _map(self, body: bytes, descriptors: list[int]) -> None:
        (count,) = struct.unpack_from("<I", body)
        self._memory = []
        for number in range(count):
            guest, size, user, offset = struct.unpack_from("<QQQQ", body, 8 + 32 * number)
            memory = mmap.mmap(descriptors[number], size + offset)
            os.close(descriptors[number])
            self._memory.append((guest, user, size, memoryview(memory)[offset:]))

    def _place(self, body: bytes) -> None:
        """Where a ring lies, in addresses of QEMU's own."""
        number, _, table, used, available, _ = struct.unpack("<IIQQQQ", body)
        ring = self._rings[number]
        ring.descriptors = self._at(table, 16 * ring.size, user=True)
        ring.used = self._at(used, 6 + 8 * ring.size, user=True)
        ring.available = self._at(available, 6 + 2 * ring.size, user=True)
        (ring.next_used,) = struct.unpack_from("<H", ring.used, 2)

    def _at(self, address: int, length: int, *, user: bool = False) -> memoryview:
        for guest, own, size, view in self._memory:
            base = own if user else guest
            if base <= address and address + length <= base + size:
                return view[address - base : address - base + length]
        raise ValueError(f"outside of the guest's memory: {address:#x}, {length} bytes")

    # --- rings

    def _work(self, ring: _Ring) -> None:
        """Take what the guest has put into a ring. Event buffers are left there."""
        while ring.number != _EVENTS and ring.descriptors is not None and not self._gone:
            (ahead,) = struct.unpack_from("<H", ring.available, 2)
            if ring.next_available == ahead:
                return
            place = 4 + 2 * (ring.next_available % ring.size)
            (head,) = struct.unpack_from("<H", ring.available, place)
            ring.next_available = ring.next_available + 1 & 0xFFFF
            sent, wanted = self._chain(ring.descriptors, head)
            if ring.number == _CONTROL:
                wanted[0][:] = bytes(len(wanted[0]))  # whatever it was: complete
                self._put(ring, head, len(wanted[0]))
            else:
                self._command(ring, head, sent, wanted)

    def _chain(self, table: memoryview, index: int) -> tuple[list[memoryview], list[memoryview]]:
        """The guest's buffers of a request: to be read, to be written."""
        sent: list[memoryview] = []
        wanted: list[memoryview] = []
        while True:
            address, length, flags, following = struct.unpack_from("<QIHH", table, 16 * index)
            if flags & _INDIRECT:
                table, index = self._at(address, length), 0
                continue
            (wanted if flags & _WRITE else sent).append(self._at(address, length))
            if not flags & _NEXT:
                return sent, wanted
            index = following

    def _put(self, ring: _Ring, head: int, length: int) -> None:
        """Give a request back as used; nothing when the ring is no more."""
        with self._lock:
            if ring.descriptors is None:
                return
            struct.pack_into("<II", ring.used, 4 + 8 * (ring.next_used % ring.size), head, length)
            ring.next_used = ring.next_used + 1 & 0xFFFF
            struct.pack_into("<H", ring.used, 2, ring.next_used)
            if not ring.available[0] & 1 and ring.call is not None:
                os.eventfd_write(ring.call, 1)

    def _command(
        self, ring: _Ring, head: int, sent: list[memoryview], wanted: list[memoryview]
    ) -> None:
        request = bytes(sent[0][:_REQUEST_BYTES])
        lun, cdb = request[:8], request[19:]
        data = b"".join([sent[0][_REQUEST_BYTES:], *sent[1:]])
        response = wanted[0][:_RESPONSE_BYTES]
        parts = [wanted[0][_RESPONSE_BYTES:], *wanted[1:]]
        room = sum(map(len, parts))

        def done(status: int, answer: Buffer, sense: bytes, response_code: int = 0) -> None:
            view, at = memoryview(answer), 0
            for part in parts:
                step = min(len(part), len(view) - at)
                part[:step] = view[at : at + step]
                at += step
            response[:12] = struct.pack("<IIHBB", len(sense), room - at, 0, status, response_code)
            response[12 : 12 + len(sense)] = sense
            self._put(ring, head, _RESPONSE_BYTES + at)

        if lun[1] != 0:
            done(0, b"", b"", _NO_SUCH_TARGET)
        elif lun[2] & 0x3F or lun[3]:
            if cdb[0] == 0x12:
                done(0, b"\x7f".ljust(36, b"\0"), b"")
            else:
                done(CHECK_CONDITION, b"", fixed_sense(_NO_SUCH_UNIT))
        else:
            self._disk.execute(cdb, data, done)


def _exactly(connection: socket.socket, length: int) -> bytes:
    found = bytearray()
    while len(found) < length:
        data = connection.recv(length - len(found))
        if not data:
            raise ConnectionResetError
        found += data
    return bytes(found)
