"""The server's tables, the same on SQLite and PostgreSQL.

The `.jws` bytes are the document and are kept as they came; every other column exists to
find them again. Nothing here judges a statement.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    create_engine,
    event,
)
from sqlalchemy.engine import Engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

REGISTERED, HELD = "registered", "held"


class Base(DeclarativeBase):
    """All tables."""


class StationRow(Base):
    """A station that was heard of. status: pending, accepted, revoked."""

    __tablename__ = "stations"

    id: Mapped[str] = mapped_column(String(80), primary_key=True)
    key: Mapped[str] = mapped_column(String(64))
    status: Mapped[str] = mapped_column(String(16))
    first_seen: Mapped[str] = mapped_column(String(32))
    decided_at: Mapped[str] = mapped_column(String(32), default="")
    note: Mapped[str] = mapped_column(Text, default="")
    heard_at: Mapped[str] = mapped_column(String(32), default="")
    heard: Mapped[str] = mapped_column(Text, default="")


class StatementRow(Base):
    """A statement. state: REGISTERED or HELD."""

    __tablename__ = "statements"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    station: Mapped[str] = mapped_column(ForeignKey("stations.id"))
    key: Mapped[str] = mapped_column(String(64))
    type: Mapped[str] = mapped_column(String(20))
    seq: Mapped[int] = mapped_column(BigInteger)
    prev: Mapped[str] = mapped_column(String(64), default="")
    job: Mapped[str] = mapped_column(String(100))
    issued_at: Mapped[str] = mapped_column(String(32))
    received_at: Mapped[str] = mapped_column(String(32))
    state: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(String(40), default="")
    outcome: Mapped[str] = mapped_column(String(20), default="")
    title: Mapped[str] = mapped_column(Text, default="")
    serial: Mapped[str] = mapped_column(Text, default="")
    asset_tag: Mapped[str] = mapped_column(Text, default="")
    data: Mapped[bytes] = mapped_column(LargeBinary)
    receipt: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)

    __table_args__ = (
        Index("statements_chain", "station", "seq"),
        Index("statements_job", "station", "job"),
        Index("statements_newest", "type", "received_at"),
    )


class WordRow(Base):
    """What a statement can be found by: serials, tags, models; folded for searching."""

    __tablename__ = "words"

    statement: Mapped[str] = mapped_column(ForeignKey("statements.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    word: Mapped[str] = mapped_column(String(400), primary_key=True)

    __table_args__ = (Index("words_word", "word"),)


class StrangerRow(Base):
    """Whence a statement came whose station was not accepted then; it fills that sender's quota
    as long as it is held."""

    __tablename__ = "strangers"

    statement: Mapped[str] = mapped_column(ForeignKey("statements.id"), primary_key=True)
    sender: Mapped[str] = mapped_column(String(64))
    bytes: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (Index("strangers_sender", "sender"),)


class TokenRow(Base):
    """A one-time enrolment token, kept as its SHA-256."""

    __tablename__ = "tokens"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    made_at: Mapped[str] = mapped_column(String(32))
    expires_at: Mapped[str] = mapped_column(String(32))
    note: Mapped[str] = mapped_column(Text, default="")
    used_by: Mapped[str | None] = mapped_column(String(80), default=None)


class Database:
    """Sessions on the server's database; tables are made where they are missing."""

    def __init__(self, url: str) -> None:
        self.engine: Engine = create_engine(url, pool_pre_ping=True)
        if self.engine.dialect.name == "sqlite":
            event.listen(self.engine, "connect", _sqlite_pragmas)
        Base.metadata.create_all(self.engine)

    @contextmanager
    def session(self) -> Iterator[Session]:
        """One transaction: committed at the end, rolled back by an exception."""
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session


def _sqlite_pragmas(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "busy_timeout=10000",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
