"""A web server of images on loopback, that does what servers and lines to them do wrong."""

from __future__ import annotations

import contextlib
import http.server
import re
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

PIECE = 64 << 10


@dataclass(slots=True)
class Faults:
    """What the server does wrong, with the images' data only.

    `ranges`: whether it knows them. `cuts`: after how many bytes each of the first connections
    is closed. `piece_s`: seconds between pieces of 64 KiB. `more_bytes`: how much longer than it
    is a file is said to be. `flip`: a byte of the file that is sent inverted. `status`: the
    answers of the first requests. `lead_to`: redirect everything there.
    """

    ranges: bool = True
    cuts: list[int] = field(default_factory=list)
    piece_s: float = 0.0
    more_bytes: int = 0
    flip: int | None = None
    status: list[int] = field(default_factory=list)
    lead_to: str = ""


@dataclass(slots=True)
class Server:
    """The running server: `asked` are the ranges of data that were asked for, `sent` the bytes."""

    url: str
    faults: Faults
    asked: list[tuple[int, int]] = field(default_factory=list)
    sent: int = 0
    stop: threading.Event = field(default_factory=threading.Event)


@contextlib.contextmanager
def image_server(
    directory: Path,
    faults: Faults | None = None,
    *,
    chain: tuple[Path, Path] | None = None,
    port: int = 0,
) -> Iterator[Server]:
    """Serve the files below `directory`; `chain`: certificate and key (PEM) for https."""
    server = Server(url="", faults=faults or Faults())

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            """Nothing: tests look at `asked` and `sent`."""

        def do_GET(self) -> None:
            faults = server.faults
            path = directory / self.path.lstrip("/")
            if faults.lead_to:
                self._head(302, 0, Location=faults.lead_to + self.path)
            elif not path.is_file():
                self._head(404, 0)
            elif path.suffix == ".zst":
                self._data(path, faults)
            else:
                self._head(200, path.stat().st_size)
                self.wfile.write(path.read_bytes())

        def _head(self, status: int, length: int, **headers: str) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(length))
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()

        def _data(self, path: Path, faults: Faults) -> None:
            total = path.stat().st_size + faults.more_bytes
            found = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
            begin, end = (int(found[1]), int(found[2]) + 1) if found else (0, total)
            probe = (begin, end) == (0, 1)
            if not probe:
                server.asked.append((begin, end))
                if faults.status:
                    self._head(faults.status.pop(0), 0)
                    return
            if faults.ranges and found:
                self._head(206, end - begin, Content_Range=f"bytes {begin}-{end - 1}/{total}")
            else:
                begin, end = 0, total
                self._head(200, total)
            if probe:
                self.wfile.write(b"?")
                return
            stop = begin + faults.cuts.pop(0) if faults.cuts else end
            with path.open("rb") as stream:
                stream.seek(begin)
                while piece := stream.read(min(PIECE, end - begin, stop - begin)):
                    self.wfile.write(_flipped(piece, begin, faults.flip))
                    begin += len(piece)
                    server.sent += len(piece)
                    if server.stop.wait(faults.piece_s):
                        break
            self.close_connection = begin < end

    class Quiet(http.server.ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """Clients of these tests go away in the middle."""

    listener = Quiet(("127.0.0.1", port), Handler)
    if chain is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*chain)
        listener.socket = context.wrap_socket(listener.socket, server_side=True)
    server.url = f"{'https' if chain else 'http'}://127.0.0.1:{listener.server_address[1]}"
    thread = threading.Thread(target=listener.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield server
    finally:
        server.stop.set()
        listener.shutdown()
        listener.server_close()
        thread.join()


def _flipped(piece: bytes, begin: int, flip: int | None) -> bytes:
    if flip is None or not begin <= flip < begin + len(piece):
        return piece
    at = flip - begin
    return piece[:at] + bytes([piece[at] ^ 0xFF]) + piece[at + 1 :]


def private_ca(directory: Path, *, begins: datetime | None = None) -> tuple[str, tuple[Path, Path]]:
    """An authority of our own (PEM), and certificate and key of a server on 127.0.0.1 by it."""
    import ipaddress

    begins = begins or datetime.now(UTC) - timedelta(days=1)
    ends = begins + timedelta(days=30)
    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test CA")])
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    usage = x509.KeyUsage(
        **{
            one: one in ("digital_signature", "key_cert_sign")
            for one in (
                *("digital_signature", "content_commitment", "key_encipherment"),
                *("data_encipherment", "key_agreement", "key_cert_sign", "crl_sign"),
                *("encipher_only", "decipher_only"),
            )
        }
    )

    def signed(subject: x509.Name, public: ec.EllipticCurvePublicKey, ca: bool) -> bytes:
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(root_name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(begins)
            .not_valid_after(ends)
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()),
                critical=False,
            )
        )
        if ca:
            builder = builder.add_extension(usage, critical=True)
        else:
            address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
            builder = builder.add_extension(x509.SubjectAlternativeName([address]), critical=False)
        return builder.sign(root_key, hashes.SHA256()).public_bytes(Encoding.PEM)

    certificate, private = directory / "server.pem", directory / "server-key.pem"
    certificate.write_bytes(signed(name, key.public_key(), False))
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return signed(root_name, root_key.public_key(), True).decode(), (certificate, private)
