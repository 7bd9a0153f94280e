"""The virtio-scsi adapter over its socket, with this test in QEMU's place."""

from __future__ import annotations

import mmap
import os
import select
import socket
import struct
import threading
from array import array
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.drivelab.clock import ManualClock
from tests.drivelab.media import Store
from tests.drivelab.scsi import ScsiDisk, ScsiTraits
from tests.drivelab.vhostscsi import VhostScsi

OLD = b"\xd1" * 512
MEMORY_BYTES = 1 << 20
USER_BASE = 0x7F0000000000  # where the front end itself has the guest's memory
RING_BYTES, ENTRIES = 0x4000, 8
REQUESTS = 2
BUFFERS = 0x20000


class Host:
    """A front end with three rings; commands go to the third."""

    def __init__(self, adapter: VhostScsi, path: Path) -> None:
        listening = threading.Event()
        self._thread = threading.Thread(target=adapter.serve, args=(path, listening.set))
        self._thread.start()
        assert listening.wait(10)
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(10)
        self._socket.connect(str(path))
        (features,) = struct.unpack("<Q", self.ask(1))
        assert features >> 32 & 1, "virtio 1.0"
        assert struct.unpack("<Q", self.ask(17)) == (3,)
        descriptor = os.memfd_create("guest")
        os.ftruncate(descriptor, MEMORY_BYTES)
        self.memory = mmap.mmap(descriptor, MEMORY_BYTES)
        self.tell(5, struct.pack("<IIQQQQ", 1, 0, 0, MEMORY_BYTES, USER_BASE, 0), descriptor)
        os.close(descriptor)
        self.kick, self.call = os.eventfd(0), os.eventfd(0)
        for ring in range(3):
            table = USER_BASE + ring * RING_BYTES
            self.tell(8, struct.pack("<II", ring, ENTRIES))
            self.tell(10, struct.pack("<II", ring, 0))
            places = (table, table + 0x2000, table + 0x1000)
            self.tell(9, struct.pack("<IIQQQQ", ring, 0, *places, 0))
        self.tell(13, struct.pack("<Q", REQUESTS), self.call)
        self.tell(12, struct.pack("<Q", REQUESTS), self.kick)
        self._sent = 0

    def close(self) -> None:
        self._socket.close()
        self._thread.join(10)
        assert not self._thread.is_alive()
        os.close(self.kick)
        os.close(self.call)

    def tell(self, request: int, body: bytes, *descriptors: int) -> None:
        """A message that is acknowledged."""
        assert self.ask(request, body, *descriptors, flags=9) == bytes(8)

    def ask(self, request: int, body: bytes = b"", *descriptors: int, flags: int = 1) -> bytes:
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array("i", descriptors))]
        message = struct.pack("<III", request, flags, len(body)) + body
        self._socket.sendmsg([message], rights if descriptors else [])
        answered, _, size = struct.unpack("<III", self._socket.recv(12))
        assert answered == request
        return self._socket.recv(size)

    def run(
        self, cdb: bytes, length: int = 0, data: bytes = b"", target: int = 0
    ) -> tuple[int, int, bytes, bytes]:
        """Response code, status, sense and data of a command; TimeoutError when none comes."""
        base, table = BUFFERS, REQUESTS * RING_BYTES
        request = bytes((1, target, 0x40, 0)).ljust(19, b"\0") + cdb.ljust(32, b"\0")
        self.memory[base : base + len(request) + len(data)] = request + data
        answer = base + 0x8000
        # Data to the device follows the request; data from it, the response.
        for place, entry in enumerate(
            (
                struct.pack("<QIHH", base, len(request) + len(data), 1, 1),
                struct.pack("<QIHH", answer, 108, 3, 2),
                struct.pack("<QIHH", answer + 0x1000, length, 2, 0),
            )
        ):
            self.memory[table + 16 * place : table + 16 * (place + 1)] = entry
        available, slot = table + 0x1000, self._sent % ENTRIES
        struct.pack_into("<H", self.memory, available + 4 + 2 * slot, 0)
        self._sent += 1
        struct.pack_into("<H", self.memory, available + 2, self._sent)
        os.eventfd_write(self.kick, 1)
        self.wait()
        head, used = struct.unpack_from("<II", self.memory, table + 0x2004 + 8 * slot)
        assert head == 0
        raw = self.memory[answer : answer + 108]
        sense_bytes, left, _, status, code = struct.unpack_from("<IIHBB", raw)
        assert used == 108 + length - left
        found = self.memory[answer + 0x1000 : answer + 0x1000 + length - left]
        return code, status, raw[12 : 12 + sense_bytes], found

    def wait(self) -> None:
        if not select.select([self.call], [], [], 5)[0]:
            raise TimeoutError
        os.eventfd_read(self.call)


@pytest.fixture
def host(tmp_path: Path) -> Iterator[tuple[Host, ScsiDisk]]:
    medium = Store(256)
    medium.write(0, OLD * 256)
    traits = ScsiTraits(vendor="LAB", product="DISK", serial="S1", wwn=0x5000C50000000001)
    disk = ScsiDisk(ManualClock(), medium, traits)
    found = Host(VhostScsi(disk), tmp_path / "socket")
    yield found, disk
    found.close()


def test_status_sense_and_data_reach_the_guest_as_the_drive_gave_them(
    host: tuple[Host, ScsiDisk],
) -> None:
    pc, disk = host
    code, status, sense, _ = pc.run(bytes(6))
    assert (code, status, sense[2], sense[12]) == (0, 2, 6, 0x29)
    code, status, _, found = pc.run(bytes((0x12, 0, 0, 0, 255, 0)), 255)
    assert (code, status, len(found), found[8:11]) == (0, 0, 96, b"LAB")
    new = b"\x5a" * 1024
    assert pc.run(struct.pack(">BBIBHB", 0x2A, 0, 5, 0, 2, 0), data=new)[:2] == (0, 0)
    assert bytes(disk.medium.read(5, 2)) == new
    assert pc.run(struct.pack(">BBIBHB", 0x28, 0, 4, 0, 2, 0), 1024)[3] == OLD + new[:512]


def test_there_is_one_target_and_many_commands_go_round_the_ring(
    host: tuple[Host, ScsiDisk],
) -> None:
    pc, _ = host
    assert pc.run(bytes(6), target=1)[0] == 3
    for _ in range(3 * ENTRIES):
        assert pc.run(bytes((0xA0,)).ljust(12, b"\0"), 16)[:2] == (0, 0)


def test_a_drive_that_has_vanished_answers_no_more(host: tuple[Host, ScsiDisk]) -> None:
    pc, disk = host
    pc.run(bytes(6))
    disk.unplug()
    with pytest.raises(TimeoutError):
        pc.run(bytes(6))
