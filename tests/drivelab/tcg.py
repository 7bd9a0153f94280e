"""The TCG Storage part of a drive's firmware: discovery, locks, and the revert by PSID.

After TCG Storage Core 2.01 and Opal SSC 2.02, as far as Level 0 Discovery, Properties, a session on
the Admin SP and Revert go: ComPackets in, ComPackets out, without a transport. What the locks keep
from the host, and what a revert does to the medium, is the drive's own.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

PROTOCOL, DISCOVERY = 0x01, 0x0001
COMID = 0x07FE
_TRIES = 5

START_LIST, END_LIST, START_NAME, END_NAME = 0xF0, 0xF1, 0xF2, 0xF3
CALL, END_OF_DATA, END_OF_SESSION, EMPTY = 0xF8, 0xF9, 0xFA, 0xFF
_CONTROL = frozenset(range(0xF0, 0x100))

SESSION_MANAGER = bytes(7) + b"\xff"
ADMIN_SP = bytes.fromhex("0000020500000001")
PSID = bytes.fromhex("000000090001FF01")
PROPERTIES, START_SESSION, SYNC_SESSION = (
    bytes.fromhex(f"000000000000FF{number:02X}") for number in (1, 2, 3)
)
REVERT = bytes.fromhex("0000000600000202")
SUCCESS, NOT_AUTHORIZED, INVALID, LOCKED_OUT = 0x00, 0x01, 0x0C, 0x12

Token = int | bytes | str
"""A number, a byte string, or (as text) the name of a control token."""


class TcgError(Exception):
    """The drive refuses the transfer: an unknown protocol, or another's ComID."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TcgTraits:
    """What the maker decided, and how the former owner left it.

    `psid`: what is printed on the label. `locked`: every block, after each power-on. `shadow`: what
    is read in place of the first blocks until then. `stays_locked`: a revert ends well and removes
    no lock. `feature`: the code of the subsystem class.
    """

    psid: str
    locked: bool = True
    shadow: bytes = b""
    stays_locked: bool = False
    feature: int = 0x0203


class Tcg:
    """`revert()` destroys the keys: what it does to the medium is the drive's."""

    def __init__(
        self, traits: TcgTraits, revert: Callable[[], None], note: Callable[[str], None]
    ) -> None:
        self._traits = traits
        self._revert = revert
        self._note = note
        self.enabled = True
        self.locked = traits.locked
        self.shadow = traits.shadow
        self._tries = _TRIES
        self._session = 0
        self._answer = b""

    def power_cycle(self) -> None:
        """Ranges lock themselves again, the shadow comes back, sessions are gone."""
        self.locked = self.enabled and self._traits.locked
        self.shadow = self._traits.shadow if self.enabled else b""
        self._tries, self._session, self._answer = _TRIES, 0, b""

    def receive(self, protocol: int, comid: int, length: int) -> bytes:
        """Trusted Receive, Security Receive: `length` bytes, padded with zeros."""
        if protocol == PROTOCOL and comid == DISCOVERY:
            return self._discovery()[:length].ljust(length, b"\0")
        self._expect(protocol, comid)
        answer, self._answer = self._answer, b""
        return (answer or packet(b"", 0, 0))[:length].ljust(length, b"\0")

    def send(self, protocol: int, comid: int, data: bytes) -> None:
        """Trusted Send, Security Send: one ComPacket with one method call."""
        self._expect(protocol, comid)
        session, host, payload = unpacked(data)
        tokens = list(tokens_of(payload))
        said, status = self._called(session, tokens)
        if said is None:
            body = encoded(END_OF_SESSION)
        else:
            ending = (END_OF_DATA, START_LIST)
            body = said + b"".join(encoded(one) for one in ending)
            body += encoded_all(status, 0, 0) + encoded(END_LIST)
        self._answer = packet(body, session, host)

    @staticmethod
    def _expect(protocol: int, comid: int) -> None:
        if protocol != PROTOCOL or comid != COMID:
            raise TcgError(f"protocol {protocol:#x} ComID {comid:#x}")

    # --- methods

    def _called(self, session: int, tokens: list[Token]) -> tuple[bytes | None, int]:
        """The answer's tokens and its status; None in place of them: the session's end."""
        if tokens[:1] == [_name(END_OF_SESSION)]:
            self._session = 0
            return None, SUCCESS
        empty = encoded(START_LIST) + encoded(END_LIST)
        if tokens[:1] != [_name(CALL)] or len(tokens) < 3:
            return empty, INVALID
        target, method, arguments = tokens[1], tokens[2], tokens[3:]
        if session == 0 and target == SESSION_MANAGER and method == PROPERTIES:
            return self._properties(), SUCCESS
        if session == 0 and target == SESSION_MANAGER and method == START_SESSION:
            return self._start_session(arguments)
        if session and session == self._session and (target, method) == (ADMIN_SP, REVERT):
            self._session = 0
            self._note("tcg revert by PSID")
            self._revert()
            if not self._traits.stays_locked:
                self.enabled = self.locked = False
                self.shadow = b""
            return empty, SUCCESS
        return empty, INVALID

    @staticmethod
    def _properties() -> bytes:
        known = (("MaxComPacketSize", 2048), ("MaxPacketSize", 2028), ("MaxIndTokenSize", 1992))
        listed = b"".join(
            encoded(START_NAME) + encoded_all(name.encode(), value) + encoded(END_NAME)
            for name, value in known
        )
        return (
            encoded(CALL)
            + encoded_all(SESSION_MANAGER, PROPERTIES)
            + encoded(START_LIST)
            + encoded(START_LIST)
            + listed
            + encoded(END_LIST)
            + encoded(END_LIST)
        )

    def _start_session(self, arguments: list[Token]) -> tuple[bytes, int]:
        """[host session, SP, write, 0 = challenge, 3 = authority]"""
        begun = encoded(CALL) + encoded_all(SESSION_MANAGER, SYNC_SESSION) + encoded(START_LIST)
        host, sp = arguments[1], arguments[2]
        named = dict(_named(arguments))
        status = self._authenticated(sp, named.get(3), named.get(0))
        if status != SUCCESS:
            self._note(f"tcg session refused ({status:#x})")
            return encoded(START_LIST) + encoded(END_LIST), status
        self._session = 4097
        return begun + encoded_all(host, self._session) + encoded(END_LIST), SUCCESS

    def _authenticated(self, sp: Token, authority: Token | None, challenge: Token | None) -> int:
        if sp != ADMIN_SP or authority != PSID:
            return NOT_AUTHORIZED
        if self._tries == 0:
            return LOCKED_OUT
        if challenge != self._traits.psid.encode():
            self._tries -= 1
            return NOT_AUTHORIZED
        return SUCCESS

    def _discovery(self) -> bytes:
        """Header, then TPer, Locking, the subsystem class, a code that nobody knows."""
        locking = 1 | self.enabled << 1 | self.locked << 2 | 1 << 3 | bool(self.shadow) << 4
        features = (
            (0x0001, bytes((0x11,)) + bytes(11)),
            (0x0002, bytes((locking,)) + bytes(11)),
            (self._traits.feature, struct.pack(">HHBHHBB", COMID, 1, 0, 4, 8, 0, 0) + bytes(5)),
            (0xC001, bytes(8)),
        )
        body = b"".join(
            struct.pack(">HBB", code, 0x10, len(data)) + data for code, data in features
        )
        header = struct.pack(">IHH", 44 + len(body), 0, 1).ljust(48, b"\0")
        return header + body


# --- the wire ------------------------------------------------------------------------------


def encoded(control: int) -> bytes:
    """A control token."""
    return bytes((control,))


def encoded_all(*tokens: Token) -> bytes:
    """Numbers and byte strings as atoms (Core 3.2.2.3.1)."""
    return b"".join(_atom(one) for one in tokens)


def _atom(token: Token) -> bytes:
    if isinstance(token, int):
        if token < 64:
            return bytes((token,))
        size = next(size for size in (1, 2, 4, 8) if token < 1 << 8 * size)
        return bytes((0x80 | size,)) + token.to_bytes(size, "big")
    if isinstance(token, str):
        raise TypeError(f"{token} is no atom")
    if len(token) < 16:
        return bytes((0xA0 | len(token),)) + token
    return bytes((0xD0 | len(token) >> 8, len(token) & 0xFF)) + token


def tokens_of(payload: bytes) -> Iterator[Token]:
    """The atoms and control tokens of a subpacket."""
    at = 0
    while at < len(payload):
        first = payload[at]
        if first in _CONTROL:
            at += 1
            if first != EMPTY:
                yield _name(first)
            continue
        if first < 0x80:
            at += 1
            yield first & 0x3F
            continue
        if first < 0xC0:
            is_bytes, start, size = bool(first & 0x20), at + 1, first & 0x0F
        elif first < 0xE0:
            size = (first & 7) << 8 | payload[at + 1]
            is_bytes, start = bool(first & 0x10), at + 2
        else:
            size = int.from_bytes(payload[at + 1 : at + 4], "big")
            is_bytes, start = bool(first & 2), at + 4
        value = payload[start : start + size]
        at = start + size
        yield value if is_bytes else int.from_bytes(value, "big")


def _name(control: int) -> str:
    return f"{control:02x}"


def _named(tokens: list[Token]) -> Iterator[tuple[Token, Token]]:
    """Named values, which are a pair between two control tokens."""
    for at, token in enumerate(tokens):
        if token == _name(START_NAME) and len(tokens) > at + 2:
            yield tokens[at + 1], tokens[at + 2]


def packet(body: bytes, session: int, host: int) -> bytes:
    """A ComPacket with one packet and one data subpacket (Core 3.2.3); without a body: empty."""
    inner = b""
    if body:
        padded = body.ljust(-(-len(body) // 4) * 4, b"\0")
        sub = struct.pack(">6xHI", 0, len(body)) + padded
        inner = struct.pack(">IIIHHII", session, host, 0, 0, 0, 0, len(sub)) + sub
    return struct.pack(">IHHIII", 0, COMID, 0, 0, 0, len(inner)) + inner


def unpacked(data: bytes) -> tuple[int, int, bytes]:
    """Session numbers (the drive's, the host's) and the subpacket's payload."""
    session, host = struct.unpack_from(">II", data, 20)
    (length,) = struct.unpack_from(">I", data, 52)
    return session, host, bytes(data[56 : 56 + length])
