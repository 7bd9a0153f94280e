"""What the server keeps of stations that the office has not accepted: a little, from each.

Anybody can make a station and send what fits our schemas. So of a station that is not
accepted only small statements are kept, and only so many of one station and of one address.
An honest new station loses nothing: what is not kept waits on its stick, and is sent when
the office has decided.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from appliance.central.database import HELD, StatementRow, StrangerRow
from appliance.errors import TajdeedError

# A machine's certificate has some 4 to 30 KiB, that of a drive full of errors 400.
MAX_BYTES = 512 << 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """How much is kept at once of strangers."""

    documents: int
    bytes: int


# Two days of a busy workshop for a stick; a workshop with several new sticks for an address.
OF_STATION = Quota(documents=500, bytes=16 << 20)
OF_SENDER = Quota(documents=2000, bytes=64 << 20)


class NotKept(TajdeedError):
    """A station that is not accepted sent more than is kept of such.

    For HTTP both are 429: to an older stick a 413 is a refusal for good.
    """


def sender(host: str) -> str:
    """An address as quotas count it: of IPv6 the network, for a host has all of it."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host[:64]
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def check(session: Session, station: str, whence: str, size: int) -> None:
    """NotKept where a statement of `size` bytes is more than is kept of this station or sender."""
    if size > MAX_BYTES:
        raise NotKept("unaccepted-too-large", limit=MAX_BYTES)
    for quota, fits in (
        (OF_STATION, StatementRow.station == station),
        (OF_SENDER, StrangerRow.sender == whence),
    ):
        held = _held(session, fits)
        if held.documents >= quota.documents or held.bytes + size > quota.bytes:
            raise NotKept("unaccepted-too-many", limit=quota.documents)


def _held(session: Session, fits: ColumnElement[bool]) -> Quota:
    documents, size = session.execute(
        select(func.count(), func.coalesce(func.sum(StrangerRow.bytes), 0))
        .join(StatementRow, StatementRow.id == StrangerRow.statement)
        .where(StatementRow.state == HELD, fits)
    ).one()
    return Quota(documents=documents, bytes=int(size))
