"""Compact JWS (RFC 7515) with ES256 (RFC 7518) and x5c, and nothing else.

One algorithm, exactly three header members, canonical base64url, bounded sizes: there is
no second way to write the same signature, no `none`, no `crit`, no key by reference. The
bytes that were signed are kept; nothing is ever re-encoded before it is checked.
This module does not ask who may sign: that is `appliance.statement.trust`.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.serialization import Encoding

from appliance.errors import TrustError
from appliance.statement import strict_json

STATEMENT = "tajdeed-statement+jws"
RECEIPT = "tajdeed-receipt+jws"

MAX_BYTES = 8 << 20
MAX_HEADER = 32 << 10
MAX_CHAIN = 4
_ES256 = ec.ECDSA(hashes.SHA256())


class Unreadable(TrustError):
    """These bytes are no statement at all."""


class NotGenuine(TrustError):
    """This wants to be a statement, and is not: altered, forged or wrongly issued."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A JWS whose signature fits the first certificate of its own x5c."""

    typ: str
    chain: tuple[x509.Certificate, ...]
    payload: bytes
    data: bytes

    @property
    def leaf(self) -> x509.Certificate:
        return self.chain[0]


def sign(
    payload: bytes, *, typ: str, key: ec.EllipticCurvePrivateKey, chain: Sequence[x509.Certificate]
) -> bytes:
    """The compact JWS of a payload. The chain's first certificate must be that of the key."""
    if not chain or chain[0].public_key() != key.public_key():
        raise RuntimeError("the first certificate of the chain is not that of the signing key")
    header = strict_json.dumps(
        {
            "alg": "ES256",
            "typ": typ,
            "x5c": [base64.b64encode(c.public_bytes(Encoding.DER)).decode() for c in chain],
        }
    )
    signed = encoded(header) + b"." + encoded(payload)
    r, s = decode_dss_signature(key.sign(signed, _ES256))
    return signed + b"." + encoded(r.to_bytes(32, "big") + s.to_bytes(32, "big"))


def opened(data: bytes, *typs: str) -> Envelope:
    """Read a compact JWS and check its signature; Unreadable or NotGenuine otherwise.

    1. three parts of canonical base64url within the size limits;
    2. a header of exactly alg (ES256), typ (one of `typs`) and x5c (1 to 4 certificates);
    3. the first certificate holds a P-256 key;
    4. the signature over the received bytes fits that key.
    """
    if len(data) > MAX_BYTES:
        raise Unreadable("jws-too-large", bytes=len(data), limit=MAX_BYTES)
    parts = data.split(b".")
    if len(parts) != 3:
        raise Unreadable("jws-not-compact", parts=len(parts))
    header_part, payload_part, signature_part = parts
    if len(header_part) > MAX_HEADER:
        raise Unreadable("jws-too-large", bytes=len(header_part), limit=MAX_HEADER)
    header_bytes = decoded(header_part)
    payload = decoded(payload_part)
    signature = decoded(signature_part)
    typ, chain = _header(header_bytes, typs)
    public = chain[0].public_key()
    if not isinstance(public, ec.EllipticCurvePublicKey) or not isinstance(
        public.curve, ec.SECP256R1
    ):
        raise NotGenuine("jws-wrong-key")
    if len(signature) != 64:
        raise NotGenuine("jws-bad-signature")
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    try:
        public.verify(encode_dss_signature(r, s), header_part + b"." + payload_part, _ES256)
    except InvalidSignature as error:
        raise NotGenuine("jws-bad-signature") from error
    return Envelope(typ=typ, chain=chain, payload=payload, data=data)


def encoded(data: bytes) -> bytes:
    """base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def decoded(part: bytes) -> bytes:
    """The bytes of a canonical base64url part: re-encoding gives the same characters."""
    try:
        data = base64.b64decode(part + b"=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise Unreadable("jws-not-base64url") from error
    if encoded(data) != part:
        raise Unreadable("jws-not-base64url")
    return data


def _header(data: bytes, typs: Sequence[str]) -> tuple[str, tuple[x509.Certificate, ...]]:
    try:
        header = strict_json.loads(data)
    except strict_json.NotStrictJson as error:
        raise Unreadable("jws-bad-header", problem=str(error)) from error
    if not isinstance(header, dict) or set(header) != {"alg", "typ", "x5c"}:
        raise NotGenuine("jws-bad-header", problem="members must be alg, typ, x5c")
    if header["alg"] != "ES256":
        raise NotGenuine("jws-bad-header", problem="alg must be ES256")
    if header["typ"] not in typs:
        raise NotGenuine("jws-bad-header", problem="typ is another one")
    x5c = header["x5c"]
    if not isinstance(x5c, list) or not 1 <= len(x5c) <= MAX_CHAIN:
        raise NotGenuine("jws-bad-header", problem="x5c must be a short list")
    return header["typ"], tuple(_certificate(item) for item in x5c)


def _certificate(text: object) -> x509.Certificate:
    if not isinstance(text, str):
        raise NotGenuine("jws-bad-header", problem="x5c must hold texts")
    try:
        der = base64.b64decode(text.encode(), validate=True)
        if base64.b64encode(der).decode() != text:
            raise ValueError("base64 is not canonical")
        certificate = x509.load_der_x509_certificate(der)
        certificate.public_key()
        _ = certificate.extensions
    except Exception as error:
        # OpenSSL, the ASN.1 reader and the key loader each have errors of their own, and
        # these bytes are a stranger's: whatever they stumble on is a bad certificate.
        raise NotGenuine("jws-bad-certificate", problem=str(error)[:200]) from error
    return certificate
