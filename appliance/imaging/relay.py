"""How the courier hands an image's bytes to a worker: the words of their Unix socket. No I/O.

A worker has no network, the courier no drive. The worker asks for a part of one image's data
in one line of JSON; the courier answers with messages (a letter, a length, that many bytes)
until the part is over. Nothing that comes through here is believed: the worker checks each
frame's SHA-256.
"""

from __future__ import annotations

import json
import re
import struct
from dataclasses import dataclass

from appliance.model import Reason, RecordError, from_json, to_json

# What the courier makes for the engine and the workers; gone at the next boot.
RELAY_DIR = "/run/tajdeed-courier"
SOCKET_NAME = "images.socket"
REMOTE = ("http://", "https://")
# A directory of an image: what a profile may be called, and nothing that leads elsewhere.
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")

DATA, WAITING, ERROR, END = b"D", b"W", b"E", b"."
HEAD = struct.Struct(">cI")
MAX_MESSAGE = 1 << 20
MAX_REQUEST = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The bytes `offset` to `end` of the data of `image` at `source`; `total`: all that it
    must have."""

    source: str
    image: str
    offset: int
    end: int
    total: int


def is_remote(source: str) -> bool:
    """Whether an image's source is a server's address."""
    return source.startswith(REMOTE)


def request(part: Part) -> bytes:
    return json.dumps(to_json(part)).encode() + b"\n"


def asked(line: bytes) -> Part:
    """The part that a worker asks for; ValueError for anything that makes no sense."""
    part = from_json(Part, json.loads(line))
    if not NAME.fullmatch(part.image) or not 0 <= part.offset < part.end <= part.total:
        raise ValueError("no such part")
    return part


def message(kind: bytes, payload: bytes = b"") -> bytes:
    return HEAD.pack(kind, len(payload)) + payload


def told(kind: bytes, reason: Reason) -> bytes:
    """A message that carries a reason: why it waits, or why there will be no more."""
    return message(kind, json.dumps(to_json(reason)).encode())


def reason(payload: bytes) -> Reason:
    """The reason in such a message; ValueError where it holds none."""
    try:
        return from_json(Reason, json.loads(payload))
    except RecordError as error:
        raise ValueError(str(error)) from error
