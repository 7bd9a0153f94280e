"""The nouns of signing: a draft, and the statement that only a signer can make of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

SCHEMA = "tajdeed/1"
_MADE_BY_SIGNER = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """The program that did the work, as it stands on paper."""

    version: str
    commit: str

    def to_json(self) -> dict[str, str]:
        return {"name": "Tajdeed", "version": self.version, "commit": self.commit}


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """How right our time is: source rtc, server or ntp; offset of the RTC where known."""

    source: str = "rtc"
    offset_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A statement before it has its number and signature."""

    type: str
    job: str
    log_head: str
    body: dict[str, Any]

    def payload(
        self, *, station: str, seq: int, prev: str | None, issued_at: str, clock: Clock
    ) -> dict[str, Any]:
        """The whole payload of this draft at its place in the station's chain."""
        return {
            "schema": SCHEMA,
            "type": self.type,
            "station": station,
            "seq": seq,
            "prev": prev,
            "job": self.job,
            "issued_at": issued_at,
            "clock": {"source": clock.source, "offset_s": clock.offset_s},
            "log_head": self.log_head,
            "body": self.body,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A signed statement; `made` keeps anything but signing and verifying from making one."""

    id: str
    data: bytes
    payload: dict[str, Any]
    made: object = field(repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.made is not _MADE_BY_SIGNER:
            raise RuntimeError("statements come from a signer or from a verification only")

    @property
    def type(self) -> str:
        return str(self.payload["type"])

    @property
    def body(self) -> dict[str, Any]:
        body: dict[str, Any] = self.payload["body"]
        return body


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsignedRecord:
    """What is left where there is no key: a record, loudly unsigned, never a certificate."""

    payload: dict[str, Any]

    @property
    def type(self) -> str:
        return str(self.payload["type"])

    @property
    def body(self) -> dict[str, Any]:
        body: dict[str, Any] = self.payload["body"]
        return body


def payload_id(payload: bytes) -> str:
    """The id of a statement: SHA-256 of its payload bytes."""
    return hashlib.sha256(payload).hexdigest()


def seal(data: bytes, payload_bytes: bytes, payload: dict[str, Any]) -> Statement:
    """For `signer` and `verify` only: the statement that they have signed or verified."""
    return Statement(id=payload_id(payload_bytes), data=data, payload=payload, made=_MADE_BY_SIGNER)
