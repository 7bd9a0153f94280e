"""The central server's directory: its CA, its keys, its database.

Made at the first start. The CA's key lies here, 0600; whoever holds this directory is the
office. Everything else of the server works with what this module opens.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from appliance.errors import ConfigError
from appliance.statement import durable, jws, keys, strict_json
from appliance.statement.document import SCHEMA
from appliance.statement.keys import Authority
from appliance.statement.signer import Signer
from appliance.statement.trust import Trust

DEFAULT_DIR = Path("/var/lib/tajdeed-central")
SERVER_NAME = "central"
OFFICE_NAME = "main"


@dataclass(frozen=True, slots=True)
class Home:
    """An opened directory of a central server."""

    directory: Path
    authority: Authority
    key: ec.EllipticCurvePrivateKey
    chain: tuple[x509.Certificate, ...]

    @classmethod
    def create(cls, directory: Path, organisation: str) -> Home:
        """Open the directory; the first time make CA, receipt key and office key."""
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not (directory / "ca.pem").exists():
            Authority.create(organisation).store(directory)
        authority = Authority.read(directory)
        for role, name in (("server", SERVER_NAME), ("office", OFFICE_NAME)):
            if not (directory / f"{role}.pem").exists():
                key = keys.new_key()
                keys.store_key(directory / f"{role}-key.pem", key)
                issued = authority.issue(key.public_key(), role, name, life=keys.CA_LIFE)
                durable.write(directory / f"{role}.pem", keys.chain_pem([issued]), 0o644)
        return cls.open(directory)

    @classmethod
    def open(cls, directory: Path) -> Home:
        """Open an existing directory; ConfigError `central-no-data` where there is none."""
        try:
            authority = Authority.read(directory)
            key = keys.read_key(directory / "server-key.pem")
            file = directory / "server.pem"
            chain = keys.read_chain(file.read_bytes(), str(file))
        except OSError as error:
            raise ConfigError(
                "central-no-data", directory=str(directory), problem=error.strerror or ""
            ) from error
        return cls(directory, authority, key, chain)

    @property
    def trust(self) -> Trust:
        return Trust((self.authority.certificate,))

    @property
    def database_url(self) -> str:
        """DATABASE_URL of the environment, else the SQLite file of this directory.

        PostgreSQL's usual `postgres://` and `postgresql://` mean the psycopg 3 driver.
        """
        url = os.environ.get("DATABASE_URL", "")
        for scheme in ("postgres://", "postgresql://"):
            if url.startswith(scheme):
                return "postgresql+psycopg://" + url.removeprefix(scheme)
        return url or f"sqlite:///{self.directory / 'central.sqlite'}"

    @property
    def url(self) -> str:
        """The address that the server was last started with; empty before that."""
        file = self.directory / "url"
        return file.read_text().strip() if file.exists() else ""

    def tls(self, hosts: Sequence[str]) -> tuple[Path, Path]:
        """(certificate, key) files for HTTPS at these hosts; made anew when hosts or time ask."""
        certificate_file, key_file = self.directory / "tls.pem", self.directory / "tls-key.pem"
        wanted = sorted({*hosts, "localhost", "127.0.0.1", "::1", socket.gethostname()})
        listed = self.directory / "tls-hosts"
        known = listed.read_text().split() if listed.exists() else []
        if certificate_file.exists() and known == wanted:
            held = keys.read_chain(certificate_file.read_bytes(), str(certificate_file))[0]
            if held.not_valid_after_utc - datetime.now(UTC) > timedelta(days=30):
                return certificate_file, key_file
        key = keys.new_key()
        issued = self.authority.issue_tls(key.public_key(), wanted)
        keys.store_key(key_file, key)
        durable.write(certificate_file, keys.chain_pem([issued]), 0o644)
        durable.write(listed, "\n".join(wanted).encode(), 0o644)
        return certificate_file, key_file

    def receipt(
        self, *, url: str, statement: str, station: str, key: str, received: str, registered: str
    ) -> bytes:
        """The signed receipt for a statement; `key` is the digest of the key that signed it."""
        payload = {
            "schema": SCHEMA,
            "type": "receipt",
            "server": SERVER_NAME,
            "url": url,
            "statement": statement,
            "station": station,
            "key": key,
            "received_at": received,
            "registered_at": registered,
        }
        return jws.sign(strict_json.dumps(payload), typ=jws.RECEIPT, key=self.key, chain=self.chain)

    def office(self) -> Signer:
        """The office's signer, for batch tickets."""
        directory = self.directory / "office"
        directory.mkdir(mode=0o700, exist_ok=True)
        file = self.directory / "office.pem"
        return Signer(
            directory,
            f"office:{OFFICE_NAME}",
            keys.read_key(self.directory / "office-key.pem"),
            keys.read_chain(file.read_bytes(), str(file)),
            (self.directory / "office" / "statements",),
            lambda: datetime.now(UTC),
        )
