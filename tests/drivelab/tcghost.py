"""A host's side of TCG Storage: what sedutil 1.20 sends for a revert with the PSID.

For tests without a virtual PC, where the real sedutil has no drive to open. What it really sends
was watched, against the same firmware model, and is the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from appliance.model import CommandRun
from appliance.tools import Output
from tests.drivelab.tcg import (
    ADMIN_SP,
    CALL,
    END_LIST,
    END_NAME,
    END_OF_DATA,
    INVALID,
    PSID,
    REVERT,
    SESSION_MANAGER,
    START_LIST,
    START_NAME,
    START_SESSION,
    encoded,
    encoded_all,
    packet,
    tokens_of,
    unpacked,
)

AT = "2026-11-24T10:00:00.000Z"
_BLOCK_BYTES = 512

Exchange = Callable[[bytes], bytes]
"""Sends a ComPacket to the drive, and fetches its answer."""


def sedutil(exchange: Exchange) -> Callable[..., Output]:
    """In place of `tools.run` for `sedutil-cli`: what it says and exits with."""

    def run(argv: tuple[str, ...], *, unsaid: str, **_: Any) -> Output:
        status = revert(exchange, unsaid)
        said = f"Session start failed rc = {status}" if status else "revertTper completed"
        told = tuple("***" if word == unsaid else word for word in argv)
        done = CommandRun(argv=told, status=status, started_at=AT, elapsed_s=0.0)
        return Output(run=done, status=status, stdout="", stderr=said, raw=b"")

    return run


def revert(exchange: Exchange, psid: str) -> int:
    """A session on the Admin SP with the PSID's authority, and Revert in it; the status."""
    arguments = encoded_all(105, ADMIN_SP, 1)
    for number, value in ((0, psid.encode()), (3, PSID)):
        arguments += encoded(START_NAME) + encoded_all(number, value) + encoded(END_NAME)
    begun = exchange(method_call(SESSION_MANAGER, START_SESSION, arguments))
    if status := status_of(begun):
        return status
    return status_of(exchange(method_call(ADMIN_SP, REVERT, b"", session_of(begun))))


def method_call(target: bytes, method: bytes, arguments: bytes, session: int = 0) -> bytes:
    """A ComPacket that calls a method, in whole blocks."""
    body = encoded(CALL) + encoded_all(target, method) + encoded(START_LIST) + arguments
    body += encoded(END_LIST) + encoded(END_OF_DATA) + encoded(START_LIST)
    body += encoded_all(0, 0, 0) + encoded(END_LIST)
    whole = packet(body, session, 105 if session else 0)
    return whole.ljust(-(-len(whole) // _BLOCK_BYTES) * _BLOCK_BYTES, b"\0")


def status_of(answer: bytes) -> int:
    """The status of a method's answer: the first number of its closing list."""
    tokens = list(tokens_of(unpacked(answer)[2]))
    status = tokens[-4] if len(tokens) >= 5 else INVALID
    return status if isinstance(status, int) else INVALID


def session_of(answer: bytes) -> int:
    """The drive's session number out of SyncSession."""
    tokens = list(tokens_of(unpacked(answer)[2]))
    number = tokens[5] if len(tokens) > 5 else 0
    return number if isinstance(number, int) else 0
