"""Whom we believe: certificates pinned by their bytes, never by the names in them.

A chain is judged at a time that the caller gives (the receipt's, else now), never at a
time that the statement claims. Pinned roots come from the stick's ext4 partition or from
`--trust`; nothing is read from the data partition or taken from the statement itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from cryptography import x509
from cryptography.x509 import verification

from appliance.errors import TrustError
from appliance.statement import keys

TRUST_DIR = Path("/var/lib/tajdeed/trust")


class Standing(StrEnum):
    """What the pinned roots say of a chain."""

    TRUSTED = "trusted"
    EXPIRED = "expired"
    UNKNOWN = "unknown"
    IMPOSTOR = "impostor"


@dataclass(frozen=True, slots=True)
class Trust:
    """The pinned root certificates; with none of them nobody is trusted."""

    roots: tuple[x509.Certificate, ...] = ()

    @classmethod
    def read(cls, directory: Path = TRUST_DIR) -> Trust:
        """Every certificate of the directory's *.pem; a missing directory pins nothing.

        TrustError `certificate-unreadable` for a file that holds no certificate: half a
        trust store must not pass for a whole one.
        """
        roots: list[x509.Certificate] = []
        for file in sorted(directory.glob("*.pem")):
            try:
                roots += keys.read_chain(file.read_bytes(), str(file))
            except OSError as error:
                raise TrustError(
                    "certificate-unreadable", file=str(file), problem=error.strerror or ""
                ) from error
        return cls(tuple(roots))

    def judge(self, chain: Sequence[x509.Certificate], at: datetime) -> Standing:
        """How a chain (leaf first) stands at a time.

        IMPOSTOR: it names one of our roots as its issuer, and that root never signed it.
        """
        if self._reaches(chain, at):
            return Standing.TRUSTED
        leaf = chain[0]
        middle = leaf.not_valid_before_utc + _life(leaf) / 2
        if self._reaches(chain, middle):
            return Standing.EXPIRED
        names = {root.subject for root in self.roots}
        if any(certificate.issuer in names for certificate in chain):
            return Standing.IMPOSTOR
        return Standing.UNKNOWN

    def _reaches(self, chain: Sequence[x509.Certificate], at: datetime) -> bool:
        if not self.roots:
            return False
        policy = verification.PolicyBuilder().store(verification.Store(list(self.roots)))
        verifier = policy.time(at).build_client_verifier()
        try:
            reached = verifier.verify(chain[0], list(chain[1:])).chain
        except verification.VerificationError:
            return False
        return reached[0] == chain[0] and reached[-1] in self.roots


def signer(chain: Sequence[x509.Certificate]) -> tuple[str, str] | None:
    """(role, name) that the chain's leaf may sign as, or None.

    A station's certificate must live 90 days at most and bear the ID of its own key.
    """
    named = keys.subject(chain[0])
    if named is None:
        return None
    role, name = named
    if role == "station" and (
        _life(chain[0]) > keys.STATION_LIFE or name != keys.station_id(chain[0].public_key())
    ):
        return None
    return role, name


def is_self_signed(chain: Sequence[x509.Certificate]) -> bool:
    return len(chain) == 1 and chain[0].issuer == chain[0].subject


def _life(certificate: x509.Certificate) -> timedelta:
    return certificate.not_valid_after_utc - certificate.not_valid_before_utc
