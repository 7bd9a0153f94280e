"""A real central server for tests: its own process, its own directory, real HTTPS."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography import x509

from appliance.statement import keys
from appliance.statement.signer import Signer
from appliance.statement.trust import Trust

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def tajdeed(*words: str, check: bool = True) -> str:
    """Run a command of the product; its standard output."""
    done = subprocess.run(
        [sys.executable, "-m", "appliance.cli", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    if check:
        assert done.returncode == 0, done.stderr
    return done.stdout


class Server:
    """`tajdeed central` on loopback. `stop` and `start` keep directory and port; `words` are
    further ones of its command line."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.port = free_port()
        self.url = f"https://127.0.0.1:{self.port}"
        self.words: list[str] = []
        self._process: subprocess.Popen[bytes] | None = None
        self.trust_dir = directory.parent / f"{directory.name}-trust"

    def start(self) -> None:
        log = (self.directory.parent / f"{self.directory.name}.log").open("ab")
        self._process = subprocess.Popen(
            [
                sys.executable, "-W", "error", "-m", "appliance.cli", "central",
                "--data", str(self.directory), "--listen", f"127.0.0.1:{self.port}",
                *self.words,
            ],
            cwd=ROOT,
            env={**os.environ, "DATABASE_URL": ""},
            stdout=log,
            stderr=log,
        )  # fmt: skip
        log.close()
        deadline = time.monotonic() + 60
        while True:
            assert self._process.poll() is None, "the server ended"
            assert time.monotonic() < deadline, "the server did not come up"
            try:
                if self.get("/healthz").status == 200:
                    break
            except OSError:
                time.sleep(0.1)
        if not self.trust_dir.exists():
            self.enroll("export-trust", str(self.trust_dir))

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(30)
            self._process = None

    def enroll(self, *words: str) -> str:
        """`tajdeed enroll` on this server's directory."""
        return tajdeed("enroll", "--data", str(self.directory), *words).strip()

    @property
    def trust(self) -> Trust:
        return Trust.read(self.trust_dir)

    def get(self, path: str, **headers: str) -> Answer:
        return self.request("GET", path, None, headers)

    def post(
        self, path: str, body: Any, content_type: str = "application/json", sender: str = ""
    ) -> Answer:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.request("POST", path, data, {"Content-Type": content_type}, sender)

    def send(self, statement: bytes, sender: str = "") -> Answer:
        return self.post("/api/v1/statements", statement, "application/jose", sender)

    def request(
        self,
        method: str,
        path: str,
        body: bytes | None,
        headers: dict[str, str],
        sender: str = "",
    ) -> Answer:
        """One request; `sender`: the address of loopback (127.0.0.0/8) that it comes from."""
        context = ssl.create_default_context(cafile=str(self.directory / "ca.pem"))
        connection = http.client.HTTPSConnection(
            "127.0.0.1", self.port, timeout=30, context=context,
            source_address=(sender, 0) if sender else None,
        )  # fmt: skip
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return Answer(
                response.status,
                {name.lower(): value for name, value in response.getheaders()},
                response.read(),
            )
        finally:
            connection.close()

    def enrolled(self, home: Path) -> Signer:
        """A station that got its certificate over HTTP with a one-time token."""
        signer = station(home)
        answer = self.post(
            "/api/v1/enrolments",
            {
                "csr": (home / "station/request.csr").read_text(),
                "token": self.enroll("token"),
            },
        )
        assert answer.status == 201, answer.text
        signer.adopt(answer.json["certificate"].encode(), self.trust)
        return signer


def station(home: Path) -> Signer:
    """A station that nobody has accepted yet."""
    return Signer.open(home / "station", (home / "outbox", home / "statements"))


def certificate_of(pem: str) -> x509.Certificate:
    return keys.read_chain(pem.encode(), "answer")[0]
