"""Is this statement genuine, and do we trust who signed it? Raises or returns the statement.

Verification keeps the bytes that were signed and never repairs anything. It answers for
the statement, not for the page that it may be embedded in.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cryptography import x509

from appliance.statement import document, jws, keys, schemas, strict_json, trust
from appliance.statement.document import Statement
from appliance.statement.jws import NotGenuine, Unreadable
from appliance.statement.trust import Standing, Trust

__all__ = ["NotGenuine", "Receipt", "Unreadable", "Verified", "receipt", "statement"]

_ROLES = {"batch-ticket": ("office", "station")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A receipt whose signature holds, by a server under a pinned root."""

    payload: dict[str, Any]
    data: bytes

    @property
    def registered_at(self) -> str:
        return str(self.payload["registered_at"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """A consistent statement, and how its signer stands with us."""

    statement: Statement
    standing: Standing
    signer: tuple[str, str]
    chain: tuple[x509.Certificate, ...]
    key_digest: str
    receipt: Receipt | None = None

    @property
    def trusted(self) -> bool:
        return self.standing is Standing.TRUSTED


def statement(
    data: bytes,
    pinned: Trust,
    *,
    receipt_data: bytes | None = None,
    at: datetime | None = None,
) -> Verified:
    """Verify a statement (.jws bytes); Unreadable or NotGenuine, or the verified thing.

    1. compact JWS, ES256, canonical, its signature fits its own certificate (`jws.opened`);
    2. the payload is JSON with one meaning and fits the schema of its type;
    3. the certificate is one for a station (<= 90 days, its ID made from its key) or, for
       tickets, also one for an office, and the payload names the same signer;
    4. the receipt, if there is one, is for this id and this key; it counts only where a
       pinned root stands behind the server that signed it;
    5. the chain leads to a pinned root (compared by its bytes) at the receipt's time, else
       at `at`, else now. A chain that only borrows a pinned root's name is not genuine.

    A valid receipt vouches for a station's key, so a statement that was signed before its
    station was enrolled counts as trusted once the server has registered it. For an office
    it vouches for nothing: its name is not made from its key, only its certificate says
    whose the key is.
    """
    envelope = jws.opened(data, jws.STATEMENT)
    payload = _payload(envelope.payload)
    try:
        schemas.check_statement(payload)
    except schemas.SchemaError as error:
        raise NotGenuine(error.code, **error.facts) from error
    signer = trust.signer(envelope.chain)
    allowed = _ROLES.get(payload["type"], ("station",))
    if signer is None or signer[0] not in allowed:
        raise NotGenuine("certificate-wrong-role", type=payload["type"])
    role, name = signer
    if payload["station"] != (name if role == "station" else f"{role}:{name}"):
        raise NotGenuine("certificate-wrong-station", station=payload["station"], signer=name)
    made = document.seal(data, envelope.payload, payload)
    digest = keys.key_digest(envelope.leaf.public_key())
    proof = None
    if receipt_data is not None:
        proof, server = _receipt(receipt_data, pinned, at)
        if proof.payload["statement"] != made.id or proof.payload["key"] != digest:
            raise NotGenuine("receipt-for-another", statement=proof.payload["statement"])
        if server is not Standing.TRUSTED:
            proof = None
    moment = schemas.timestamp(proof.registered_at) if proof else at or datetime.now(UTC)
    standing = pinned.judge(envelope.chain, moment)
    if standing is Standing.IMPOSTOR:
        raise NotGenuine("certificate-impostor", issuer=envelope.leaf.issuer.rfc4514_string())
    if role == "station" and proof:
        standing = Standing.TRUSTED
    elif standing is not Standing.TRUSTED:
        proof = None
    return Verified(
        statement=made,
        standing=standing,
        signer=signer,
        chain=envelope.chain,
        key_digest=digest,
        receipt=proof,
    )


def receipt(data: bytes, pinned: Trust, *, at: datetime | None = None) -> Receipt:
    """Verify a server's receipt; NotGenuine unless a pinned root stands behind it now."""
    proof, standing = _receipt(data, pinned, at)
    if standing is not Standing.TRUSTED:
        raise NotGenuine("receipt-untrusted", standing=standing.value)
    return proof


def _receipt(data: bytes, pinned: Trust, at: datetime | None) -> tuple[Receipt, Standing]:
    envelope = jws.opened(data, jws.RECEIPT)
    payload = _payload(envelope.payload)
    try:
        schemas.check_receipt(payload)
    except schemas.SchemaError as error:
        raise NotGenuine(error.code, **error.facts) from error
    if trust.signer(envelope.chain) != ("server", payload["server"]):
        raise NotGenuine("certificate-wrong-role", type="receipt")
    standing = pinned.judge(envelope.chain, at or datetime.now(UTC))
    if standing is Standing.IMPOSTOR:
        raise NotGenuine("certificate-impostor", issuer=envelope.leaf.issuer.rfc4514_string())
    return Receipt(payload=payload, data=data), standing


def _payload(data: bytes) -> dict[str, Any]:
    try:
        payload = strict_json.loads(data)
    except strict_json.NotStrictJson as error:
        raise NotGenuine("statement-bad-json", problem=str(error)[:200]) from error
    if not isinstance(payload, dict):
        raise NotGenuine("statement-bad-json", problem="not an object")
    return payload
