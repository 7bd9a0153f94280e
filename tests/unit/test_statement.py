"""Signing and checking: what is genuine stays so, and nothing else ever becomes it."""

from __future__ import annotations

import base64
import dataclasses
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import TajdeedError, TrustError
from appliance.model import Bus, ByteRange, Identity, Outcome
from appliance.statement import jws, keys, strict_json, verify
from appliance.statement.build import build_deployment, build_drive
from appliance.statement.certificate import LeftAlone, build_machine
from appliance.statement.document import Clock
from appliance.statement.signer import Signer, unsigned_record
from appliance.statement.trust import Standing, Trust
from tests.unit.office import (
    HEAD,
    JOB,
    PAPERS,
    TOOL,
    Office,
    deployment,
    drive,
    machine,
    now,
    result,
)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def receipt_for(office: Office, verified: verify.Verified, **changes: Any) -> bytes:
    payload = {
        "schema": "tajdeed/1",
        "type": "receipt",
        "server": "central",
        "url": "https://central.example",
        "statement": verified.statement.id,
        "station": verified.statement.payload["station"],
        "key": verified.key_digest,
        "received_at": "2026-11-24T11:00:00Z",
        "registered_at": now().strftime("%Y-%m-%dT%H:%M:%SZ"),
        **changes,
    }
    return jws.sign(
        strict_json.dumps(payload),
        typ=jws.RECEIPT,
        key=office.server_key,
        chain=office.server_chain,
    )


def test_a_certificate_of_an_enrolled_station_is_genuine_and_trusted(office: Office) -> None:
    statement = office.certificate()
    verified = verify.statement(statement.data, office.trust)
    assert verified.trusted
    assert verified.statement.id == statement.id
    assert verified.statement.body["machine"]["serial"] == "7XK2PM2"


def test_no_changed_byte_leaves_it_genuine(office: Office) -> None:
    data = office.drive_statement().data
    for position in range(len(data)):
        for flip in (0x01, 0x80, 0x20):
            changed = bytearray(data)
            changed[position] ^= flip
            with pytest.raises(TrustError):
                verify.statement(bytes(changed), office.trust)


@pytest.mark.parametrize("changed", [b"", b"\n", b".", b"A", b"="])
def test_nothing_may_be_appended(office: Office, changed: bytes) -> None:
    data = office.drive_statement().data
    if changed:
        with pytest.raises(TrustError):
            verify.statement(data + changed, office.trust)
    for end in (1, 2, 40):
        with pytest.raises(TrustError):
            verify.statement(data[:-end], office.trust)


def test_another_ca_with_the_same_names_is_not_genuine(office: Office, tmp_path: Path) -> None:
    other = Office(tmp_path / "impostor")
    forged = other.certificate()
    with pytest.raises(verify.NotGenuine) as refused:
        verify.statement(forged.data, office.trust)
    assert refused.value.code == "certificate-impostor"


def test_a_statement_resigned_by_another_station_key_is_refused(
    office: Office, tmp_path: Path
) -> None:
    statement = office.certificate()
    thief = office.station("thief")
    forged = jws.sign(
        strict_json.dumps(statement.payload), typ=jws.STATEMENT, key=thief._key, chain=thief.chain
    )
    with pytest.raises(verify.NotGenuine) as refused:
        verify.statement(forged, office.trust)
    assert refused.value.code == "certificate-wrong-station"


def test_without_pinned_roots_a_consistent_statement_is_of_unknown_issuer(office: Office) -> None:
    assert verify.statement(office.certificate().data, Trust()).standing is Standing.UNKNOWN


def test_a_certificate_is_judged_at_the_receipts_time_else_now(office: Office) -> None:
    statement = office.certificate()
    later = now() + timedelta(days=200)
    verified = verify.statement(statement.data, office.trust)
    assert verify.statement(statement.data, office.trust, at=later).standing is Standing.EXPIRED
    proof = receipt_for(office, verified)
    registered = verify.statement(statement.data, office.trust, receipt_data=proof, at=later)
    assert registered.trusted
    assert registered.receipt is not None


def test_a_receipt_makes_a_statement_from_before_enrolment_trusted(office: Office) -> None:
    statement = office.certificate(office.station(enrolled=False))
    before = verify.statement(statement.data, office.trust)
    assert before.standing is Standing.UNKNOWN
    proof = receipt_for(office, before)
    assert verify.statement(statement.data, office.trust, receipt_data=proof).trusted
    assert not verify.statement(statement.data, Trust(), receipt_data=proof).trusted


def test_a_receipt_for_another_statement_or_key_is_refused(office: Office) -> None:
    statement = office.certificate()
    verified = verify.statement(statement.data, office.trust)
    for change in ({"statement": "0" * 64}, {"key": "0" * 64}):
        with pytest.raises(verify.NotGenuine):
            verify.statement(
                statement.data, office.trust, receipt_data=receipt_for(office, verified, **change)
            )


def test_a_station_cannot_write_receipts(office: Office) -> None:
    station = office.station()
    statement = office.certificate(station)
    verified = verify.statement(statement.data, office.trust)
    payload = json.loads(jws.opened(receipt_for(office, verified), jws.RECEIPT).payload)
    forged = jws.sign(
        strict_json.dumps(payload), typ=jws.RECEIPT, key=station._key, chain=station.chain
    )
    with pytest.raises(verify.NotGenuine):
        verify.receipt(forged, office.trust)


def _forged_header(data: bytes, **changes: Any) -> bytes:
    header, payload, signature = data.split(b".")
    members = json.loads(jws.decoded(header))
    members.update(changes)
    members = {name: value for name, value in members.items() if value is not ...}
    return b".".join([jws.encoded(strict_json.dumps(members)), payload, signature])


@pytest.mark.parametrize(
    "changes",
    [
        {"alg": "none"},
        {"alg": "HS256"},
        {"alg": "RS256"},
        {"crit": ["exp"], "exp": 1},
        {"jku": "https://evil.example/keys"},
        {"typ": ...},
        {"typ": jws.RECEIPT},
        {"x5c": []},
        {"x5c": ["AAAA"]},
        {"x5c": "text"},
    ],
)
def test_no_other_header_is_accepted(office: Office, changes: dict[str, Any]) -> None:
    data = office.drive_statement().data
    with pytest.raises(TrustError):
        verify.statement(_forged_header(data, **changes), office.trust)


def test_padding_and_the_other_alphabet_are_refused(office: Office) -> None:
    header, payload, signature = office.drive_statement().data.split(b".")
    standard = base64.b64encode(jws.decoded(payload))
    for other in (payload + b"=", b" " + payload, standard + b"=="):
        with pytest.raises(TrustError):
            verify.statement(b".".join([header, other, signature]), office.trust)


def test_a_der_signature_is_refused(office: Office) -> None:
    header, payload, signature = office.drive_statement().data.split(b".")
    raw = jws.decoded(signature)
    der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    with pytest.raises(TrustError):
        verify.statement(b".".join([header, payload, jws.encoded(der)]), office.trust)


@given(st.binary(max_size=400))
def test_any_bytes_are_refused_with_our_error(data: bytes) -> None:
    with pytest.raises(TrustError):
        verify.statement(data, Trust())


@given(st.lists(st.binary(max_size=60), min_size=3, max_size=3))
def test_any_three_parts_are_refused_with_our_error(parts: list[bytes]) -> None:
    with pytest.raises(TrustError):
        verify.statement(b".".join(jws.encoded(part) for part in parts), Trust())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(JSON)
def test_printable_json_survives_the_strict_reader(value: Any) -> None:
    clean = strict_json.printable(value)
    assert strict_json.loads(strict_json.dumps(clean)) == clean


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":1,"a":2}',
        b'{"a":NaN}',
        b'{"a":"\\u0000"}',
        b'{"a":"\\ud800"}',
        b"\xff",
        b"[" * 100_000,
        b'{"a":' + b"9" * 5000 + b"}",
        b"",
    ],
)
def test_ambiguous_json_is_refused(data: bytes) -> None:
    with pytest.raises(strict_json.NotStrictJson):
        strict_json.loads(data)


@given(st.text(max_size=60))
def test_whatever_a_drive_calls_itself_can_be_certified(serial: str) -> None:
    odd = dataclasses.replace(drive(), identity=Identity(model="m\x00\u202e", serial=serial))
    draft = build_drive(result(odd), job=JOB, tool=TOOL)
    payload = draft.payload(
        station="0" * 20, seq=1, prev=None, issued_at="2026-11-24T10:15:00Z", clock=Clock()
    )
    assert strict_json.loads(strict_json.dumps(payload)) == payload


# --- the chain of a station ----------------------------------------------------------------


def test_statements_of_a_station_are_numbered_and_chained(office: Office) -> None:
    station = office.station()
    first = office.drive_statement(station, seed="11" * 32)
    second = office.drive_statement(station, seed="22" * 32)
    assert (first.payload["seq"], first.payload["prev"]) == (1, None)
    assert (second.payload["seq"], second.payload["prev"]) == (2, first.id)


def test_the_same_draft_is_not_signed_twice(office: Office) -> None:
    station = office.station()
    assert office.drive_statement(station).id == office.drive_statement(station).id


def test_a_cut_between_signing_and_storing_is_rolled_forward(office: Office) -> None:
    station = office.station()
    statement = office.drive_statement(station)
    home = office.directory / "station"
    for store in ("outbox", "statements"):
        (home / store / f"{statement.id}.jws").unlink()
    again = Signer.open(home / "station", (home / "outbox", home / "statements"))
    for store in ("outbox", "statements"):
        assert (home / store / f"{statement.id}.jws").read_bytes() == statement.data
    follower = office.drive_statement(again, seed="33" * 32)
    assert (follower.payload["seq"], follower.payload["prev"]) == (2, statement.id)


def test_a_lost_or_damaged_counter_never_starts_again_from_one(office: Office) -> None:
    office.drive_statement(office.station())
    home = office.directory / "station"
    counter = home / "station" / "seq.json"
    for damage in (b"{}", b"", b'{"seq":1,"id":"x","jws":"a.b.c"}', None):
        if damage is None:
            counter.unlink()
        else:
            counter.write_bytes(damage)
        with pytest.raises(TrustError) as refused:
            Signer.open(home / "station", (home / "outbox", home / "statements"))
        assert refused.value.code == "chain-broken"


def test_the_key_is_kept_and_private(office: Office) -> None:
    first, second = office.station(), office.station()
    key_file = office.directory / "station/station/key.pem"
    assert first.name == second.name
    assert second.enrolled
    assert key_file.stat().st_mode & 0o777 == 0o600


def test_a_damaged_key_is_an_error_and_no_new_station(office: Office) -> None:
    office.station()
    key_file = office.directory / "station/station/key.pem"
    key_file.write_bytes(b"garbage")
    with pytest.raises(TrustError):
        Signer.open(key_file.parent, ())
    assert key_file.read_bytes() == b"garbage"


def test_only_a_certificate_for_this_key_from_a_pinned_root_is_adopted(
    office: Office, tmp_path: Path
) -> None:
    station, other = office.station(enrolled=False), office.station("other", enrolled=False)
    stranger = Office(tmp_path / "stranger", "Stranger")
    public: Any = station.chain[0].public_key()
    other_public: Any = other.chain[0].public_key()
    wrong = [
        office.authority.issue(other_public, "station", other.name),
        office.authority.issue(public, "station", other.name),
        office.authority.issue(public, "office", "office"),
        office.authority.issue(public, "station", station.name, life=timedelta(days=91)),
        stranger.authority.issue(public, "station", station.name),
    ]
    for certificate in wrong:
        with pytest.raises(TrustError) as refused:
            station.adopt(keys.chain_pem([certificate]), office.trust)
        assert refused.value.code == "certificate-not-ours"
    assert not station.enrolled
    station.adopt(
        keys.chain_pem([office.authority.issue(public, "station", station.name)]), office.trust
    )
    assert station.enrolled


# --- what is said ----------------------------------------------------------------------------


def test_a_wrong_order_of_things_is_our_own_defect(office: Office) -> None:
    station = office.station()
    good = office.drive_statement(station)
    failed = office.drive_statement(station, outcome=Outcome.FAILED)
    twins = {"papers": PAPERS, "job": JOB, "log_head": HEAD, "tool": TOOL}
    unproven = dataclasses.replace(result(drive()), attempts=())
    with pytest.raises(RuntimeError):
        build_drive(unproven, job=JOB, tool=TOOL)
    with pytest.raises(RuntimeError):
        build_machine(machine(drive(), drive("OTHER")), [good], **twins)  # type: ignore[arg-type]
    with pytest.raises(RuntimeError):
        build_machine(machine(drive()), [good, good], **twins)  # type: ignore[arg-type]
    with pytest.raises(RuntimeError):
        build_deployment(deployment(drive()), failed, job=JOB, log_head=HEAD, tool=TOOL)
    with pytest.raises(RuntimeError):
        build_deployment(deployment(drive("OTHER")), good, job=JOB, log_head=HEAD, tool=TOOL)


def test_a_cleared_drive_needs_a_complete_and_good_verification() -> None:
    whole = result(drive())
    attempt = whole.attempts[0]
    check = dataclasses.replace(attempt.checks[0], complete=False)
    for checks in ((), (check,)):
        weak = dataclasses.replace(whole, attempts=(dataclasses.replace(attempt, checks=checks),))
        with pytest.raises(RuntimeError):
            build_drive(weak, job=JOB, tool=TOOL)


def _outcome(office: Office, left_alone: list[LeftAlone], attested: str = "", **of: Any) -> str:
    station = office.station()
    drives = of.pop("drives", (drive(),))
    statements = [
        station.sign(build_drive(result(item, **of), job=JOB, tool=TOOL)) for item in drives
    ]
    present = machine(*drives, *(item.drive for item in left_alone))
    draft = build_machine(
        present,
        statements,
        left_alone,
        papers=PAPERS,
        job=JOB,
        log_head=HEAD,
        tool=TOOL,
        no_media_attested_by=attested,
    )
    return str(station.sign(draft).body["outcome"])


def test_a_machine_is_as_good_as_its_worst_drive(office: Office) -> None:
    internal = LeftAlone(drive=drive("LOCKED"), reasons=())
    usb = LeftAlone(drive=drive("USB", Bus.USB), reasons=())
    assert _outcome(office, []) == "cleared"
    assert _outcome(office, [usb]) == "cleared"
    assert _outcome(office, [internal]) == "not-attempted"
    assert _outcome(office, [internal], outcome=Outcome.FAILED) == "failed"


def test_no_drive_found_is_not_a_success(office: Office) -> None:
    assert _outcome(office, [], drives=()) == "unknown"
    assert _outcome(office, [], "Sara", drives=()) == "no-media"
    with pytest.raises(RuntimeError):
        _outcome(office, [], "Sara")


def test_what_is_not_known_is_listed(office: Office) -> None:
    body = office.drive_statement().body
    assert "smart-after" in body["not_recorded"]
    assert "person-verifying" in office.certificate().body["not_recorded"]


def test_an_unsigned_record_says_so_and_is_no_statement(office: Office) -> None:
    draft = build_drive(result(drive()), job=JOB, tool=TOOL)
    record = unsigned_record(draft, "no key", "2026-11-24T10:15:00Z", Clock())
    assert record.payload["unsigned"] == "no key"
    with pytest.raises(TrustError):
        verify.statement(strict_json.dumps(record.payload), office.trust)


def test_a_deployment_names_the_erasure_and_its_extents(office: Office) -> None:
    station = office.station()
    erasure = office.drive_statement(station)
    written = ByteRange(offset=0, length=1 << 20)
    statement = station.sign(
        build_deployment(deployment(drive(), written), erasure, job=JOB, log_head=HEAD, tool=TOOL)
    )
    assert statement.body["erasure"] == erasure.id
    assert statement.body["written"] == [{"offset": 0, "length": 1 << 20}]


def test_a_payload_that_breaks_its_schema_is_never_signed(office: Office) -> None:
    draft = build_drive(result(drive()), job=JOB, tool=TOOL)
    bad = dataclasses.replace(draft, body={**draft.body, "extra": 1})
    station = office.station()
    with pytest.raises(TajdeedError):
        station.sign(bad)
    assert office.drive_statement(station).payload["seq"] == 1
