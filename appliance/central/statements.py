"""Statements at the server: taking them in, registering them, finding them again.

Every statement that is consistent is kept; whether it is registered (and gets a receipt)
hangs on its station. The same statement sent again is the same statement: its id is the
digest of its payload.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, defer

from appliance.central import stations, strangers
from appliance.central.database import (
    HELD,
    REGISTERED,
    Database,
    StatementRow,
    StationRow,
    StrangerRow,
    WordRow,
)
from appliance.central.home import Home
from appliance.errors import TrustError
from appliance.statement import jws, strict_json, trust, verify
from appliance.statement.document import payload_id
from appliance.statement.jws import Envelope
from appliance.statement.trust import Standing
from appliance.statement.verify import Verified

# What the acceptance of a station settles; what it sent while revoked is another question.
UNDECIDED = ("station-unknown", "certificate-expired")
# Held for one of these, it is nobody's word but its sender's: anybody can make such a one.
UNVOUCHED = ("station-unknown", "station-revoked", "station-other-key")
PAGE = 50
# Lists need no documents: each may have megabytes.
_LISTED = (defer(StatementRow.data, raiseload=True), defer(StatementRow.receipt, raiseload=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What became of a statement that was sent. `new` is False where it was known."""

    row: StatementRow
    new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What is searched for; empty fields do not count. Dates are YYYY-MM-DD, inclusive."""

    q: str = ""
    serial: str = ""
    asset_tag: str = ""
    outcome: str = ""
    type: str = ""
    station: str = ""
    job: str = ""
    since: str = ""
    until: str = ""
    page: int = 1
    per_page: int = PAGE


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One page of what was found, newest first."""

    rows: Sequence[StatementRow]
    total: int
    page: int
    pages: int


def take(database: Database, home: Home, data: bytes, url: str, sender: str) -> Taken:
    """Take a statement in: verify, keep, register where its station is accepted.

    TrustError (Unreadable, NotGenuine) where it is no genuine statement, or speaks in an
    office's name without a certificate of ours (`ticket-foreign`); NotKept where it is more
    than is kept of a station that is not accepted. Nothing is kept then. What costs little
    comes first: whose it is, and whether it is known; only then it is read.
    """
    envelope = jws.opened(data, jws.STATEMENT)
    with database.session() as session:
        known = session.get(StatementRow, payload_id(envelope.payload))
        if known is not None and known.data == data:
            return Taken(row=known, new=False)
        _admit(session, home, envelope, sender)
    verified = verify.statement(data, home.trust)
    try:
        with database.session() as session:
            return _kept(session, home, verified, url, sender)
    except IntegrityError:
        # The same statement, or its station's first, came in at the same moment by another
        # connection: now it is there to be found.
        with database.session() as session:
            return _kept(session, home, verified, url, sender)


def _admit(session: Session, home: Home, envelope: Envelope, sender: str) -> None:
    """TrustError or NotKept for what is not worth reading, by its signer and its size."""
    role, name = trust.signer(envelope.chain) or ("", "")
    if role == "office":
        # A station's name is made from its key; an office's is whatever a certificate says.
        if home.trust.judge(envelope.chain, datetime.now(UTC)) is not Standing.TRUSTED:
            raise TrustError("ticket-foreign", issuer=f"{role} {name}")
        return
    station = session.get(StationRow, name)
    if station is None or station.status != stations.ACCEPTED:
        strangers.check(session, name, sender, len(envelope.data))


def get(session: Session, statement_id: str) -> StatementRow | None:
    return session.get(StatementRow, statement_id)


def accept_station(
    session: Session,
    home: Home,
    row: StationRow,
    note: str,
    url: str,
    reasons: Sequence[str] = UNDECIDED,
) -> int:
    """Accept a station and register what is held of it; returns how many statements."""
    stations.decide(row, stations.ACCEPTED, note)
    return register_held(session, home, row, url, reasons)


def register_held(
    session: Session,
    home: Home,
    row: StationRow,
    url: str,
    reasons: Sequence[str] = ("station-unknown",),
) -> int:
    """Register what is held of a station for one of these reasons; returns how many."""
    held = session.scalars(
        select(StatementRow)
        .where(
            StatementRow.station == row.id,
            StatementRow.key == row.key,
            StatementRow.state == HELD,
            StatementRow.reason.in_(reasons),
        )
        .options(*_LISTED)
    ).all()
    for statement in held:
        _register(home, statement, url)
    return len(held)


def search(session: Session, query: Query) -> Found:
    """The statements that fit every given field, newest first."""
    wanted = select(StatementRow)
    for kind, text in (("", query.q), ("serial", query.serial), ("tag", query.asset_tag)):
        if text.strip():
            matching = select(WordRow.statement).where(
                WordRow.word.contains(folded(text), autoescape=True)
            )
            if kind:
                matching = matching.where(WordRow.kind == kind)
            wanted = wanted.where(StatementRow.id.in_(matching))
    for column, value in (
        (StatementRow.outcome, query.outcome),
        (StatementRow.type, query.type),
        (StatementRow.station, query.station),
        (StatementRow.job, query.job),
    ):
        if value:
            wanted = wanted.where(column == value)
    if query.since:
        wanted = wanted.where(StatementRow.received_at >= query.since)
    if query.until:
        wanted = wanted.where(StatementRow.received_at <= f"{query.until}T23:59:59Z")
    total = session.scalar(select(func.count()).select_from(wanted.subquery())) or 0
    rows = session.scalars(
        wanted.order_by(StatementRow.received_at.desc(), StatementRow.seq.desc(), StatementRow.id)
        .offset((query.page - 1) * query.per_page)
        .limit(query.per_page)
        .options(*_LISTED)
    ).all()
    pages = max(1, -(-total // query.per_page))
    return Found(rows=rows, total=total, page=query.page, pages=pages)


def of_machine(session: Session, named: str) -> StatementRow | None:
    """The certificate of the machine with this serial number or asset tag.

    A registered one before what is only held, whatever came later: a stranger can send any
    serial number. Then by the serial number before by the tag, then the newest.
    """
    worded = select(WordRow.statement).where(
        WordRow.kind.in_(("serial", "tag")), WordRow.word == folded(named)
    )
    return session.scalars(
        select(StatementRow)
        .where(
            StatementRow.type == "machine",
            StatementRow.id.in_(worded),
            or_(StatementRow.serial == named, StatementRow.asset_tag == named),
        )
        .order_by(
            (StatementRow.state == REGISTERED).desc(),
            (StatementRow.serial == named).desc(),
            StatementRow.received_at.desc(),
            StatementRow.seq.desc(),
        )
        .limit(1)
        .options(*_LISTED)
    ).first()


def vouched(row: StatementRow) -> bool:
    """Whether the office stands behind who signed it: registered, or late by its date only."""
    return row.reason not in UNVOUCHED


def of_job(session: Session, station: str, job: str) -> Sequence[StatementRow]:
    """All statements of a job, in the order of their numbers."""
    return session.scalars(
        select(StatementRow)
        .where(StatementRow.station == station, StatementRow.job == job)
        .order_by(StatementRow.seq, StatementRow.id)
        .options(*_LISTED)
    ).all()


def payload(row: StatementRow) -> dict[str, Any]:
    """The payload of a statement that was verified when it was taken in."""
    value: dict[str, Any] = strict_json.loads(jws.decoded(row.data.split(b".")[1]))
    return value


def folded(text: str) -> str:
    """Text as it is searched for: without outer blanks, caseless, of bounded length."""
    return text.strip().casefold()[:400]


def _kept(session: Session, home: Home, verified: Verified, url: str, sender: str) -> Taken:
    document = verified.statement
    known = session.get(StatementRow, document.id)
    if known is not None:
        return Taken(row=known, new=False)
    told = document.payload
    station = stations.heard_of(session, told["station"], verified.key_digest)
    if verified.signer[0] == "office":
        stations.certified(station, verified.key_digest)
    reason = _held_because(station, verified)
    row = StatementRow(
        id=document.id,
        station=told["station"],
        key=verified.key_digest,
        type=told["type"],
        seq=told["seq"],
        prev=told["prev"] or "",
        job=told["job"],
        issued_at=told["issued_at"],
        received_at=stations.stamp(),
        state=HELD,
        reason=reason,
        data=document.data,
        **_found_by(told),
    )
    session.add(row)
    session.flush()
    for kind, word in _words(told):
        session.add(WordRow(statement=document.id, kind=kind, word=word))
    if not reason:
        _register(home, row, url)
    elif reason in UNVOUCHED:
        session.add(StrangerRow(statement=row.id, sender=sender, bytes=len(row.data)))
    session.flush()
    return Taken(row=row, new=True)


def _held_because(station: StationRow, verified: Verified) -> str:
    """Why a statement is only held; empty: it is registered."""
    if station.status == stations.REVOKED:
        return "station-revoked"
    if station.status != stations.ACCEPTED:
        return "station-unknown"
    if station.key != verified.key_digest:
        return "station-other-key"
    if verified.standing is Standing.EXPIRED:
        return "certificate-expired"
    return ""


def _register(home: Home, row: StatementRow, url: str) -> None:
    row.state, row.reason = REGISTERED, ""
    row.receipt = home.receipt(
        url=url,
        statement=row.id,
        station=row.station,
        key=row.key,
        received=row.received_at,
        registered=stations.stamp(),
    )


def _found_by(told: dict[str, Any]) -> dict[str, str]:
    body = told["body"]
    if told["type"] == "machine":
        machine = body["machine"]
        return {
            "outcome": body["outcome"],
            "title": f"{machine['maker']} {machine['model']}".strip(),
            "serial": machine["serial"],
            "asset_tag": body["asset_tag"],
        }
    if told["type"] in ("drive", "deployment"):
        return {
            "outcome": body.get("outcome", ""),
            "title": body["drive"]["model"],
            "serial": body["drive"]["serial"],
            "asset_tag": body.get("asset_tag", ""),
        }
    return {"title": body.get("lot", "")}


def _words(told: dict[str, Any]) -> set[tuple[str, str]]:
    body = told["body"]
    found: list[tuple[str, str]] = [("job", told["job"]), ("lot", body.get("lot", ""))]
    if told["type"] == "machine":
        machine = body["machine"]
        found += [("serial", machine["serial"]), ("tag", body["asset_tag"])]
        found += [("tag", machine["donor_asset_tag"]), ("donor", body["donor"])]
        found += [("model", f"{machine['maker']} {machine['model']}")]
        for item in [*body["drives"], *body["left_alone"]]:
            found += [("serial", item["drive"]["serial"]), ("model", item["drive"]["model"])]
    elif "drive" in body:
        found += [("serial", body["drive"]["serial"]), ("model", body["drive"]["model"])]
        found += [("tag", body.get("asset_tag", ""))]
    return {(kind, folded(word)) for kind, word in found if folded(word)}
