"""Batch tickets: may this machine be erased without a person? Every doubt is a no.

`terms` reads a ticket (signature, issuer), `ticket_problems` is the pure decision, and
`Uses` counts on the stick's ext4 partition which jobs a ticket was used for. A use is
written down before the job starts, so a crash costs a use and never gives one.
"""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from appliance.errors import TrustError
from appliance.model import Bus, Drive, Machine, Reason
from appliance.statement import durable, schemas, verify
from appliance.statement.terms import TicketTerms
from appliance.statement.trust import Trust

USES_DIR = Path("/var/lib/tajdeed/tickets")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """A ticket whose signature holds and whose signer we trust."""

    id: str
    issuer: str
    issued_at: str
    terms: TicketTerms


def read(data: bytes, pinned: Trust, *, own_key: str = "", at: datetime | None = None) -> Ticket:
    """The ticket in a .jws; TrustError where it is no ticket or its signer is not trusted.

    Trusted are an office under a pinned root, and this very station: `own_key` is the digest
    of its public key (another station's ticket is foreign, though enrolled). `ticket-foreign`
    and `ticket-wrong-type` say so.
    """
    verified = verify.statement(data, pinned, at=at)
    statement = verified.statement
    if statement.type != "batch-ticket":
        raise TrustError("ticket-wrong-type", type=statement.type)
    role, name = verified.signer
    ours = bool(own_key) and verified.key_digest == own_key
    if not ours and not (role == "office" and verified.trusted):
        raise TrustError("ticket-foreign", issuer=f"{role} {name}")
    body = statement.body
    drives = body["drives"]
    return Ticket(
        id=statement.id,
        issuer=f"{role} {name}",
        issued_at=statement.payload["issued_at"],
        terms=TicketTerms(
            lot=body["lot"],
            technician=body["technician"],
            machines=tuple((item["maker"], item["model"]) for item in body["machines"]),
            buses=tuple(Bus(bus) for bus in drives["buses"]),
            min_bytes=drives["min_bytes"],
            max_bytes=drives["max_bytes"],
            serials=tuple(drives["serials"]),
            count=body["count"],
            expires_at=body["expires_at"],
            note=body["note"],
        ),
    )


def ticket_problems(
    ticket: Ticket, machine: Machine, targets: Sequence[Drive], *, now: datetime, used: int
) -> tuple[Reason, ...]:
    """What speaks against this machine under this ticket; empty: go ahead. Pure.

    `targets` are the drives that the plan would erase. A clock that stands before the
    ticket's own date cannot judge its expiry, and that is a no as well.
    """
    terms, found = ticket.terms, []
    if now >= schemas.timestamp(terms.expires_at):
        found.append(_reason("ticket-expired", expires_at=terms.expires_at))
    if now < schemas.timestamp(ticket.issued_at):
        found.append(
            _reason(
                "ticket-from-the-future",
                issued_at=ticket.issued_at,
                now=now.isoformat(timespec="seconds"),
            )
        )
    if used >= terms.count:
        found.append(_reason("ticket-used-up", count=terms.count))
    if not any(
        _matches(machine.maker, maker) and _matches(machine.model, model)
        for maker, model in terms.machines
    ):
        found.append(_reason("ticket-other-machine", maker=machine.maker, model=machine.model))
    if not targets:
        found.append(_reason("ticket-no-drives"))
    for drive in targets:
        found += _drive_problems(terms, drive)
    return tuple(found)


class Uses:
    """Which jobs each ticket was used for, on the stick."""

    def __init__(self, directory: Path = USES_DIR) -> None:
        self._directory = directory

    def count(self, ticket: Ticket, job: str = "") -> int:
        """How many other jobs used the ticket; TrustError where the count is unreadable."""
        return len(set(self._jobs(ticket)) - {job})

    def add(self, ticket: Ticket, job: str) -> None:
        """Write down that a job uses the ticket, durably, before it starts."""
        jobs = self._jobs(ticket)
        if job in jobs:
            return
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        data = json.dumps({"ticket": ticket.id, "jobs": [*jobs, job]}).encode()
        durable.write(self._directory / f"{ticket.id}.json", data, 0o600)

    def _jobs(self, ticket: Ticket) -> list[str]:
        file = self._directory / f"{ticket.id}.json"
        try:
            jobs = json.loads(file.read_bytes())["jobs"]
        except FileNotFoundError:
            return []
        except (ValueError, KeyError, TypeError) as error:
            raise TrustError("ticket-count-unreadable", file=str(file)) from error
        return [str(job) for job in jobs]


def _drive_problems(terms: TicketTerms, drive: Drive) -> list[Reason]:
    named = {"model": drive.identity.model, "serial": drive.identity.serial}
    found = []
    if drive.bus not in terms.buses:
        found.append(_reason("ticket-other-bus", bus=drive.bus.value, **named))
    if not terms.min_bytes <= drive.size_bytes <= terms.max_bytes:
        found.append(_reason("ticket-other-size", bytes=drive.size_bytes, **named))
    if not any(_matches(drive.identity.serial, pattern) for pattern in terms.serials):
        found.append(_reason("ticket-other-serial", **named))
    return found


def _matches(text: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(text.strip().casefold(), pattern.strip().casefold())


def _reason(code: str, **facts: str | int | float) -> Reason:
    return Reason(code=code, facts=facts)
