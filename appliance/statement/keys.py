"""Keys and certificates: P-256 only, named by a URI in the subjectAltName (RFC 5280).

`urn:tajdeed:station:ID` signs statements, `urn:tajdeed:office:NAME` batch tickets and
`urn:tajdeed:server:NAME` receipts; no certificate can stand in for another role. A
station's ID is made from its public key, so nobody can be issued somebody else's.
Private keys are written 0600 and never leave the directory that they were made in.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from appliance.errors import TrustError
from appliance.statement import durable

STATION_LIFE = timedelta(days=90)
CA_LIFE = timedelta(days=3652)
# Certificates begin a little in the past: the two clocks are never quite the same.
SKEW = timedelta(minutes=5)

ROLES = ("station", "office", "server")
_URI = re.compile(r"urn:tajdeed:(station|office|server):([a-z0-9][a-z0-9.-]{0,62})")


def new_key() -> ec.EllipticCurvePrivateKey:
    """A fresh P-256 key."""
    return ec.generate_private_key(ec.SECP256R1())


def store_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    """Write a private key durably, readable by its owner only."""
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    durable.write(path, pem, 0o600)


def read_key(path: Path) -> ec.EllipticCurvePrivateKey:
    """The P-256 key in a PEM file; TrustError `key-unreadable`, OSError from the file."""
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError) as error:
        raise TrustError("key-unreadable", file=str(path), problem=str(error)[:200]) from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise TrustError("key-unreadable", file=str(path), problem="not a P-256 key")
    return key


def public_bytes(public: object) -> bytes:
    """SubjectPublicKeyInfo (DER) of a P-256 public key; TrustError for any other key."""
    if not isinstance(public, ec.EllipticCurvePublicKey) or not isinstance(
        public.curve, ec.SECP256R1
    ):
        raise TrustError("key-unreadable", file="", problem="not a P-256 key")
    return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def key_digest(public: object) -> str:
    """SHA-256 (64 hex digits) of the public key's SubjectPublicKeyInfo."""
    return hashlib.sha256(public_bytes(public)).hexdigest()


def station_id(public: object) -> str:
    """The ID of the station that holds this key: 20 hex digits, 80 bits of its digest."""
    return key_digest(public)[:20]


def uri(role: str, name: str) -> str:
    """The URI that names who a certificate is for; ValueError for a name that cannot be one."""
    text = f"urn:tajdeed:{role}:{name}"
    if not _URI.fullmatch(text):
        raise ValueError(f"not a {role} name: {name!r}")
    return text


def subject(certificate: x509.Certificate) -> tuple[str, str] | None:
    """(role, name) of a certificate with exactly one name, of our kind; None otherwise."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return None
    uris = names.get_values_for_type(x509.UniformResourceIdentifier)
    if len(list(names)) != 1 or len(uris) != 1:
        return None
    found = _URI.fullmatch(uris[0])
    return (found[1], found[2]) if found else None


def self_signed(key: ec.EllipticCurvePrivateKey, now: datetime) -> x509.Certificate:
    """A station's own word about itself, until the office issues a certificate."""
    station = station_id(key.public_key())
    name = _name(f"Tajdeed station {station}")
    builder = _leaf(key.public_key(), name, name, now - SKEW, STATION_LIFE)
    builder = builder.add_extension(
        x509.SubjectAlternativeName([x509.UniformResourceIdentifier(uri("station", station))]),
        critical=False,
    )
    return builder.sign(key, hashes.SHA256())


def request(key: ec.EllipticCurvePrivateKey) -> bytes:
    """A PKCS #10 request (PEM) for this key; its signature proves that we hold it."""
    name = _name(f"Tajdeed station {station_id(key.public_key())}")
    csr = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    return csr.public_bytes(Encoding.PEM)


def read_request(pem: bytes) -> ec.EllipticCurvePublicKey:
    """The key that a request proves to hold; TrustError `request-bad`. Its names are ignored."""
    try:
        csr = x509.load_pem_x509_csr(pem)
        good = csr.is_signature_valid
        public = csr.public_key()
    except Exception as error:
        # As in jws: a stranger's ASN.1, and every reader has errors of its own.
        raise TrustError("request-bad", problem=str(error)[:200]) from error
    if not good:
        raise TrustError("request-bad", problem="its signature does not fit")
    if not isinstance(public, ec.EllipticCurvePublicKey) or not isinstance(
        public.curve, ec.SECP256R1
    ):
        raise TrustError("request-bad", problem="not a P-256 key")
    return public


def chain_pem(chain: Sequence[x509.Certificate]) -> bytes:
    return b"".join(certificate.public_bytes(Encoding.PEM) for certificate in chain)


def read_chain(pem: bytes, file: str) -> tuple[x509.Certificate, ...]:
    """The certificates in PEM bytes; TrustError `certificate-unreadable` names the file."""
    try:
        return tuple(x509.load_pem_x509_certificates(pem))
    except ValueError as error:
        raise TrustError("certificate-unreadable", file=file, problem=str(error)) from error


class Authority:
    """The organisation's certificate authority, in a directory of the central server."""

    def __init__(self, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
        self._key = key
        self.certificate = certificate

    @classmethod
    def create(cls, organisation: str, now: datetime | None = None) -> Authority:
        """A new root for an organisation, good for ten years."""
        key, begin = new_key(), (now or datetime.now(UTC)) - SKEW
        name = _name(f"{organisation} CA"[:64])
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begin)
            .not_valid_after(begin + CA_LIFE)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(certificates=True), critical=True)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
            )
        )
        return cls(key, builder.sign(key, hashes.SHA256()))

    @classmethod
    def read(cls, directory: Path) -> Authority:
        """The authority stored in a directory; FileNotFoundError where there is none."""
        key = read_key(directory / "ca-key.pem")
        file = directory / "ca.pem"
        return cls(key, read_chain(file.read_bytes(), str(file))[0])

    def store(self, directory: Path) -> None:
        store_key(directory / "ca-key.pem", self._key)
        durable.write(directory / "ca.pem", chain_pem([self.certificate]), 0o644)

    def issue(
        self,
        public: ec.EllipticCurvePublicKey,
        role: str,
        name: str,
        *,
        life: timedelta = STATION_LIFE,
        now: datetime | None = None,
    ) -> x509.Certificate:
        """A certificate for a key in a role; never longer than the authority's own life."""
        builder = self._issued(public, f"Tajdeed {role} {name}", life, now).add_extension(
            x509.SubjectAlternativeName([x509.UniformResourceIdentifier(uri(role, name))]),
            critical=False,
        )
        return builder.sign(self._key, hashes.SHA256())

    def issue_tls(
        self, public: ec.EllipticCurvePublicKey, hosts: Sequence[str], now: datetime | None = None
    ) -> x509.Certificate:
        """A certificate for HTTPS at these host names or addresses; it can sign no statement."""
        names = [_host(host) for host in hosts]
        builder = (
            self._issued(public, hosts[0], timedelta(days=397), now)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        )
        return builder.sign(self._key, hashes.SHA256())

    def _issued(
        self, public: ec.EllipticCurvePublicKey, name: str, life: timedelta, now: datetime | None
    ) -> x509.CertificateBuilder:
        begin = (now or datetime.now(UTC)) - SKEW
        life = min(life, self.certificate.not_valid_after_utc - begin)
        return _leaf(public, _name(name), self.certificate.subject, begin, life).add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(
                self.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
            ),
            critical=False,
        )


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common[:64])])


def _usage(*, certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not certificates,
        key_cert_sign=certificates,
        crl_sign=certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _leaf(
    public: ec.EllipticCurvePublicKey,
    name: x509.Name,
    issuer: x509.Name,
    begin: datetime,
    life: timedelta,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + life)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(certificates=False), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )
