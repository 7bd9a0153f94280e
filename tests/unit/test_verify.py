"""`tajdeed verify`: exit codes and what it prints, for every kind of file that people keep."""

from __future__ import annotations

import argparse
import json
import re
import zlib
from pathlib import Path
from typing import Any

import pytest

from appliance import i18n
from appliance.statement import jws, render, strict_json, verify, verify_command
from appliance.statement.document import Statement
from tests.unit.office import Office, now


@pytest.fixture(autouse=True)
def english() -> None:
    i18n.use("en")


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path / "office")


@pytest.fixture
def certificate(office: Office) -> Statement:
    return office.certificate()


def ask(file: Path, trust: Path, *words: str) -> int:
    parser = argparse.ArgumentParser()
    verify_command.add_arguments(parser)
    return verify_command.run(parser.parse_args([str(file), "--trust", str(trust), *words]))


def kept(tmp_path: Path, data: bytes, name: str = "statement.jws") -> Path:
    file = tmp_path / name
    file.write_bytes(data)
    return file


def receipt_of(office: Office, certificate: Statement) -> bytes:
    verified = verify.statement(certificate.data, office.trust)
    stamp = now().strftime("%Y-%m-%dT%H:%M:%SZ")
    payload = {
        "schema": "tajdeed/1",
        "type": "receipt",
        "server": "central",
        "url": "",
        "statement": certificate.id,
        "station": certificate.payload["station"],
        "key": verified.key_digest,
        "received_at": stamp,
        "registered_at": stamp,
    }
    return jws.sign(
        strict_json.dumps(payload),
        typ=jws.RECEIPT,
        key=office.server_key,
        chain=office.server_chain,
    )


def test_a_genuine_certificate(
    office: Office, certificate: Statement, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ask(kept(tmp_path, certificate.data), office.trust_dir) == 0
    said = capsys.readouterr().out
    for fact in ("GENUINE", "7XK2PM2", "CLEARED", certificate.id, "S3Z1NB0K123456"):
        assert fact in said


def test_for_each_byte_of_a_statement_changed_none_is_genuine(
    office: Office, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = office.drive_statement().data
    file = tmp_path / "changed.jws"
    for position in range(len(data)):
        changed = bytearray(data)
        changed[position] ^= 0x01
        file.write_bytes(changed)
        assert ask(file, office.trust_dir) in (1, 2), position
    capsys.readouterr()


def test_exit_codes(office: Office, certificate: Statement, tmp_path: Path) -> None:
    impostor = Office(tmp_path / "impostor").certificate()
    stranger = Office(tmp_path / "stranger", "Stranger").certificate()
    (tmp_path / "empty").mkdir()
    for data, trust, code in (
        (certificate.data, office.trust_dir, 0),
        (impostor.data, office.trust_dir, 1),
        (stranger.data, office.trust_dir, 3),
        (certificate.data, tmp_path / "empty", 3),
        (certificate.data, tmp_path / "missing", 3),
        (b"hello", office.trust_dir, 2),
        (b"", office.trust_dir, 2),
        (b"{}", office.trust_dir, 2),
        (b"%PDF-1.7\n", office.trust_dir, 2),
    ):
        assert ask(kept(tmp_path, data), trust) == code
    assert ask(tmp_path / "not-there.jws", office.trust_dir) == 2


def test_half_a_trust_store_is_an_error_and_no_verdict(
    office: Office, certificate: Statement, tmp_path: Path
) -> None:
    (office.trust_dir / "broken.pem").write_text("-----BEGIN CERTIFICATE-----\nAAAA\n")
    assert ask(kept(tmp_path, certificate.data), office.trust_dir) == 2


def test_machine_readable_answers(
    office: Office, certificate: Statement, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ask(kept(tmp_path, certificate.data), office.trust_dir, "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["verdict"], said["grade"], said["id"]) == ("genuine", "signed", certificate.id)
    assert ask(kept(tmp_path, b"x.y.z"), office.trust_dir, "--json") == 2
    said = json.loads(capsys.readouterr().out)
    assert said["verdict"] == "unreadable"
    assert set(said["problems"][0]["text"]) == {"ar", "en"}


def test_a_receipt_raises_the_grade(
    office: Office, certificate: Statement, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    proof = kept(tmp_path, receipt_of(office, certificate), "receipt.jws")
    file = kept(tmp_path, certificate.data)
    assert ask(file, office.trust_dir, "--receipt", str(proof), "--json") == 0
    assert json.loads(capsys.readouterr().out)["grade"] == "registered"
    other = kept(tmp_path, office.drive_statement().data, "other.jws")
    assert ask(other, office.trust_dir, "--receipt", str(proof)) == 1


# --- reading copies ----------------------------------------------------------------------------


def test_the_json_copy_is_judged_by_the_statement_in_it(
    office: Office, certificate: Statement, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = render.reading_copy(certificate.data, receipt_of(office, certificate))
    assert ask(kept(tmp_path, copy, "copy.json"), office.trust_dir) == 0
    altered = copy.replace(b"7XK2PM2", b"ALTERED")
    capsys.readouterr()
    assert ask(kept(tmp_path, altered, "copy.json"), office.trust_dir) == 0
    said = capsys.readouterr().out
    assert "7XK2PM2" in said
    assert "ALTERED" not in said
    without = json.loads(copy)
    del without["jws"]
    assert ask(kept(tmp_path, json.dumps(without).encode(), "copy.json"), office.trust_dir) == 2


@pytest.fixture(scope="module")
def pdf(tmp_path_factory: pytest.TempPathFactory) -> tuple[Office, Statement, bytes]:
    office = Office(tmp_path_factory.mktemp("pdf"))
    certificate = office.certificate()
    receipt = receipt_of(office, certificate)
    return (
        office,
        certificate,
        render.pdf(certificate.data, url="https://c.example/x", receipt=receipt),
    )


def test_a_pdf_is_judged_by_the_statement_in_it(
    pdf: tuple[Office, Statement, bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    office, certificate, page = pdf
    assert ask(kept(tmp_path, page, "c.pdf"), office.trust_dir) == 0
    said = capsys.readouterr().out
    assert "The page of a PDF is not signed" in said
    assert certificate.id in said
    assert "Registered" in said


def test_a_pdf_whose_page_text_was_altered_gives_the_statements_verdict(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from appliance.model import Outcome

    office = Office(tmp_path / "office")
    failed = office.drive_statement(outcome=Outcome.FAILED)
    cleared = office.drive_statement()
    # The forger takes the page of a good drive and leaves the bad drive's statement inside.
    forged = _with_attachment(render.pdf(cleared.data), failed.data)
    assert ask(kept(tmp_path, forged, "forged.pdf"), office.trust_dir) == 0
    said = capsys.readouterr().out
    assert "FAILED" in said
    assert "CLEARED" not in said
    assert failed.id in said


def test_a_pdf_with_two_statements_is_refused(
    pdf: tuple[Office, Statement, bytes], tmp_path: Path
) -> None:
    office, _, page = pdf
    second = office.drive_statement()
    extra = zlib.compress(second.data)
    stuffed = (
        page
        + b"\n99 0 obj\n<</Type /EmbeddedFile /Filter /FlateDecode /Length %d>>\nstream\n"
        % len(extra)
    )
    stuffed += extra + b"\nendstream\nendobj\n"
    assert ask(kept(tmp_path, stuffed, "two.pdf"), office.trust_dir) == 1


@pytest.mark.parametrize("cut", [0.1, 0.5, 0.9])
def test_a_damaged_pdf_is_never_genuine_with_other_content(
    pdf: tuple[Office, Statement, bytes], tmp_path: Path, cut: float
) -> None:
    office, _, page = pdf
    assert ask(kept(tmp_path, page[: int(len(page) * cut)], "cut.pdf"), office.trust_dir) in (0, 2)
    garbled = bytearray(page)
    for match in re.finditer(rb"stream\r?\n", page):
        garbled[match.end() + 5] ^= 0x55
    assert ask(kept(tmp_path, bytes(garbled), "garbled.pdf"), office.trust_dir) in (1, 2)


def test_the_pdf_is_pdf_a_3b_with_the_statement_as_associated_file(
    pdf: tuple[Office, Statement, bytes],
) -> None:
    import io

    import pypdf

    _, certificate, page = pdf
    reader = pypdf.PdfReader(io.BytesIO(page))
    metadata: Any = reader.trailer["/Root"]["/Metadata"].get_object()  # type: ignore[index]
    xmp = metadata.get_data()
    assert b"<pdfaid:part>3</pdfaid:part>" in xmp.replace(
        b'pdfaid:part="3"', b"<pdfaid:part>3</pdfaid:part>"
    )
    attached = {name: files[0] for name, files in reader.attachments.items()}
    assert certificate.data in attached.values()
    associated: Any = reader.trailer["/Root"]["/AF"]  # type: ignore[index]
    relations = {item.get_object()["/AFRelationship"] for item in associated}
    assert relations == {"/Source", "/Supplement"}
    assert len(reader.pages) == 1


def _with_attachment(page: bytes, statement: bytes) -> bytes:
    """The PDF with its attached statement exchanged for another one."""
    from appliance.statement import evidence

    for match in evidence._STREAM.finditer(page):
        inflater = zlib.decompressobj()
        content = inflater.decompress(page[match.end() :])
        if content.count(b".") == 2:
            used = len(page[match.end() :]) - len(inflater.unused_data)
            return page[: match.end()] + zlib.compress(statement) + page[match.end() + used :]
    raise AssertionError("no attachment")
