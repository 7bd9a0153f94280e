"""The server's API over real HTTPS: what is kept, what is registered, what is refused."""

from __future__ import annotations

import dataclasses
import json
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import inspect

from appliance.central import statements, stations, strangers
from appliance.central.database import Database, StatementRow, StationRow, StrangerRow
from appliance.central.home import Home
from appliance.model import Bus, Identity
from appliance.statement import keys, strict_json, verify
from appliance.statement.build import build_drive
from appliance.statement.certificate import Papers, build_machine
from appliance.statement.document import Statement
from appliance.statement.keys import Authority
from appliance.statement.signer import Signer
from appliance.statement.terms import TicketTerms, build_ticket
from tests.unit.office import HEAD, JOB, PAPERS, TOOL, Office, drive, large_result, machine, result
from tests.web.server import Server, station, tajdeed


def signed_drive(signer: Signer, serial: str = "S3Z1NB0K123456", **of: Any) -> Statement:
    return signer.sign(build_drive(result(drive(serial), **of), job=JOB, tool=TOOL))


def signed_machine(
    signer: Signer, serial: str = "7XK2PM2", papers: Papers = PAPERS, job: str = JOB
) -> Statement:
    disk = drive(f"D-{serial}"[:40])
    erased = signer.sign(build_drive(result(disk), job=job, tool=TOOL))
    whole = dataclasses.replace(machine(disk), serial=serial)
    return signer.sign(
        build_machine(whole, [erased], papers=papers, job=job, log_head=HEAD, tool=TOOL)
    )


def test_a_statement_of_an_accepted_station_is_registered_once(
    server: Server, tmp_path: Path
) -> None:
    statement = signed_drive(server.enrolled(tmp_path))
    first, second = server.send(statement.data), server.send(statement.data)
    assert (first.status, second.status) == (201, 200)
    assert first.json["receipt"] == second.json["receipt"]
    proof = verify.receipt(first.json["receipt"].encode(), server.trust)
    assert proof.payload["statement"] == statement.id
    held = server.get(f"/api/v1/statements/{statement.id}.jws")
    assert held.body == statement.data
    assert server.get(f"/api/v1/receipts/{statement.id}").text == first.json["receipt"]


def test_the_same_statement_from_many_sides_at_once_is_one(server: Server, tmp_path: Path) -> None:
    statement = signed_drive(server.enrolled(tmp_path))
    answers: list[int] = []
    threads = [
        threading.Thread(target=lambda: answers.append(server.send(statement.data).status))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200] * 7 + [201]


def test_an_unknown_station_is_held_until_the_office_accepts_it(
    server: Server, tmp_path: Path
) -> None:
    signer = station(tmp_path)
    statement = signed_drive(signer)
    answer = server.send(statement.data)
    assert (answer.status, answer.json["reason"]) == (202, "station-unknown")
    assert server.get(f"/api/v1/receipts/{statement.id}").status == 202
    assert json.loads(server.enroll("accept", signer.name[:8]))["registered"] == 1
    receipt = server.get(f"/api/v1/receipts/{statement.id}")
    assert receipt.status == 200
    assert verify.statement(statement.data, server.trust, receipt_data=receipt.body).trusted
    assert server.send(statement.data).status == 200


def test_what_was_signed_before_enrolment_is_registered_by_the_token(
    server: Server, tmp_path: Path
) -> None:
    early = signed_drive(station(tmp_path))
    assert server.send(early.data).status == 202
    server.enrolled(tmp_path)
    assert server.get(f"/api/v1/receipts/{early.id}").status == 200


def test_a_revoked_station_is_held_and_gets_no_certificate(server: Server, tmp_path: Path) -> None:
    signer = server.enrolled(tmp_path)
    server.enroll("revoke", signer.name)
    statement = signed_drive(signer)
    answer = server.send(statement.data)
    assert (answer.status, answer.json["reason"]) == (202, "station-revoked")
    wish = {"csr": (tmp_path / "station/request.csr").read_text(), "token": server.enroll("token")}
    refused = server.post("/api/v1/enrolments", wish)
    assert (refused.status, refused.content_type) == (403, "application/problem+json")
    assert json.loads(server.enroll("accept", signer.name))["registered"] == 0
    assert json.loads(server.enroll("accept", signer.name, "--revoked-too"))["registered"] == 1


def test_a_token_lets_in_one_station_only(server: Server, tmp_path: Path) -> None:
    token = server.enroll("token")
    answers = []
    for name in ("a", "b"):
        station(tmp_path / name)
        csr = (tmp_path / name / "station/request.csr").read_text()
        answers.append(server.post("/api/v1/enrolments", {"csr": csr, "token": token}).status)
    assert answers == [201, 202]


def test_an_accepted_station_renews_without_a_token(server: Server, tmp_path: Path) -> None:
    server.enrolled(tmp_path)
    wish = {"csr": (tmp_path / "station/request.csr").read_text()}
    assert server.post("/api/v1/enrolments", wish).status == 201


def test_another_offices_statement_is_no_statement_or_held(server: Server, tmp_path: Path) -> None:
    stranger = Office(tmp_path, "Stranger").certificate()
    assert server.send(stranger.data).status == 202
    impostor = Office(tmp_path / "impostor", "Tajdeed").certificate()
    answer = server.send(impostor.data)
    assert (answer.status, answer.json["code"]) == (422, "certificate-impostor")
    assert server.get(f"/api/v1/statements/{impostor.id}").status == 404


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"", "application/jose", 422),
        (b"{}", "application/jose", 422),
        (b"a.b.c", "application/jose", 422),
        (b"\x00" * 1000, "application/jose", 422),
        (b"." * 100_000, "application/jose", 422),
        (b"x", "application/json", 415),
        (b"x", "text/html", 415),
        (b"x", "", 415),
        (b"A" * (9 << 20), "application/jose", 413),
    ],
)
def test_what_is_no_statement_hears_a_problem_document(
    server: Server, body: bytes, content_type: str, status: int
) -> None:
    answer = server.post("/api/v1/statements", body, content_type)
    assert answer.status == status
    assert answer.content_type == "application/problem+json"
    assert answer.json["status"] == status
    assert answer.json["type"].startswith("urn:tajdeed:problem:")


def test_an_altered_statement_is_refused(server: Server, tmp_path: Path) -> None:
    data = bytearray(signed_drive(server.enrolled(tmp_path)).data)
    data[len(data) // 2] ^= 1
    assert server.send(bytes(data)).status == 422


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("enrolments", {"csr": "nonsense"}, 422),
        ("enrolments", {"csr": "x" * 9000}, 422),
        ("enrolments", {"token": "x"}, 422),
        ("enrolments", {"csr": "x", "extra": 1}, 422),
        ("enrolments", b"\xff\xfe", 422),
        ("enrolments", {"csr": "x" * 100_000}, 413),
        ("heartbeats", {"station": "'; DROP TABLE stations; --"}, 422),
        ("heartbeats", {"station": "0" * 20, "sent_at": "", "waiting": -1, "registered": 0}, 422),
        ("heartbeats", {"station": "0" * 20, "sent_at": "", "waiting": 0, "registered": 0}, 404),
    ],
)
def test_bad_requests_hear_a_problem_document(
    server: Server, path: str, body: Any, status: int
) -> None:
    answer = server.post(f"/api/v1/{path}", body)
    assert (answer.status, answer.content_type) == (status, "application/problem+json")


def test_a_body_nested_without_end_is_refused(server: Server) -> None:
    answer = server.post("/api/v1/enrolments", b"[" * 5000)
    # which of the two depends on how deep this Python's parser goes
    assert answer.status in (400, 422)
    assert answer.content_type == "application/problem+json"


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/statements/" + "0" * 64,
        "/api/v1/statements/..%2f..%2fca-key.pem",
        "/api/v1/statements/%00",
        "/api/v1/receipts/' OR 1=1 --".replace(" ", "%20"),
        "/statements/%3Cscript%3E",
        "/machines/%00nothing",
        "/nowhere",
    ],
)
def test_unknown_things_are_404(server: Server, path: str) -> None:
    answer = server.get(path)
    assert (answer.status, answer.content_type) == (404, "application/problem+json")


def test_search_finds_by_serial_tag_and_words_of_both_languages(
    server: Server, tmp_path: Path
) -> None:
    signer = server.enrolled(tmp_path)
    papers = dataclasses.replace(PAPERS, asset_tag="TJD-77777-1", donor="شركة النخيل")
    statement = signed_machine(signer, "FINDME77", papers)
    server.send(statement.data)
    for query in (
        "q=findme77",
        "serial=FINDME",
        "asset_tag=TJD-77777",
        "q=D-FINDME77&outcome=cleared",
    ):
        found = server.get(f"/api/v1/statements?{query}").json
        assert statement.id in {item["id"] for item in found["statements"]}, query
    arabic = server.get("/api/v1/statements?q=%D8%A7%D9%84%D9%86%D8%AE%D9%8A%D9%84").json
    assert statement.id in {item["id"] for item in arabic["statements"]}
    for query in (
        "q=%25",
        "q=_",
        "q='%20OR%201=1",
        "outcome=failed&q=FINDME77",
        "q=FINDME77&since=2999-01-01",
    ):
        found = server.get(f"/api/v1/statements?{query}").json
        assert statement.id not in {item["id"] for item in found["statements"]}, query
    for query in ("page=0", "per_page=1000", "since=yesterday", "page=x"):
        assert server.get(f"/api/v1/statements?{query}").status == 422, query


def test_pages_of_results(server: Server, tmp_path: Path) -> None:
    signer = server.enrolled(tmp_path)
    for number in range(5):
        server.send(signed_drive(signer, f"PAGED-{number}").data)
    seen: list[str] = []
    for page in (1, 2, 3):
        answer = server.get(f"/api/v1/statements?serial=PAGED-&per_page=2&page={page}").json
        assert (answer["total"], answer["pages"]) == (5, 3)
        seen += [item["serial"] for item in answer["statements"]]
    assert sorted(seen) == [f"PAGED-{number}" for number in range(5)]


def test_a_gap_and_a_fork_are_shown(server: Server, tmp_path: Path) -> None:
    signer = server.enrolled(tmp_path)
    first, second, third = (signed_drive(signer, f"CHAIN-{n}") for n in range(3))
    server.send(first.data)
    server.send(third.data)
    findings = f"/api/v1/stations/{signer.name}/findings"
    assert server.get(findings).json["findings"] == [{"kind": "gap", "seq": 2, "last": 2}]
    server.send(second.data)
    assert server.get(findings).json["findings"] == []
    # A clone of the stick goes on from the first statement: same key, other second.
    counter = tmp_path / "station/seq.json"
    counter.write_text(json.dumps({"seq": 1, "id": first.id, "jws": first.data.decode()}))
    clone = signed_drive(station(tmp_path), "CLONE")
    assert server.send(clone.data).status == 201
    kinds = {item["kind"] for item in server.get(findings).json["findings"]}
    assert kinds == {"fork"}
    assert "fork 2" in server.enroll("list")


def test_reading_copies_carry_the_document(server: Server, tmp_path: Path) -> None:
    signer = server.enrolled(tmp_path)
    statement = signed_machine(signer, "COPY-1")
    server.send(statement.data)
    copy = server.get(f"/api/v1/statements/{statement.id}.json")
    assert copy.json["jws"].encode() == statement.data
    by_accept = server.get(f"/api/v1/statements/{statement.id}", Accept="application/jose")
    assert by_accept.body == statement.data
    page = server.get(f"/api/v1/statements/{statement.id}.pdf")
    assert (page.status, page.content_type) == (200, "application/pdf")


HOSTILE = '<script>alert("x")</script>\x07\u202e&amp;{{7*7}}'


def test_hostile_names_are_kept_but_never_become_markup(server: Server, tmp_path: Path) -> None:
    signer = server.enrolled(tmp_path)
    disk = dataclasses.replace(drive(), identity=Identity(model=HOSTILE, serial=HOSTILE))
    erased = signer.sign(build_drive(result(disk), job=JOB, tool=TOOL))
    papers = dataclasses.replace(PAPERS, donor=HOSTILE, asset_tag=HOSTILE)
    whole = dataclasses.replace(machine(disk), serial=HOSTILE, model=HOSTILE)
    statement = signer.sign(
        build_machine(whole, [erased], papers=papers, job=JOB, log_head=HEAD, tool=TOOL)
    )
    assert server.send(erased.data).status == 201
    assert server.send(statement.data).status == 201
    for path in (f"/statements/{statement.id}", "/?q=%3Cscript%3E", "/stations"):
        page = server.get(path)
        assert page.status == 200
        assert "<script>" not in page.text
        assert "default-src 'none'" in page.headers["content-security-policy"]
    shown = server.get(f"/statements/{statement.id}").text
    assert "&lt;script&gt;" in shown
    assert "\x07" not in shown
    assert server.get(f"/api/v1/statements/{statement.id}.pdf").status == 200
    search = server.get('/?q="><script>x</script>'.replace(" ", "%20").replace('"', "%22"))
    assert "<script>" not in search.text


def test_pages_in_both_languages_link_what_they_show(server: Server, tmp_path: Path) -> None:
    statement = signed_machine(server.enrolled(tmp_path), "PAGE-1")
    server.send(statement.data)
    arabic = server.get(f"/statements/{statement.id}?lang=ar").text
    english = server.get(f"/statements/{statement.id}?lang=en").text
    assert 'dir="rtl"' in arabic and 'dir="ltr"' in english
    for page in (arabic, english):
        assert f"/api/v1/statements/{statement.id}.pdf" in page
        assert f"/api/v1/receipts/{statement.id}" in page
        assert statement.body["drives"][0]["statement"] in page
    assert "<td>الكتابة فوق البيانات</td>" in arabic and "<td>overwrite</td>" in english
    moved = server.get("/machines/PAGE-1")
    assert (moved.status, moved.headers["location"]) == (303, f"/statements/{statement.id}")
    assert server.get("/?lang=ar").status == server.get("/stations?lang=en").status == 200


@pytest.mark.parametrize("standing", ["unknown", "revoked"])
def test_a_strangers_certificate_does_not_stand_in_for_the_registered_one(
    server: Server, tmp_path: Path, standing: str
) -> None:
    serial, papers = f"SHADOW-{standing}", dataclasses.replace(PAPERS, asset_tag=f"TAG-{standing}")
    real = signed_machine(server.enrolled(tmp_path / "ours"), serial, papers)
    assert server.send(real.data).status == 201
    if standing == "unknown":
        stranger = station(tmp_path / "stranger")
    else:
        stranger = server.enrolled(tmp_path / "stranger")
        server.enroll("revoke", stranger.name)
    fakes = [signed_machine(stranger, serial, papers, f"{JOB}-{number}") for number in range(3)]
    for fake in fakes:
        assert server.send(fake.data).status == 202
    for name in (serial, f"TAG-{standing}"):
        assert server.get(f"/machines/{name}").headers["location"] == f"/statements/{real.id}"
    assert server.get(f"/api/v1/statements/{real.id}.pdf").status == 200
    refused = server.get(f"/api/v1/statements/{fakes[0].id}.pdf")
    assert (refused.status, refused.json["code"]) == (409, "issuer-not-recognised")
    for language, words in (("ar", "لا يُعتدّ بهذه الإفادة"), ("en", "this proves nothing")):
        shown = server.get(f"/statements/{fakes[0].id}?lang={language}").text
        said = shown[shown.index("<main>") :]
        assert words in said[: said.index(serial[:6])]
        assert ".pdf" not in shown
        assert 'badge cleared"' not in shown
        assert words not in server.get(f"/statements/{real.id}?lang={language}").text


def test_a_certificate_that_waits_for_the_office_is_found_and_then_counts(
    server: Server, tmp_path: Path
) -> None:
    signer = station(tmp_path)
    statement = signed_machine(signer, "HONEST-1")
    assert server.send(statement.data).status == 202
    assert server.get("/machines/HONEST-1").headers["location"].endswith(statement.id)
    assert "this proves nothing" in server.get(f"/statements/{statement.id}?lang=en").text
    server.enroll("accept", signer.name)
    assert "this proves nothing" not in server.get(f"/statements/{statement.id}?lang=en").text
    assert server.get(f"/api/v1/statements/{statement.id}.pdf").status == 200


def test_of_an_unknown_station_no_large_statement_is_kept_but_later_it_is(
    server: Server, tmp_path: Path
) -> None:
    signer = station(tmp_path)
    statement = signer.sign(build_drive(large_result("LARGE-1"), job=JOB, tool=TOOL))
    refused = server.send(statement.data)
    assert (refused.status, refused.json["code"]) == (429, "unaccepted-too-large")
    assert "office" in refused.json["detail"]
    assert server.get(f"/api/v1/statements/{statement.id}").status == 404
    assert server.send(signed_drive(signer, "SMALL-1").data).status == 202
    server.enroll("accept", signer.name)
    assert server.send(statement.data).status == 201


@pytest.mark.parametrize("whose", ["station", "address"])
def test_only_so_many_statements_of_unknown_stations_are_kept(
    own_server: Server, tmp_path: Path, whose: str
) -> None:
    """Full is full for the station that filled it, or for all unknown ones at its address."""
    signer, other = station(tmp_path / "a"), station(tmp_path / "b")
    known = own_server.enrolled(tmp_path / "known")
    first = signed_drive(signer)
    assert own_server.send(first.data, sender="127.0.0.2").status == 202
    quota = strangers.OF_STATION if whose == "station" else strangers.OF_SENDER
    fill(own_server, first.id, quota.documents - 1, one_station=whose == "station")
    refused = own_server.send(signed_drive(signer, "A").data, sender="127.0.0.2")
    assert (refused.status, refused.json["code"]) == (429, "unaccepted-too-many")
    assert own_server.send(first.data, sender="127.0.0.2").status == 202
    expected = 202 if whose == "station" else 429
    assert own_server.send(signed_drive(other).data, sender="127.0.0.2").status == expected
    assert own_server.send(signed_drive(other, "B").data, sender="127.0.0.3").status == 202
    assert own_server.send(signed_drive(known).data, sender="127.0.0.2").status == 201
    own_server.enroll("accept", signer.name)
    assert own_server.send(signed_drive(signer, "A").data, sender="127.0.0.2").status == 201


def test_strangers_that_wait_for_a_decision_are_not_without_number(
    own_server: Server, tmp_path: Path
) -> None:
    with Database(f"sqlite:///{own_server.directory / 'central.sqlite'}").session() as session:
        for number in range(stations.MOST_PENDING):
            session.add(
                StationRow(id=f"{number}", key="", status=stations.PENDING, first_seen="2026-11-28")
            )
    signer = station(tmp_path)
    wish = {"csr": (tmp_path / "station/request.csr").read_text()}
    refused = own_server.post("/api/v1/enrolments", wish)
    assert (refused.status, refused.json["code"]) == (429, "unaccepted-too-many")
    assert own_server.send(signed_drive(signer).data).status == 429
    assert own_server.get("/stations").status == 200
    # Whom the office has given a token comes in all the same.
    wish["token"] = own_server.enroll("token")
    assert own_server.post("/api/v1/enrolments", wish).status == 201
    assert own_server.send(signed_drive(signer).data).status == 201


def fill(server: Server, like: str, count: int, *, one_station: bool) -> None:
    """As if many more statements had come from where this one came from."""
    with Database(f"sqlite:///{server.directory / 'central.sqlite'}").session() as session:
        row, whence = session.get(StatementRow, like), session.get(StrangerRow, like)
        assert row is not None and whence is not None
        for number in range(count):
            whose = row.station if one_station else stations.heard_of(session, f"{number}", "").id
            copy = {
                column.key: getattr(row, column.key) for column in StatementRow.__table__.columns
            }
            ident = f"{number:064x}"
            session.add(StatementRow(**{**copy, "id": ident, "station": whose, "data": b""}))
            session.flush()
            session.add(StrangerRow(statement=ident, sender=whence.sender, bytes=whence.bytes))


def test_lists_load_no_documents(server: Server, tmp_path: Path) -> None:
    signer = server.enrolled(tmp_path)
    statement = signed_drive(signer, "LISTED-1")
    assert server.send(statement.data).status == 201
    with Database(f"sqlite:///{server.directory / 'central.sqlite'}").session() as session:
        found = statements.search(session, statements.Query(serial="LISTED-1"))
        for rows in (found.rows, statements.of_job(session, signer.name, JOB)):
            assert [row.id for row in rows] == [statement.id]
            assert inspect(rows[0]).unloaded == {"data", "receipt"}


@pytest.mark.parametrize(
    ("host", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("nonsense", "nonsense"),
    ],
)
def test_addresses_are_counted_by_who_can_have_them(host: str, counted: str) -> None:
    assert strangers.sender(host) == counted


def test_health_and_openapi(server: Server) -> None:
    assert server.get("/healthz").json["status"] == "ok"
    paths = server.get("/openapi.json").json["paths"]
    assert {"/api/v1/statements", "/api/v1/enrolments", "/api/v1/heartbeats", "/healthz"} <= set(
        paths
    )


def test_what_was_kept_is_there_after_a_restart(own_server: Server, tmp_path: Path) -> None:
    signer = own_server.enrolled(tmp_path / "stick")
    statement = signed_drive(signer)
    receipt = own_server.send(statement.data).json["receipt"]
    own_server.stop()
    own_server.start()
    again = own_server.send(statement.data)
    assert (again.status, again.json["receipt"]) == (200, receipt)


def office_ticket(server: Server, out: Path) -> bytes:
    """A ticket of this server's own office."""
    server.enroll(
        "office-ticket", "--out", str(out), "--lot", "L1", "--technician", "Office",
        "--machine", "*/*", "--count", "9",
    )  # fmt: skip
    return out.read_bytes()


class Eve:
    """She signs in the name of `office:main`, with a certificate that she made herself."""

    def __init__(self, home: Path) -> None:
        home.mkdir()
        key = keys.new_key()
        self.authority = Authority.create("Eve")
        certificate = self.authority.issue(key.public_key(), "office", "main", life=keys.CA_LIFE)
        self.key_digest = keys.key_digest(key.public_key())
        self.signer = Signer(
            home, "office:main", key, [certificate], [home], lambda: datetime.now(UTC)
        )

    def ticket(self, lot: str = "E") -> Statement:
        terms = TicketTerms(
            lot=lot, technician="Eve", machines=(("*", "*"),), buses=(Bus.SATA,),
            expires_at="2099-01-01T00:00:00Z", count=9,
        )  # fmt: skip
        return self.signer.sign(build_ticket(terms, job="office"))


@pytest.mark.parametrize("first", ["stranger", "office"])
def test_nobody_becomes_the_office_by_its_name(
    own_server: Server, tmp_path: Path, first: str
) -> None:
    """Whoever comes first: the office's ticket is registered, a stranger's is none."""
    eve, real = Eve(tmp_path / "eve"), office_ticket(own_server, tmp_path / "real.jws")
    forged = [eve.ticket(lot) for lot in ("first", "second")]
    sent = [forged[0].data, real, forged[1].data] if first == "stranger" else [real, forged[0].data]
    answers = [(own_server.send(data).status, data == real) for data in sent]
    assert all(status == (201 if genuine else 422) for status, genuine in answers), answers
    for ticket in forged:
        assert own_server.get(f"/api/v1/statements/{ticket.id}").status == 404
    assert own_server.send(forged[0].data).json["code"] == "ticket-foreign"


@pytest.mark.parametrize("status", ["pending", "accepted"])
def test_a_stranger_whom_an_older_server_took_for_the_office_is_put_out(
    own_server: Server, tmp_path: Path, status: str
) -> None:
    eve = Eve(tmp_path / "eve")
    with Database(f"sqlite:///{own_server.directory / 'central.sqlite'}").session() as session:
        stations.heard_of(session, "office:main", eve.key_digest).status = status
    assert own_server.send(office_ticket(own_server, tmp_path / "real.jws")).status == 201
    assert own_server.send(eve.ticket().data).status == 422


def test_a_receipt_that_an_older_server_signed_for_a_stranger_proves_nothing(
    server: Server, tmp_path: Path
) -> None:
    eve = Eve(tmp_path / "eve")
    ticket = eve.ticket()
    moment = "2026-11-24T10:00:00Z"
    receipt = Home.open(server.directory).receipt(
        url=server.url, statement=ticket.id, station="office:main",
        key=eve.key_digest, received=moment, registered=moment,
    )  # fmt: skip
    (tmp_path / "t.jws").write_bytes(ticket.data)
    (tmp_path / "r.jws").write_bytes(receipt)
    told = json.loads(
        tajdeed(
            "verify", str(tmp_path / "t.jws"), "--trust", str(server.trust_dir),
            "--receipt", str(tmp_path / "r.jws"), "--json", check=False,
        )
    )  # fmt: skip
    assert (told["exit"], told["verdict"], told["grade"]) == (3, "issuer-unknown", None)


def test_office_tickets_are_signed_on_the_command_line(server: Server, tmp_path: Path) -> None:
    from appliance.statement import ticket

    out = tmp_path / "batch.jws"
    server.enroll(
        "office-ticket", "--out", str(out), "--lot", "L1", "--technician", "Office",
        "--machine", "QEMU*/*", "--bus", "sata", "--bus", "nvme", "--count", "3",
    )  # fmt: skip
    terms = ticket.read(out.read_bytes(), server.trust).terms
    assert (terms.lot, terms.count, terms.machines) == ("L1", 3, (("QEMU*", "*"),))
    assert server.send(out.read_bytes()).status == 201
    assert strict_json.loads(strict_json.dumps(terms.count)) == 3
