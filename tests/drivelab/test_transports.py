"""The PCI functions over their socket, with this test in QEMU's place."""

from __future__ import annotations

import json
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

from tests.drivelab.ahci import Adapter
from tests.drivelab.ata import AtaDrive
from tests.drivelab.ataidentify import AtaTraits
from tests.drivelab.clock import ManualClock
from tests.drivelab.media import Store, Unreadable
from tests.drivelab.nvme import NvmeController
from tests.drivelab.nvmeidentify import NvmeTraits
from tests.drivelab.nvmepci import NvmeFunction
from tests.drivelab.vfiouser import INTX, MSIX, PciFunction

OLD = b"\xd1" * 512
MEMORY_BYTES = 1 << 20
CONFIG = 7
# Places in the guest's memory.
LIST, RECEIVED, TABLE, DATA = 0x1000, 0x2000, 0x3000, 0x10000
PORT = 0x100


class Host:
    """A client of vfio-user with a little memory, mapped at guest address 0."""

    def __init__(self, function: PciFunction, path: Path, interrupts: int) -> None:
        listening = threading.Event()
        self._thread = threading.Thread(target=function.serve, args=(path, listening.set))
        self._thread.start()
        assert listening.wait(10)
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(10)
        self._socket.connect(str(path))
        descriptor = os.memfd_create("guest")
        os.ftruncate(descriptor, MEMORY_BYTES)
        self.memory = mmap.mmap(descriptor, MEMORY_BYTES)
        version = self.call(1, struct.pack("<HH", 0, 0) + b"{}\0")
        assert struct.unpack_from("<HH", version) == (0, 0)
        assert "capabilities" in json.loads(version[4:-1])
        self.call(2, struct.pack("<IIQQQ", 32, 3, 0, 0, MEMORY_BYTES), descriptor)
        self.event = os.eventfd(0)
        self.call(8, struct.pack("<IIIII", 24, 4 | 32, interrupts, 0, 1), self.event)
        os.close(descriptor)

    def close(self) -> None:
        self._socket.close()
        self._thread.join(10)
        assert not self._thread.is_alive()
        os.close(self.event)

    def call(self, command: int, body: bytes, *descriptors: int) -> bytes:
        message = struct.pack("<HHIII", 7, command, 16 + len(body), 0, 0) + body
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array("i", descriptors))]
        self._socket.sendmsg([message], rights if descriptors else [])
        head = self._exactly(16)
        number, answered, size, flags, error = struct.unpack("<HHIII", head)
        assert (number, answered, flags & 15) == (7, command, 1)
        assert error == 0
        return self._exactly(size - 16)

    def read(self, region: int, offset: int, length: int = 4) -> int:
        answer = self.call(9, struct.pack("<QII", offset, region, length))
        return int.from_bytes(answer[16:], "little")

    def write(self, region: int, offset: int, value: int, length: int = 4) -> None:
        head = struct.pack("<QII", offset, region, length)
        self.call(10, head + value.to_bytes(length, "little"))

    def interrupted(self) -> bool:
        """Whether an interrupt has come since the last look."""
        if not select.select([self.event], [], [], 0.2)[0]:
            return False
        os.eventfd_read(self.event)
        return True

    def put(self, address: int, raw: bytes) -> None:
        self.memory[address : address + len(raw)] = raw

    def _exactly(self, length: int) -> bytes:
        found = b""
        while len(found) < length:
            data = self._socket.recv(length - len(found))
            assert data, "the server has gone"
            found += data
        return found


class Sata(Host):
    """A driver for one AHCI port, as simple as they come."""

    def __init__(self, adapter: Adapter, path: Path) -> None:
        super().__init__(adapter, path, INTX)
        self.write(5, 0x04, 1 << 31 | 2)
        self.write(5, PORT + 0x00, LIST)
        self.write(5, PORT + 0x08, RECEIVED)
        self.write(5, PORT + 0x30, 0xFFFFFFFF)
        self.write(5, PORT + 0x10, 0xFFFFFFFF)
        self.write(5, PORT + 0x14, 0x7FFFFFFF)
        self.write(5, PORT + 0x18, 0x10)  # receive FISes
        self.write(5, PORT + 0x18, 0x11)  # start

    def issue(self, command: int, length: int, *, lba: int = 0, write: bool = False) -> None:
        place = lba.to_bytes(6, "little")
        count = length // 512
        fis = bytes((0x27, 0x80, command, 0)) + place[:3] + b"\x40" + place[3:] + b"\0"
        self.put(TABLE, fis + struct.pack("<H", count) + bytes(6))
        self.put(TABLE + 0x80, struct.pack("<QII", DATA, 0, length - 1))
        self.put(LIST, struct.pack("<IIQ", 5 | write << 6 | 1 << 16, 0, TABLE))
        self.write(5, PORT + 0x38, 1)

    def acknowledge(self) -> int:
        """What the port reports, cleared."""
        found = self.read(5, PORT + 0x10)
        self.write(5, PORT + 0x30, 0xFFFFFFFF)
        self.write(5, PORT + 0x10, found)
        self.write(5, 0x08, 1)
        self.call(8, struct.pack("<IIIII", 20, 1 | 16, INTX, 0, 1))  # unmask
        return found


@pytest.fixture
def drive() -> AtaDrive:
    store = Store(256)
    store.write(0, OLD * 256)
    traits = AtaTraits(model="MODEL X", serial="SERIAL7")
    return AtaDrive(ManualClock(), Unreadable(store, 200, 8), traits)


@pytest.fixture
def sata(drive: AtaDrive, tmp_path: Path) -> Iterator[Sata]:
    host = Sata(Adapter([drive]), tmp_path / "ahci")
    yield host
    host.close()


def test_an_ahci_port_shows_its_drive_and_identifies_it(sata: Sata) -> None:
    assert sata.read(CONFIG, 0x08) >> 8 == 0x010601, "class AHCI"
    assert sata.read(5, PORT + 0x24) == 0x101, "signature of an ATA drive"
    assert sata.read(5, PORT + 0x28) & 15 == 3, "link up"
    assert sata.read(5, PORT + 0x20) & 0x88 == 0, "ready"
    sata.issue(0xEC, 512)
    assert sata.interrupted()
    assert sata.acknowledge() & 2, "PIO setup"
    assert sata.read(5, PORT + 0x38) == 0, "done"
    assert sata.memory[DATA + 54 : DATA + 62] == b"OMED L X"
    assert sata.memory[RECEIVED + 0x20] == 0x5F


def test_ahci_moves_data_both_ways_and_reports_a_bad_block(sata: Sata, drive: AtaDrive) -> None:
    sata.put(DATA, b"\x5a" * 1024)
    sata.issue(0x35, 1024, lba=10, write=True)
    assert sata.interrupted() and sata.acknowledge() & 1
    assert bytes(drive.medium.read(9, 4)) == OLD + b"\x5a" * 1024 + OLD
    sata.issue(0x25, 512, lba=9)
    assert sata.interrupted() and sata.acknowledge() & 1
    assert sata.memory[DATA : DATA + 512] == OLD
    sata.issue(0x25, 4096, lba=198)
    assert sata.interrupted()
    assert sata.acknowledge() & 1 << 30, "task file error"
    assert sata.read(5, PORT + 0x20) == 0x4051
    assert sata.memory[RECEIVED + 0x44] == 200, "the block that failed"
    assert sata.read(5, PORT + 0x38) == 1, "kept until the driver stops the list"
    sata.write(5, PORT + 0x18, 0x10)
    sata.write(5, PORT + 0x18, 0x11)
    sata.issue(0x25, 512, lba=9)
    assert sata.interrupted() and sata.acknowledge() == 1


def test_a_drive_that_vanishes_never_answers_and_the_link_goes(sata: Sata, drive: AtaDrive) -> None:
    with drive.lock:
        drive.unplug()
    assert sata.interrupted()
    assert sata.acknowledge() & 1 << 22, "PhyRdy changed"
    assert sata.read(5, PORT + 0x28) == 0
    sata.issue(0x25, 512)
    assert not sata.interrupted()


def test_a_reset_of_the_function_is_a_power_cycle(sata: Sata, drive: AtaDrive) -> None:
    drive.security.enable(b"x")
    drive.security.locked = False
    sata.call(13, b"")
    assert drive.security.locked
    assert sata.read(5, 0x04) == 1 << 31


class NvmeHost(Host):
    """A driver with only the admin queues, at the top of memory."""

    SUBMISSION, COMPLETION = 0x4000, 0x8000

    def __init__(self, function: NvmeFunction, path: Path) -> None:
        super().__init__(function, path, MSIX)
        self._tail = 0
        self.write(0, 0x24, 15 << 16 | 15)
        self.write(0, 0x28, self.SUBMISSION, 8)
        self.write(0, 0x30, self.COMPLETION, 8)
        self.write(0, 0x14, 0x460001)
        assert self.read(0, 0x1C) & 1, "ready"

    def submit(self, opcode: int, order: int, *pages: int, nsid: int = 0) -> int:
        """One admin command; the status that it ended with."""
        first, second = (*pages, 0)[:2]
        entry = struct.pack("<BBHI16xQQI20x", opcode, 0, self._tail, nsid, first, second, order)
        self.put(self.SUBMISSION + 64 * self._tail, entry)
        at = self.COMPLETION + 16 * self._tail
        self._tail += 1
        self.write(0, 0x1000, self._tail)
        assert self.interrupted()
        _, _, _, number, status = struct.unpack("<IIIHH", self.memory[at : at + 16])
        assert number == self._tail - 1 and status & 1, "its phase bit shows that it is new"
        return int(status >> 1)


def test_nvme_answers_admin_commands_and_scatters_data_over_pages(tmp_path: Path) -> None:
    traits = NvmeTraits(model="MODEL N", serial="SERIAL8")
    controller = NvmeController(ManualClock(), [Store(256)], traits)
    host = NvmeHost(NvmeFunction(controller), tmp_path / "nvme")
    try:
        assert host.read(CONFIG, 0x08) >> 8 == 0x010802, "class NVMe"
        # the buffer begins in the middle of a page and ends in another one
        assert host.submit(0x06, 1, DATA + 2048, DATA + 0x8000) == 0
        assert host.memory[DATA + 2048 + 4 : DATA + 2048 + 24] == b"SERIAL8".ljust(20)
        power = struct.unpack_from("<H", host.memory, DATA + 0x8000)
        assert power == (900,), "byte 2048 of the answer begins the second page"
        assert host.submit(0x06, 0x77, DATA) & 0x7FF == 0x02, "no such structure"
        controller.unplug()
        assert host.read(0, 0x1C) == 0xFFFFFFFF, "an empty slot"
    finally:
        host.close()
