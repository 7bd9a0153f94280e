"""The courier against a real server: nothing is lost, nothing is sent for ever."""

from __future__ import annotations

import http.server
import json
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from appliance.central.home import Home
from appliance.delivery.courier import Courier, links
from appliance.delivery.outbox import Notes, Outbox, State
from appliance.delivery.patience import Patience
from appliance.job.state import Delivery
from appliance.model import from_json
from appliance.statement import durable, keys, verify
from appliance.statement.build import build_drive
from appliance.statement.document import Statement
from appliance.statement.signer import Signer
from tests.unit.office import JOB, TOOL, Office, drive, large_result, result
from tests.web.server import ROOT, Server, station, tajdeed


class Stick:
    """A stick's directories, its station, and couriers on it."""

    def __init__(self, home: Path, server_url: str, trust_dir: Path) -> None:
        self.home = home
        self.signer: Signer = station(home)
        self.outbox = Outbox(home / "outbox", home / "courier")
        self.trust_dir = trust_dir
        self.url = server_url
        self.config = home / "station.yaml"
        self.config.write_text(f"servers: [{{url: {server_url}}}]\n")
        self.time = 0.0
        self._courier = self.new_courier()

    def new_courier(self) -> Courier:
        made = links([{"url": self.url}], self.outbox, self.trust_dir)
        for link in made:
            link._clock = lambda: self.time
        return Courier(self.outbox, made)

    def sign(self, serial: str = "S3Z1NB0K123456") -> Statement:
        return self.signer.sign(build_drive(result(drive(serial)), job=JOB, tool=TOOL))

    def round(self, after_s: float = 1000.0) -> Delivery:
        """Let time pass, let the courier look once, and read what it tells the engine."""
        self.time += after_s
        self._courier.round()
        return self.told

    @property
    def told(self) -> Delivery:
        return from_json(Delivery, Notes(self.home / "courier").told("status.json"))

    def state(self, statement: Statement) -> State:
        return self.outbox.notes.state(statement.id)

    def wish(self, token: str = "") -> None:
        self.outbox.put_enrolment((self.home / "station/request.csr").read_bytes(), token)

    def words(self) -> list[str]:
        return [
            "courier", "--outbox", str(self.home / "outbox"), "--notes",
            str(self.home / "courier"), "--trust", str(self.trust_dir),
            "--config", str(self.config),
        ]  # fmt: skip


@pytest.fixture
def stick(server: Server, tmp_path: Path) -> Stick:
    server.enrolled(tmp_path / "stick")
    return Stick(tmp_path / "stick", server.url, server.trust_dir)


def test_a_statement_goes_out_and_its_receipt_comes_back(stick: Stick, server: Server) -> None:
    statement = stick.sign()
    told = stick.round()
    assert (told.waiting, told.registered, told.online, told.last_error) == (0, 1, True, None)
    proof = (stick.home / "courier/receipts" / f"{statement.id}.jws").read_bytes()
    assert verify.receipt(proof, server.trust).payload["statement"] == statement.id


def test_while_the_server_is_down_statements_wait_and_then_go_out_once(
    own_server: Server, tmp_path: Path
) -> None:
    own_server.enrolled(tmp_path / "stick")
    own_server.stop()
    stick = Stick(tmp_path / "stick", own_server.url, own_server.trust_dir)
    statements = [stick.sign(f"WAIT-{number}") for number in range(3)]
    told = stick.round()
    assert (told.waiting, told.online) == (3, False)
    assert told.last_error is not None
    assert told.last_error.code == "server-unreachable"
    # The next boot of this stick: another courier process, and the server is there.
    own_server.start()
    tajdeed(*stick.words(), "--once")
    assert {stick.state(item) for item in statements} == {State.REGISTERED}
    receipts = {
        file.name: file.stat().st_mtime_ns for file in stick.outbox.notes.receipts.iterdir()
    }
    tajdeed(*stick.words(), "--once")
    again = {file.name: file.stat().st_mtime_ns for file in stick.outbox.notes.receipts.iterdir()}
    assert receipts == again
    own_server.stop()
    # All are acknowledged, so a third boot without any server has nothing to send.
    tajdeed(*stick.words(), "--once")


def test_a_courier_killed_again_and_again_loses_and_doubles_nothing(
    stick: Stick, server: Server
) -> None:
    statements = [stick.sign(f"KILL-{number}") for number in range(12)]
    for pause in (0.3, 0.5, 0.7, 0.9):
        process = subprocess.Popen(
            [sys.executable, "-m", "appliance.cli", *stick.words()], cwd=ROOT
        )
        time.sleep(pause)
        process.kill()
        process.wait()
    tajdeed(*stick.words(), "--once")
    assert {stick.state(item) for item in statements} == {State.REGISTERED}
    found = server.get(f"/api/v1/statements?station={stick.signer.name}&serial=KILL-").json
    assert found["total"] == len(statements)


def test_what_the_server_refuses_is_kept_with_its_words_and_not_sent_again(stick: Stick) -> None:
    junk = "f" * 64
    good = stick.sign()
    stick.outbox.put(junk, b"no statement")
    told = stick.round()
    assert (told.refused, told.registered, told.waiting) == (1, 1, 0)
    assert stick.state(good) is State.REGISTERED
    note = stick.outbox.notes.note(junk, State.REFUSED)
    assert (note["status"], note["problem"]["code"]) == (422, "jws-not-compact")
    noted = (stick.outbox.notes.refused / f"{junk}.json").stat().st_mtime_ns
    stick.round()
    assert (stick.outbox.notes.refused / f"{junk}.json").stat().st_mtime_ns == noted
    shown = tajdeed(
        "outbox", "--outbox", str(stick.home / "outbox"), "--notes",
        str(stick.home / "courier"), check=False,
    )  # fmt: skip
    assert junk in shown
    assert good.id in shown


def test_held_statements_get_their_receipt_when_the_office_has_decided(
    server: Server, tmp_path: Path
) -> None:
    stick = Stick(tmp_path / "stick", server.url, server.trust_dir)
    statement = stick.sign()
    told = stick.round()
    assert (told.held, told.waiting) == (1, 0)
    assert stick.round().held == 1
    server.enroll("accept", stick.signer.name)
    # Asking is patient: an hour at most between two questions.
    told = stick.round(2 * 3600.0)
    assert (told.held, told.registered) == (0, 1)
    assert stick.state(statement) is State.REGISTERED


def test_a_token_enrols_the_stick_and_registers_what_it_signed_before(
    server: Server, tmp_path: Path
) -> None:
    stick = Stick(tmp_path / "stick", server.url, server.trust_dir)
    early = stick.sign("EARLY")
    stick.wish()
    assert stick.round().held == 1
    stick.wish(server.enroll("token"))
    stick.round()
    pem = stick.outbox.certificate()
    assert pem is not None
    stick.signer.adopt(pem, server.trust)
    assert stick.signer.enrolled
    assert stick.state(early) is State.REGISTERED
    stick.round()
    assert stick.outbox.certificate() == pem  # not asked for again while it is fresh
    heard = server.enroll("list")
    line = next(line for line in heard.splitlines() if stick.signer.name in line)
    assert "accepted" in line


def test_a_certificate_near_its_end_is_renewed(server: Server, tmp_path: Path) -> None:
    home = tmp_path / "stick"
    server.enrolled(home)
    stick = Stick(home, server.url, server.trust_dir)
    stick.wish()
    office = Home.open(server.directory)
    public = keys.read_request((home / "station/request.csr").read_bytes())
    old = office.authority.issue(
        public, "station", stick.signer.name, now=datetime.now(UTC) - timedelta(days=70)
    )
    durable.write(home / "courier/certificate.pem", keys.chain_pem([old]))
    stick.round()
    fresh = keys.read_chain((home / "courier/certificate.pem").read_bytes(), "")[0]
    assert fresh.not_valid_after_utc - datetime.now(UTC) > timedelta(days=80)


def test_nothing_is_sent_to_a_server_under_another_ca(server: Server, tmp_path: Path) -> None:
    other = Office(tmp_path / "other", "Other")
    stick = Stick(tmp_path / "stick", server.url, other.trust_dir)
    statement = stick.sign()
    told = stick.round()
    assert told.waiting == 1
    assert told.last_error is not None
    assert told.last_error.code == "server-untrusted"
    assert server.get(f"/api/v1/statements/{statement.id}.jws").status == 404


def test_what_a_new_stick_may_not_send_yet_waits_and_goes_out_when_the_office_has_decided(
    server: Server, tmp_path: Path
) -> None:
    stick = Stick(tmp_path / "stick", server.url, server.trust_dir)
    draft = build_drive(large_result("LARGE-2"), job=JOB, tool=TOOL)
    large, small = stick.signer.sign(draft), stick.sign("SMALL-2")
    told = stick.round()
    assert (told.waiting, told.held, told.refused) == (1, 1, 0)
    assert told.last_error is not None
    assert told.last_error.code == "unaccepted-too-large"
    assert stick.round(1.0).last_error == told.last_error
    server.enroll("accept", stick.signer.name)
    stick.round(2 * 3600.0)
    told = stick.round(1.0)
    assert (told.waiting, told.registered, told.last_error) == (0, 2, None)
    assert stick.state(large) is stick.state(small) is State.REGISTERED


# --- servers that misbehave ------------------------------------------------------------------


class Strange:
    """An HTTPS server under our CA that answers everything in one fixed way."""

    def __init__(self, directory: Path, *, begins: datetime | None = None) -> None:
        self.status, self.content_type, self.body = 200, "text/html", b"<h1>Welcome</h1>"
        self.asked: list[tuple[str, str]] = []
        self.home = Home.create(directory, "Tajdeed")
        key = keys.new_key()
        issued = self.home.authority.issue_tls(key.public_key(), ["127.0.0.1"], begins)
        keys.store_key(directory / "strange-key.pem", key)
        (directory / "strange.pem").write_bytes(keys.chain_pem([issued]))
        strange = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                strange.asked.append(("POST", self.path))
                self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(strange.status)
                self.send_header("Content-Type", strange.content_type)
                self.send_header("Content-Length", str(len(strange.body)))
                self.end_headers()
                self.wfile.write(strange.body)

            def log_message(self, format: str, *args: object) -> None:
                del format, args

        self._server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(directory / "strange.pem", directory / "strange-key.pem")
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"https://127.0.0.1:{self._server.server_address[1]}"
        self.trust_dir = directory / "trust"
        self.trust_dir.mkdir()
        (self.trust_dir / "ca.pem").write_bytes(keys.chain_pem([self.home.authority.certificate]))
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def says(self, status: int, content_type: str, body: bytes) -> None:
        self.status, self.content_type, self.body = status, content_type, body

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def strange(tmp_path: Path) -> Iterator[Strange]:
    running = Strange(tmp_path / "strange")
    yield running
    running.close()


@pytest.mark.parametrize(
    ("status", "content_type", "body"),
    [
        (200, "text/html", b"<h1>Sign in to the hotel's network</h1>"),
        (201, "application/json", b"{}"),
        (201, "application/json", b'{"receipt":"a.b.c"}'),
        (201, "application/json", b"["),
        (404, "text/html", b"not here"),
        (403, "text/plain", b"no"),
        (302, "text/html", b""),
        (500, "text/plain", b""),
        (503, "application/problem+json", b"{}"),
        (429, "application/problem+json", b"{}"),
    ],
)
def test_whatever_else_answers_the_statement_waits(
    strange: Strange, tmp_path: Path, status: int, content_type: str, body: bytes
) -> None:
    stick = Stick(tmp_path / "stick", strange.url, strange.trust_dir)
    statement = stick.sign()
    strange.says(status, content_type, body)
    told = stick.round()
    assert (told.waiting, told.registered, told.refused) == (1, 0, 0)
    assert told.last_error is not None
    assert stick.state(statement) is State.WAITING


def test_a_server_that_keeps_no_more_is_asked_seldom_and_loses_nothing(
    strange: Strange, tmp_path: Path
) -> None:
    stick = Stick(tmp_path / "stick", strange.url, strange.trust_dir)
    made = [stick.sign(f"FULL-{number}") for number in range(5)]
    problem = json.dumps({"code": "unaccepted-too-many", "status": 429}).encode()
    strange.says(429, "application/problem+json", problem)
    for _ in range(3600):
        stick.round(1.0)
    told = stick.told
    assert (told.waiting, told.refused) == (5, 0)
    assert told.last_error is not None
    assert told.last_error.code == "unaccepted-too-many"
    assert len(strange.asked) < 15
    assert {stick.state(item) for item in made} == {State.WAITING}


def test_a_receipt_that_our_ca_does_not_stand_behind_does_not_count(
    strange: Strange, tmp_path: Path
) -> None:
    stick = Stick(tmp_path / "stick", strange.url, strange.trust_dir)
    statement = stick.sign()
    forger = Home.create(tmp_path / "forger", "Tajdeed")
    moment = "2026-11-24T10:00:00Z"
    for home, about in ((forger, statement.id), (strange.home, "0" * 64)):
        receipt = home.receipt(
            url="", statement=about, station=stick.signer.name,
            key=stick.signer.key_digest, received=moment, registered=moment,
        )  # fmt: skip
        strange.says(201, "application/json", json.dumps({"receipt": receipt.decode()}).encode())
        assert stick.round().registered == 0
        assert stick.state(statement) is State.WAITING


def test_trying_again_becomes_ever_rarer(strange: Strange, tmp_path: Path) -> None:
    stick = Stick(tmp_path / "stick", strange.url, strange.trust_dir)
    stick.sign()
    strange.says(503, "text/plain", b"")
    for _ in range(3600):
        stick.round(1.0)
    assert 5 < len(strange.asked) < 40


def test_a_machine_whose_clock_is_years_wrong_still_delivers(tmp_path: Path) -> None:
    future = Strange(tmp_path / "future", begins=datetime.now(UTC) + timedelta(days=20))
    try:
        stick = Stick(tmp_path / "stick", future.url, future.trust_dir)
        stick.sign()
        future.says(500, "text/plain", b"")
        told = stick.round()
        assert told.online is True
        assert future.asked
    finally:
        future.close()


def test_the_servers_clock_is_told_to_the_engine(stick: Stick) -> None:
    stick.sign()
    stick.round()
    clock = stick.outbox.notes.told("clock.json")
    assert clock["source"] == "server"
    assert abs(clock["offset_s"]) <= 2


def test_patience_doubles_and_has_an_end() -> None:
    patience = Patience(2.0, 300.0)
    waits = []
    for _ in range(12):
        patience.failed(0.0)
        waits.append(patience.next_at)
    assert 1.4 <= waits[0] <= 2.6
    assert max(waits) <= 390.0
    assert waits[-1] >= 210.0
    patience.worked()
    assert patience.due(0.0)


def test_a_station_without_servers_only_tells_what_waits(tmp_path: Path) -> None:
    signer = station(tmp_path)
    signer.sign(build_drive(result(drive()), job=JOB, tool=TOOL))
    outbox = Outbox(tmp_path / "outbox", tmp_path / "courier")
    outbox.notes.make()
    Courier(outbox, []).round()
    told = from_json(Delivery, outbox.notes.told("status.json"))
    assert (told.waiting, told.online, told.server) == (1, None, "")


def test_a_server_without_pinned_certificate_is_told_and_not_a_crash(tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    stick = Stick.__new__(Stick)
    stick.home, stick.trust_dir = tmp_path, tmp_path / "none"
    stick.config = tmp_path / "station.yaml"
    stick.config.write_text("servers: [{url: https://central.example}]\n")
    tajdeed(*stick.words(), "--once")
    assert stick.told.last_error is not None
    assert stick.told.last_error.code == "server-without-ca"


def test_pruning_takes_only_what_has_a_receipt(stick: Stick) -> None:
    sent = stick.sign("SENT")
    stick.round()
    waiting = stick.sign("WAITING")
    assert stick.outbox.prune(lambda statement_id: False) == 0
    assert stick.outbox.prune(lambda statement_id: True) == 1
    assert stick.outbox.ids() == (waiting.id,)
    assert (stick.home / "statements" / f"{sent.id}.jws").exists()


def test_links_need_a_pinned_certificate_and_https(tmp_path: Path) -> None:
    from appliance.errors import ConfigError

    outbox = Outbox(tmp_path / "outbox", tmp_path / "courier")
    (tmp_path / "trust").mkdir()
    for url in ("https://central.example", "http://central.example", "https://u:p@h", "https://"):
        with pytest.raises(ConfigError):
            links([{"url": url}], outbox, tmp_path / "trust")
