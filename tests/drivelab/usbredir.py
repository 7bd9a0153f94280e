"""A USB device in Python, plugged into QEMU over a socket: the device's side of usbredir.

After usbredir's protocol text (0.7). Control and bulk packets only, as mass storage needs; when
QEMU goes, the server is done.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable
from enum import IntEnum
from pathlib import Path

from tests.drivelab.usb import BULK_IN, BULK_OUT, INTERFACE, PACKET_BYTES, UsbDevice

# Device version at connect, acknowledged disconnect, packet sizes, 64-bit ids, long bulk packets.
_CAPABILITIES = 1 << 1 | 1 << 3 | 1 << 4 | 1 << 5 | 1 << 6
_WIDE_IDS, _LONG_BULK = 1 << 5, 1 << 6
_HIGH_SPEED = 2
_SUCCESS, _CANCELLED, _STALL = 0, 1, 4
_CONTROL_END, _BULK_END, _NO_END = 0, 2, 0xFF
_ENDS = 32


class _Packet(IntEnum):
    HELLO = 0
    CONNECT = 1
    DISCONNECT = 2
    INTERFACES = 4
    ENDPOINTS = 5
    SET_CONFIGURATION = 6
    GET_CONFIGURATION = 7
    CONFIGURATION = 8
    SET_ALTERNATIVE = 9
    GET_ALTERNATIVE = 10
    ALTERNATIVE = 11
    CANCEL = 21
    CONTROL = 100
    BULK = 101


class UsbRedirection:
    """`device` in a port of QEMU's."""

    def __init__(self, device: UsbDevice) -> None:
        self._device = device
        device.ready = self._feed
        device.unplug = self._pull
        self._connection: socket.socket | None = None
        self._capabilities = 0
        self._waiting: list[tuple[int, int]] = []

    def serve(self, path: Path, listening: Callable[[], None]) -> None:
        """Wait for QEMU at a socket and serve it until it goes. `listening`: it may come now."""
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(path))
            server.listen(1)
            listening()
            self._connection, _ = server.accept()
        with self._connection:
            try:
                hello = b"drivelab".ljust(64, b"\0") + struct.pack("<I", _CAPABILITIES)
                self._send(_Packet.HELLO, 0, hello)
                while True:
                    self._packet(*self._received())
            except ConnectionError:
                return

    def _received(self) -> tuple[int, int, bytes]:
        wide = bool(self._capabilities & _WIDE_IDS)
        head = self._exactly(16 if wide else 12)
        kind, length, number = struct.unpack("<IIQ" if wide else "<III", head)
        return kind, number, self._exactly(length)

    def _exactly(self, length: int) -> bytes:
        if self._connection is None:
            raise ConnectionResetError
        found = bytearray()
        while len(found) < length:
            data = self._connection.recv(length - len(found))
            if not data:
                raise ConnectionResetError
            found += data
        return bytes(found)

    def _send(self, kind: int, number: int, body: bytes) -> None:
        if self._connection is None:
            return
        form = "<IIQ" if self._capabilities & _WIDE_IDS else "<III"
        with self._device.lock:
            self._connection.sendall(struct.pack(form, kind, len(body), number) + body)

    def _packet(self, kind: int, number: int, body: bytes) -> None:
        match kind:
            case _Packet.HELLO:
                self._capabilities = struct.unpack_from("<I", body, 64)[0] & _CAPABILITIES
                self._connect()
            case _Packet.CONTROL:
                self._control(number, body)
            case _Packet.BULK:
                self._bulk(number, body)
            case _Packet.SET_CONFIGURATION:
                self._send(_Packet.CONFIGURATION, number, bytes((_SUCCESS, body[0])))
            case _Packet.GET_CONFIGURATION:
                self._send(_Packet.CONFIGURATION, number, bytes((_SUCCESS, 1)))
            case _Packet.SET_ALTERNATIVE | _Packet.GET_ALTERNATIVE:
                chosen = body[1] if kind == _Packet.SET_ALTERNATIVE else 0
                self._send(_Packet.ALTERNATIVE, number, bytes((_SUCCESS, body[0], chosen)))
            case _Packet.CANCEL:
                with self._device.lock:
                    if any(one[0] == number for one in self._waiting):
                        self._waiting = [one for one in self._waiting if one[0] != number]
                        self._answer_bulk(number, BULK_IN, 0, status=_CANCELLED)

    def _connect(self) -> None:
        traits = self._device.traits
        one = [bytes((value,)).ljust(32, b"\0") for value in INTERFACE]
        self._send(_Packet.INTERFACES, 0, struct.pack("<I", 1) + bytes(32) + b"".join(one))
        kinds, sizes = bytearray([_NO_END] * _ENDS), [0] * _ENDS
        for place, kind, size in (
            *((0, _CONTROL_END, 64), (16, _CONTROL_END, 64)),
            *((BULK_OUT, _BULK_END, PACKET_BYTES), (16 + (BULK_IN & 15), _BULK_END, PACKET_BYTES)),
        ):
            kinds[place], sizes[place] = kind, size
        ends = bytes(kinds) + bytes(_ENDS) + bytes(_ENDS) + struct.pack("<32H", *sizes)
        self._send(_Packet.ENDPOINTS, 0, ends)
        ids = (traits.vendor_id, traits.product_id, traits.version)
        self._send(_Packet.CONNECT, 0, struct.pack("<BBBBHHH", _HIGH_SPEED, 0, 0, 0, *ids))

    def _pull(self) -> None:
        self._device.note("vanished")
        self._send(_Packet.DISCONNECT, 0, b"")

    def _control(self, number: int, body: bytes) -> None:
        end, request, kind, _, value, index, length = struct.unpack_from("<BBBBHHH", body)
        answer = self._device.control(kind, request, value)
        status = _STALL if answer is None else _SUCCESS
        data = (answer or b"")[:length]
        head = struct.pack("<BBBBHHH", end, request, kind, status, value, index, len(data))
        self._send(_Packet.CONTROL, number, head + data)

    def _bulk(self, number: int, body: bytes) -> None:
        end, _, low, _ = struct.unpack_from("<BBHI", body)
        at, length = 8, low
        if self._capabilities & _LONG_BULK:
            at, length = 10, low | struct.unpack_from("<H", body, 8)[0] << 16
        if end & 0x80:
            with self._device.lock:
                self._waiting.append((number, length))
            self._feed()
        else:
            self._device.receive(body[at:])
            self._answer_bulk(number, end, len(body) - at)

    def _feed(self) -> None:
        """Answer what the host waits for, as far as the device has something."""
        with self._device.lock:
            while self._waiting:
                number, length = self._waiting[0]
                data = self._device.take(length)
                if data is None:
                    return
                self._waiting.pop(0)
                self._answer_bulk(number, BULK_IN, len(data), data)

    def _answer_bulk(
        self, number: int, end: int, length: int, data: bytes = b"", status: int = _SUCCESS
    ) -> None:
        head = struct.pack("<BBHI", end, status, length & 0xFFFF, 0)
        if self._capabilities & _LONG_BULK:
            head += struct.pack("<H", length >> 16)
        self._send(_Packet.BULK, number, head + data)
