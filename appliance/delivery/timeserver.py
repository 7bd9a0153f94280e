"""The time of an NTP server, for a station that no central server has told the time.

One datagram, one answer (SNTP, RFC 4330): the offset is only noted on statements, and a
donated PC's clock is never set by it. An answer that is none, or not to our question, or of
a server that is itself not synchronised, is no time.
"""

from __future__ import annotations

import secrets
import socket
import struct
import time
from collections.abc import Callable

PORT = 123
_WAIT_S = 3.0
_AGAIN_S = 60.0
_PACKET = struct.Struct(">BBBb11I")
_CLIENT = 4 << 3 | 3  # version 4, mode client
_SERVER_MODE = 4
_NTP_EPOCH_S = 2_208_988_800  # 1900-01-01 to 1970-01-01
# RFC 4330, section 3: seconds with the top bit clear belong to the era that began in 2036.
_ERA_S = 1 << 32


def parsed(packet: bytes, question: tuple[int, int], sent: float, received: float) -> float | None:
    """The server's clock minus ours, in seconds, or None where the packet says no time. Pure.

    `question`: the two words that we sent as our transmit time; `sent` and `received`: our
    clock then (RFC 4330, section 5, with the offset's formula).
    """
    if len(packet) < _PACKET.size:
        return None
    fields = _PACKET.unpack(packet[: _PACKET.size])
    mode, unsynchronised, stratum = fields[0] & 7, fields[0] >> 6 == 3, fields[1]
    if mode != _SERVER_MODE or unsynchronised or not 1 <= stratum <= 15:
        return None
    if fields[9:11] != question or fields[13] == 0:
        return None
    return ((_seconds(*fields[11:13]) - sent) + (_seconds(*fields[13:15]) - received)) / 2


def _seconds(whole: int, fraction: int) -> float:
    if whole < 1 << 31:
        whole += _ERA_S
    return whole - _NTP_EPOCH_S + fraction / _ERA_S


class TimeServer:
    """One NTP server, asked once a minute until it has answered. `host` may end in `:PORT`."""

    def __init__(self, host: str, clock: Callable[[], float] = time.monotonic) -> None:
        name, _, port = host.rpartition(":")
        plain = not port.isdigit() or ":" in name
        self._address = (host, PORT) if plain else (name, int(port))
        self._clock = clock
        self._next = clock()
        self.offset_s: float | None = None

    def round(self) -> None:
        """Ask, if that is due; what goes wrong is asked again later."""
        if self.offset_s is not None or self._clock() < self._next:
            return
        self._next = self._clock() + _AGAIN_S
        try:
            self.offset_s = self._ask()
        except OSError:
            self.offset_s = None

    def _ask(self) -> float | None:
        # Random words instead of our time: they only serve to know the answer to our question.
        question = (secrets.randbits(32), secrets.randbits(32))
        host, port = self._address
        for family, kind, protocol, _name, address in socket.getaddrinfo(
            host, port, type=socket.SOCK_DGRAM
        ):
            with socket.socket(family, kind, protocol) as asked:
                asked.settimeout(_WAIT_S)
                asked.connect(address)
                sent = time.time()
                asked.send(_PACKET.pack(_CLIENT, *[0] * 12, *question))
                packet = asked.recv(512)
                return parsed(packet, question, sent, time.time())
        return None
