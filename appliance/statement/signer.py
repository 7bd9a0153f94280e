"""The station's pen: its key, its place in its own chain, and the writing-down.

Numbers never repeat with other content: the signed statement itself is first kept in
`seq.json` (one atomic replacement), only then put into the outbox and among the
statements; a cut in between is rolled forward at the next opening. Without a readable key
and a writable directory there is no signer, and results are unsigned records.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from appliance.errors import TrustError
from appliance.statement import document, durable, jws, keys, schemas, strict_json, trust
from appliance.statement.document import Clock, Draft, Statement, UnsignedRecord

STATION_DIR = Path("/var/lib/tajdeed/station")
STATEMENTS_DIR = Path("/var/lib/tajdeed/statements")
OUTBOX_DIR = Path("/var/lib/tajdeed/outbox")


class Signer:
    """Signs as a station (or, at the central server, as the office)."""

    def __init__(
        self,
        directory: Path,
        name: str,
        key: ec.EllipticCurvePrivateKey,
        chain: Sequence[x509.Certificate],
        stores: Sequence[Path],
        now: Callable[[], datetime],
    ) -> None:
        self._directory = directory
        self._key = key
        self._stores = tuple(stores)
        self._now = now
        self.name = name
        self.chain = tuple(chain)
        self._roll_forward()

    @classmethod
    def open(
        cls,
        directory: Path = STATION_DIR,
        stores: Sequence[Path] = (OUTBOX_DIR, STATEMENTS_DIR),
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> Signer:
        """This station's signer; the first opening makes key, request and self-signed
        certificate.

        OSError or TrustError where that is impossible: then every result of this run is an
        unsigned record. A damaged key is never replaced silently, for that would make
        another station of this one.
        """
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        key_file = directory / "key.pem"
        if not key_file.exists():
            keys.store_key(key_file, keys.new_key())
        key = keys.read_key(key_file)
        name = keys.station_id(key.public_key())
        if not (directory / "request.csr").exists():
            durable.write(directory / "request.csr", keys.request(key))
            durable.write(directory / "station.id", name.encode() + b"\n", 0o644)
        return cls(directory, name, key, _chain(directory, key, now()), stores, now)

    @property
    def enrolled(self) -> bool:
        """Whether the office has issued our certificate."""
        return not trust.is_self_signed(self.chain)

    @property
    def key_digest(self) -> str:
        return keys.key_digest(self._key.public_key())

    def adopt(self, pem: bytes, pinned: trust.Trust) -> None:
        """Take over the certificate that the courier brought.

        It must be for our key and station and issued under a pinned root; TrustError
        `certificate-not-ours` otherwise, and nothing changes.
        """
        chain = keys.read_chain(pem, "certificate.pem")
        if not chain or chain[0].public_key() != self._key.public_key():
            raise TrustError("certificate-not-ours", problem="it is for another key")
        if trust.signer(chain) != ("station", self.name):
            raise TrustError("certificate-not-ours", problem="it names another station")
        # The machine's clock may be anything: the chain is judged in its own time.
        if pinned.judge(chain, chain[0].not_valid_before_utc) is not trust.Standing.TRUSTED:
            raise TrustError("certificate-not-ours", problem="its issuer is not pinned here")
        if chain != self.chain:
            durable.write(self._directory / "station.crt", keys.chain_pem(chain), 0o644)
            self.chain = chain

    def sign(self, draft: Draft, clock: Clock | None = None) -> Statement:
        """Sign a draft as the next statement of this station, and keep it durably.

        A draft that says the same as the last statement is not signed twice: its statement
        is returned, so a caller that was killed before it noted the id may simply repeat.
        """
        last = self._last()
        if last is not None and _same(draft, last.payload):
            self._store(last)
            return last
        payload = draft.payload(
            station=self.name,
            seq=last.payload["seq"] + 1 if last else 1,
            prev=last.id if last else None,
            issued_at=self._now().isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            clock=clock or Clock(),
        )
        schemas.check_statement(payload)
        payload_bytes = strict_json.dumps(payload)
        strict_json.loads(payload_bytes)
        data = jws.sign(payload_bytes, typ=jws.STATEMENT, key=self._key, chain=self.chain)
        statement = document.seal(data, payload_bytes, payload)
        record = {"seq": payload["seq"], "id": statement.id, "jws": data.decode()}
        durable.write(self._directory / "seq.json", json.dumps(record).encode(), 0o600)
        self._store(statement)
        return statement

    def _last(self) -> Statement | None:
        """The newest statement; TrustError `chain-broken` where its record is damaged."""
        try:
            record = json.loads((self._directory / "seq.json").read_bytes())
            envelope = jws.opened(record["jws"].encode(), jws.STATEMENT)
            payload = strict_json.loads(envelope.payload)
            if payload["station"] != self.name or payload["seq"] != record["seq"]:
                raise ValueError("it is another station's")
        except FileNotFoundError:
            if any(file.suffix == ".jws" for store in self._stores for file in _files(store)):
                raise TrustError("chain-broken", problem="seq.json is missing") from None
            return None
        except (ValueError, KeyError, TypeError, AttributeError, TrustError) as error:
            raise TrustError("chain-broken", problem=str(error)[:200]) from error
        return document.seal(envelope.data, envelope.payload, payload)

    def _roll_forward(self) -> None:
        last = self._last()
        if last is not None:
            self._store(last)

    def _store(self, statement: Statement) -> None:
        """Write to every store, the last one last: where it holds the file, all did."""
        if not self._stores or (self._stores[-1] / f"{statement.id}.jws").exists():
            return
        for store in self._stores:
            store.mkdir(mode=0o750, parents=True, exist_ok=True)
            durable.write(store / f"{statement.id}.jws", statement.data)


def unsigned_record(draft: Draft, reason: str, issued_at: str, clock: Clock) -> UnsignedRecord:
    """The record of a draft where there is no key; `reason` says why, on every copy."""
    payload = draft.payload(station="", seq=0, prev=None, issued_at=issued_at, clock=clock)
    return UnsignedRecord(payload={"unsigned": reason, **payload})


def _same(draft: Draft, payload: dict[str, Any]) -> bool:
    return (draft.type, draft.job, draft.log_head, strict_json.dumps(draft.body)) == (
        payload["type"],
        payload["job"],
        payload["log_head"],
        strict_json.dumps(payload["body"]),
    )


def _files(directory: Path) -> list[Path]:
    try:
        return [Path(entry.path) for entry in os.scandir(directory)]
    except FileNotFoundError:
        return []


def _chain(
    directory: Path, key: ec.EllipticCurvePrivateKey, now: datetime
) -> tuple[x509.Certificate, ...]:
    """The issued certificate where there is one for this key, else a self-signed one."""
    for name in ("station.crt", "self-signed.crt"):
        file = directory / name
        if file.exists():
            chain = keys.read_chain(file.read_bytes(), str(file))
            if chain and chain[0].public_key() == key.public_key():
                return chain
    made = keys.self_signed(key, now)
    durable.write(directory / "self-signed.crt", keys.chain_pem([made]), 0o644)
    return (made,)
