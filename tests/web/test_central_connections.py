"""Connections that say nothing: they end, and meanwhile the server is there for others."""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import h11
import pytest
from sqlalchemy import select

from appliance.central.connections import ALLOWED_S, OF_SENDER
from appliance.central.database import Database, StrangerRow
from appliance.statement.build import build_drive
from tests.unit.office import JOB, TOOL, drive, result
from tests.web.server import ROOT, Server, station

# Loopback has many addresses: one for the idler, the tests' own requests come from 127.0.0.1.
IDLER = "127.0.0.9"
HEAD_S = ALLOWED_S[h11.IDLE]
HEAD = b"POST /api/v1/statements HTTP/1.1\r\nHost: x\r\n"


def connected(server: Server, *, tls: bool = True, sender: str = IDLER) -> socket.socket:
    raw = socket.create_connection(
        ("127.0.0.1", server.port), timeout=20, source_address=(sender, 0)
    )
    if not tls:
        return raw
    context = ssl.create_default_context(cafile=str(server.directory / "ca.pem"))
    try:
        return context.wrap_socket(raw, server_hostname="127.0.0.1")
    except OSError:
        raw.close()
        raise


@contextlib.contextmanager
def idle(server: Server, count: int, *, tls: bool) -> Iterator[list[socket.socket]]:
    """As many connections as are let in of so many that are tried; they say nothing."""
    made: list[socket.socket] = []
    try:
        for _ in range(count):
            with contextlib.suppress(OSError):
                made.append(connected(server, tls=tls))
        yield made
    finally:
        for connection in made:
            connection.close()


def ended(connection: socket.socket) -> bool:
    """Whether the server has ended it, without a word."""
    try:
        return connection.recv(1) == b""
    except (ConnectionError, ssl.SSLError):
        return True


@pytest.mark.parametrize("tls", [True, False])
def test_idle_connections_of_one_host_shut_nobody_else_out(own_server: Server, tls: bool) -> None:
    with idle(own_server, 230, tls=tls) as made:
        if tls:
            assert len(made) == OF_SENDER
        for _ in range(5):
            assert own_server.get("/healthz").status == 200
        if tls:
            with pytest.raises(OSError):
                connected(own_server)
            time.sleep(HEAD_S + 2)
            assert all(map(ended, made))
            assert own_server.get("/healthz").status == 200
            connected(own_server).close()


@pytest.mark.parametrize(
    "drip",
    [
        lambda number: b"" if number else b"G",
        lambda number: b"" if number else HEAD,
        lambda number: HEAD if not number else b"X-%d: y\r\n" % number,
    ],
    ids=["one-letter", "half-a-head", "a-line-a-second"],
)
def test_a_request_that_does_not_come_in_ends(server: Server, drip: Callable[[int], bytes]) -> None:
    connection = connected(server)
    connection.settimeout(1.0)
    begin, over = time.monotonic(), False
    for number in range(40):
        try:
            if said := drip(number):
                connection.sendall(said)
            over = connection.recv(1) == b""
        except TimeoutError:
            continue
        except (ConnectionError, ssl.SSLError):
            over = True
        break
    connection.close()
    assert over
    assert HEAD_S - 1 < time.monotonic() - begin < HEAD_S + 8


def test_a_slow_whole_request_is_answered_and_the_connection_kept(server: Server) -> None:
    request = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    with connected(server) as connection:
        for _ in range(2):
            for part in (request[:20], request[20:]):
                connection.sendall(part)
                time.sleep(1)
            answer = http.client.HTTPResponse(connection)
            answer.begin()
            assert answer.status == 200
            assert b"ok" in answer.read()
            answer.close()


def test_a_reverse_proxy_is_not_counted_and_names_the_sender(
    own_server: Server, tmp_path: Path
) -> None:
    own_server.stop()
    own_server.words = ["--proxy", IDLER]
    own_server.start()
    with contextlib.ExitStack() as stack:
        for _ in range(OF_SENDER + 5):
            stack.enter_context(connected(own_server))
        assert own_server.get("/healthz").status == 200
    signer = station(tmp_path)
    headers = {"Content-Type": "application/jose", "X-Forwarded-For": "203.0.113.5"}
    for serial, sender in (("BY-PROXY", IDLER), ("NOT-BY-IT", "127.0.0.2")):
        draft = build_drive(result(drive(serial)), job=JOB, tool=TOOL)
        sent = own_server.request(
            "POST", "/api/v1/statements", signer.sign(draft).data, headers, sender
        )
        assert sent.status == 202
    with Database(f"sqlite:///{own_server.directory / 'central.sqlite'}").session() as session:
        senders = set(session.scalars(select(StrangerRow.sender)))
    assert senders == {"203.0.113.5", "127.0.0.2"}


def test_a_port_in_use_is_said_in_words(server: Server) -> None:
    done = subprocess.run(
        [
            sys.executable, "-m", "appliance.cli", "central", "--data", str(server.directory),
            "--listen", f"127.0.0.1:{server.port}",
        ],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 2
    assert f"127.0.0.1:{server.port}" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_second_request_that_came_with_the_first_does_not_wait_for_ever(
    own_server: Server,
) -> None:
    connection = connected(own_server)
    whole = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    connection.sendall(whole + HEAD[: len(HEAD) // 2])
    assert connection.recv(1 << 16).startswith(b"HTTP/1.1 200")
    connection.settimeout(2 * HEAD_S)
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        while connection.recv(1 << 16):
            pass
    connection.close()
