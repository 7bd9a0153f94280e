"""Stations: who may sign, as the office decided; and what their chains tell.

A station is known by its key. The office accepts or revokes it; a one-time token in the
stick's configuration is an acceptance given in advance. A fork in a station's chain means
a cloned stick, a gap a statement that never arrived: both are shown, neither is repaired.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from appliance.central.database import StatementRow, StationRow, TokenRow
from appliance.central.home import Home
from appliance.central.strangers import NotKept
from appliance.errors import ConfigError
from appliance.statement import keys

PENDING, ACCEPTED, REVOKED = "pending", "accepted", "revoked"
# Far more than an organisation buys at once, and few enough for a page that lists them.
MOST_PENDING = 5000


def stamp(moment: datetime | None = None) -> str:
    """A time as it stands in the database: UTC, to the second."""
    return (moment or datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something about a station's chain. kind: fork (two statements claim a place) or gap."""

    kind: str
    seq: int
    last: int


def heard_of(session: Session, station: str, key: str, *, invited: bool = False) -> StationRow:
    """The row of a station; a new one is pending. NotKept where too many are, for anybody can
    make keys; one that the office has `invited` by a token comes in all the same."""
    row = session.get(StationRow, station)
    if row is None:
        waiting = select(func.count()).where(StationRow.status == PENDING)
        if not invited and session.execute(waiting).scalar_one() >= MOST_PENDING:
            raise NotKept("unaccepted-too-many", limit=MOST_PENDING)
        row = StationRow(id=station, key=key, status=PENDING, first_seen=stamp())
        session.add(row)
        session.flush()
    return row


def new_token(session: Session, life: timedelta, note: str = "") -> str:
    """A one-time token, shown once and kept only as its digest."""
    token = secrets.token_urlsafe(24)
    now = datetime.now(UTC)
    session.add(
        TokenRow(digest=_digest(token), made_at=stamp(now), expires_at=stamp(now + life), note=note)
    )
    return token


def use_token(session: Session, token: str, station: str) -> bool:
    """Whether the token lets this station in; it is used up by one station, atomically."""
    spent = session.execute(
        update(TokenRow)
        .where(
            TokenRow.digest == _digest(token),
            TokenRow.used_by.is_(None),
            TokenRow.expires_at > stamp(),
        )
        .values(used_by=station)
        .returning(TokenRow.digest)
    )
    return spent.first() is not None


def enrol(
    session: Session, home: Home, public: ec.EllipticCurvePublicKey, token: str
) -> tuple[StationRow, bytes | None]:
    """A station asks for a certificate: (its row, the certificate chain in PEM or None).

    An accepted station gets a fresh certificate whenever it proves its key: so it renews.
    """
    station = keys.station_id(public)
    known = session.get(StationRow, station)
    undecided = known is None or known.status == PENDING
    invited = undecided and bool(token) and use_token(session, token, station)
    row = heard_of(session, station, keys.key_digest(public), invited=invited)
    if invited:
        decide(row, ACCEPTED, "token")
    if row.status != ACCEPTED:
        return row, None
    issued = home.authority.issue(public, "station", station)
    return row, keys.chain_pem([issued])


def decide(row: StationRow, status: str, note: str = "") -> None:
    row.status, row.decided_at, row.note = status, stamp(), note


def certified(row: StationRow, key: str) -> None:
    """An office whose certificate our CA issued for this key: accepted, unless it is revoked.

    The certificate says whose the name is, for a name is not made from its key. Older servers
    let in whoever was heard of first under an office's name.
    """
    if row.status != REVOKED and (row.status, row.key) != (ACCEPTED, key):
        row.key = key
        decide(row, ACCEPTED, "office")


def find(session: Session, beginning: str) -> StationRow:
    """The one station whose id begins so; ConfigError where there is none or several."""
    rows = session.scalars(
        select(StationRow).where(StationRow.id.startswith(beginning, autoescape=True)).limit(2)
    ).all()
    if len(rows) != 1:
        raise ConfigError("central-no-such-station", station=beginning, count=len(rows))
    return rows[0]


def listed(session: Session) -> Sequence[StationRow]:
    return session.scalars(select(StationRow).order_by(StationRow.first_seen)).all()


def heartbeat(session: Session, station: str, facts: dict[str, Any]) -> bool:
    """Note what a station says about itself; False where it is not known here."""
    row = session.get(StationRow, station)
    if row is None:
        return False
    row.heard_at, row.heard = stamp(), json.dumps(facts)
    return True


def findings(session: Session, station: str) -> tuple[Finding, ...]:
    """Forks and gaps in the chain of a station."""
    rows = session.execute(
        select(StatementRow.seq, StatementRow.id, StatementRow.prev)
        .where(StatementRow.station == station)
        .order_by(StatementRow.seq)
    ).all()
    places: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for seq, statement_id, prev in rows:
        places[seq].append((statement_id, prev))
    found, before = [], 0
    for seq, claims in places.items():
        if seq > before + 1:
            found.append(Finding(kind="gap", seq=before + 1, last=seq - 1))
        known = {statement_id for statement_id, _ in places.get(seq - 1, [])}
        strays = known and any(prev not in known for _, prev in claims)
        if len(claims) > 1 or strays or (seq == 1 and any(prev for _, prev in claims)):
            found.append(Finding(kind="fork", seq=seq, last=seq))
        before = seq
    return tuple(found)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
