"""The USB device over its socket, with this test in QEMU's place."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.drivelab.clock import ManualClock
from tests.drivelab.media import Store
from tests.drivelab.scsi import ScsiDisk, ScsiTraits
from tests.drivelab.usb import UsbDevice, UsbTraits
from tests.drivelab.usbredir import UsbRedirection

OLD = b"\xd1" * 512
CAPABILITIES = 1 << 1 | 1 << 4 | 1 << 5 | 1 << 6


class Host:
    """The other side of the protocol, with 64-bit ids."""

    def __init__(self, device: UsbDevice, path: Path) -> None:
        listening = threading.Event()
        served = UsbRedirection(device)
        self._thread = threading.Thread(target=served.serve, args=(path, listening.set))
        self._thread.start()
        assert listening.wait(10)
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(5)
        self._socket.connect(str(path))
        self._number = 0
        hello = self._exactly(12 + 68)  # its first message has short ids
        assert struct.unpack_from("<II", hello) == (0, 68)
        body = b"test".ljust(64, b"\0") + struct.pack("<I", CAPABILITIES)
        self._socket.sendall(struct.pack("<III", 0, len(body), 0) + body)
        self.plugged = {kind: body for kind, _, body in (self.next() for _ in range(3))}

    def close(self) -> None:
        self._socket.close()
        self._thread.join(10)
        assert not self._thread.is_alive()

    def send(self, kind: int, body: bytes) -> int:
        self._number += 1
        self._socket.sendall(struct.pack("<IIQ", kind, len(body), self._number) + body)
        return self._number

    def next(self) -> tuple[int, int, bytes]:
        kind, length, number = struct.unpack("<IIQ", self._exactly(16))
        return kind, number, self._exactly(length)

    def bulk(self, end: int, length: int, data: bytes = b"") -> int:
        return self.send(101, struct.pack("<BBHIH", end, 0, length, 0, 0) + data)

    def answer(self, number: int) -> tuple[int, bytes]:
        kind, answered, body = self.next()
        assert (kind, answered) == (101, number)
        return body[1], body[10:]

    def _exactly(self, length: int) -> bytes:
        found = b""
        while len(found) < length:
            data = self._socket.recv(length - len(found))
            assert data, "the server has gone"
            found += data
        return found


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    medium = Store(256)
    medium.write(0, OLD * 256)
    clock = ManualClock()
    unit = ScsiTraits(vendor="LAB", product="STICK", serial="", protocol=None)
    ids = UsbTraits(vendor_id=0x13FE, product_id=0x4100, maker="LAB", product="X", serial="U7")
    found = Host(UsbDevice(clock, ScsiDisk(clock, medium, unit), ids), tmp_path / "socket")
    yield found
    found.close()


def test_it_is_plugged_in_as_mass_storage(host: Host) -> None:
    assert set(host.plugged) == {1, 4, 5}
    assert struct.unpack("<BBBBHHH", host.plugged[1])[4:6] == (0x13FE, 0x4100)
    interfaces = host.plugged[4]
    assert (interfaces[4 + 32], interfaces[4 + 64], interfaces[4 + 96]) == (8, 6, 0x50)


def test_descriptors_are_given_and_unknown_ones_stall(host: Host) -> None:
    number = host.send(100, struct.pack("<BBBBHHH", 0x80, 6, 0x80, 0, 0x0303, 0, 255))
    kind, answered, body = host.next()
    assert (kind, answered, body[3], body[10:]) == (100, number, 0, b"\x06\x03U\x007\x00")
    host.send(100, struct.pack("<BBBBHHH", 0x80, 6, 0x80, 0, 0x0F00, 0, 255))
    assert host.next()[2][3] == 4
    host.send(6, b"\1")
    assert host.next()[::2] == (8, b"\0\1")


def test_a_command_its_data_and_its_status_go_by_bulk(host: Host) -> None:
    block = struct.pack("<IIIBBB", 0x43425355, 9, 36, 0x80, 0, 6) + bytes((0x12, 0, 0, 0, 36, 0))
    waiting = host.bulk(0x81, 36)
    sent = host.bulk(0x01, 31, block.ljust(31, b"\0"))
    answers = {}
    for _ in range(2):
        kind, number, body = host.next()
        assert kind == 101 and body[1] == 0
        answers[number] = body[10:]
    assert answers[sent] == b"" and answers[waiting][8:11] == b"LAB"
    assert host.answer(host.bulk(0x81, 13)) == (0, struct.pack("<IIIB", 0x53425355, 9, 0, 0))


def test_a_request_that_is_taken_back_ends_as_cancelled(host: Host) -> None:
    waiting = host.bulk(0x81, 512)
    host._socket.sendall(struct.pack("<IIQ", 21, 0, waiting))
    assert host.answer(waiting) == (1, b"")
