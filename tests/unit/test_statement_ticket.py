"""Batch tickets: which machine may be erased without a person."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from appliance.errors import TrustError
from appliance.model import Bus
from appliance.statement import keys, ticket
from appliance.statement.signer import Signer
from appliance.statement.terms import TicketTerms, build_ticket
from appliance.statement.trust import Trust
from tests.unit.office import JOB, Office, drive, machine, now

TERMS = TicketTerms(
    lot="LOT-1",
    technician="Office",
    machines=(("Dell*", "OptiPlex *"),),
    buses=(Bus.SATA, Bus.NVME),
    expires_at=(datetime.now(UTC) + timedelta(days=7)).strftime("%Y-%m-%dT%H:%M:%SZ"),
    count=2,
)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def office_signer(office: Office) -> Signer:
    directory = office.directory / "office"
    directory.mkdir(exist_ok=True)
    key = keys.new_key()
    chain = [office.authority.issue(key.public_key(), "office", "main", life=timedelta(days=365))]
    return Signer(directory, "office:main", key, chain, (), now)


def the_ticket(office: Office, **changes: Any) -> ticket.Ticket:
    terms = dataclasses.replace(TERMS, **changes)
    signed = office_signer(office).sign(build_ticket(terms, job="ticket"))
    return ticket.read(signed.data, office.trust)


def problems(
    given: ticket.Ticket, *drives: Any, used: int = 0, at: datetime | None = None
) -> set[str]:
    targets = drives or (drive(),)
    found = ticket.ticket_problems(
        given, machine(*targets), targets, now=at or now() + timedelta(seconds=1), used=used
    )
    return {reason.code for reason in found}


def test_a_ticket_of_the_office_lets_the_named_machines_through(office: Office) -> None:
    assert problems(the_ticket(office)) == set()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"machines": (("HP", "*"),)}, "ticket-other-machine"),
        ({"machines": (("Dell*", "Latitude*"),)}, "ticket-other-machine"),
        ({"buses": (Bus.NVME,)}, "ticket-other-bus"),
        ({"max_bytes": 1 << 20}, "ticket-other-size"),
        ({"min_bytes": 1 << 50}, "ticket-other-size"),
        ({"serials": ("WD-*",)}, "ticket-other-serial"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "ticket-expired"),
    ],
)
def test_every_doubt_is_a_no(office: Office, changes: dict[str, Any], code: str) -> None:
    assert problems(the_ticket(office, **changes)) == {code}


def test_one_foreign_drive_stops_the_machine(office: Office) -> None:
    assert problems(the_ticket(office), drive(), drive("USB1", Bus.USB)) == {"ticket-other-bus"}


def test_a_used_up_ticket_or_a_clock_before_it_is_a_no(office: Office) -> None:
    given = the_ticket(office)
    assert problems(given, used=2) == {"ticket-used-up"}
    assert problems(given, at=now() - timedelta(days=3000)) == {"ticket-from-the-future"}


def test_a_machine_without_targets_is_a_no(office: Office) -> None:
    found = ticket.ticket_problems(the_ticket(office), machine(), (), now=now(), used=0)
    assert "ticket-no-drives" in {reason.code for reason in found}


def test_uses_are_counted_once_a_job_and_survive(office: Office, tmp_path: Path) -> None:
    given = the_ticket(office)
    ticket.Uses(tmp_path / "uses").add(given, "job-1")
    ticket.Uses(tmp_path / "uses").add(given, "job-1")
    ticket.Uses(tmp_path / "uses").add(given, "job-2")
    assert ticket.Uses(tmp_path / "uses").count(given) == 2
    assert ticket.Uses(tmp_path / "uses").count(given, "job-2") == 1
    (tmp_path / "uses" / f"{given.id}.json").write_bytes(b"")
    with pytest.raises(TrustError):
        ticket.Uses(tmp_path / "uses").count(given)


def test_who_may_sign_tickets(office: Office, tmp_path: Path) -> None:
    own, other = office.station("own"), office.station("other")
    draft = build_ticket(TERMS, job=JOB)
    by_own, by_other = own.sign(draft).data, other.sign(draft).data
    assert ticket.read(by_own, office.trust, own_key=own.key_digest).issuer.startswith("station")
    stranger = Office(tmp_path / "stranger", "Stranger")
    by_stranger = office_signer(stranger).sign(draft).data
    by_office = office_signer(office).sign(draft).data
    for data, trust in (
        (by_other, office.trust),
        (by_stranger, office.trust),
        (by_office, Trust()),
    ):
        with pytest.raises(TrustError) as refused:
            ticket.read(data, trust, own_key=own.key_digest)
        assert refused.value.code == "ticket-foreign"
    drive_statement = office.drive_statement(own).data
    with pytest.raises(TrustError) as refused:
        ticket.read(drive_statement, office.trust, own_key=own.key_digest)
    assert refused.value.code == "ticket-wrong-type"
    altered = bytearray(by_office)
    altered[len(altered) // 2] ^= 1
    with pytest.raises(TrustError):
        ticket.read(bytes(altered), office.trust)
