"""The demo's office: the real central server with a database of its own, on loopback.

The guest reaches it as 10.0.2.2 through QEMU's user network. Everything is asked of the product's
own commands (`tajdeed central`, `tajdeed enroll`) and of the server's own API over HTTPS.
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import requests

from imagebuilder.run import run

GUEST_HOST = "10.0.2.2"
REPOSITORY = Path(__file__).resolve().parents[2]


class Office:
    """A running server; use it in a `with` statement. `trust` holds its CA certificates."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.data = directory / "data"
        self.trust = directory / "trust"
        self.port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.directory.mkdir(parents=True, exist_ok=True)
        with (self.directory / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *_tajdeed("central", "--data", self.data),
                    *["--listen", f"127.0.0.1:{self.port}", "--name", GUEST_HOST],
                    *["--name", "127.0.0.1", "--organisation", "Tajdeed Demo Charity"],
                ],
                cwd=REPOSITORY,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            self._wait_until_up()
            self.enroll("export-trust", self.trust)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait()

    @property
    def guest_url(self) -> str:
        """The server's address as the guest reaches it."""
        return f"https://{GUEST_HOST}:{self.port}"

    @property
    def url(self) -> str:
        """The server's address on this machine."""
        return f"https://127.0.0.1:{self.port}"

    @property
    def certificates(self) -> list[Path]:
        """The CA certificates that a stick of this office trusts."""
        return sorted(self.trust.glob("*.pem"))

    def enroll(self, *words: str | Path) -> str:
        """`tajdeed enroll WORDS`; what it printed."""
        argv = _tajdeed("enroll", "--data", self.data, *words)
        return run(argv, cwd=REPOSITORY).text.strip()

    def token(self) -> str:
        """A one-time token with which a stick enrols."""
        return self.enroll("token")

    def ticket(self, target: Path, *words: str, days: float = 0.5) -> Path:
        """A batch ticket for the demo's donated PC, signed by the office; `words` add to it."""
        self.enroll(
            *("office-ticket", "--lot", "DEMO-1", "--technician", "Demo office", "--count", "5"),
            *("--machine", f"{PC_MAKER}/{PC_MODEL}", "--days", f"{days:f}"),
            *words,
            "--out",
            target,
        )
        return target

    def get(self, path: str) -> bytes:
        """What the server answers to GET at `path`; raises requests' errors."""
        answer = requests.get(
            f"{self.url}{path}", verify=str(self._bundle()), timeout=60, allow_redirects=True
        )
        answer.raise_for_status()
        return answer.content

    def _bundle(self) -> Path:
        bundle = self.directory / "ca.pem"
        bundle.write_bytes(b"".join(path.read_bytes() for path in self.certificates))
        return bundle

    def _wait_until_up(self) -> None:
        deadline = time.monotonic() + 60
        while True:
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=1):
                    return
            except OSError:
                ended = self._process is None or self._process.poll() is not None
                if ended or time.monotonic() > deadline:
                    log = (self.directory / "server.log").read_text(errors="replace")
                    raise OSError(f"the central server did not start:\n{log[-2000:]}") from None
                time.sleep(0.1)


# What the donated PC says about itself (SMBIOS type 1); the ticket is for this make.
PC_MAKER = "Donor Computers"
PC_MODEL = "Office PC 2015"
PC_SERIAL = "DPC-0001"
PC_DMI = (("manufacturer", PC_MAKER), ("product", PC_MODEL), ("serial", PC_SERIAL))


def tajdeed(*words: str | Path) -> tuple[int, str]:
    """Run one of the product's commands; its exit status and all that it printed."""
    done = subprocess.run(
        _tajdeed(*words),
        cwd=REPOSITORY,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, "LANG": "C.UTF-8"},
        check=False,
    )
    return done.returncode, done.stdout.decode(errors="replace").strip()


def _tajdeed(*words: str | Path) -> Sequence[str]:
    return [sys.executable, "-m", "appliance.cli", *map(str, words)]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: Any = probe.getsockname()[1]
        return int(port)
