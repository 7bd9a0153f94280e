"""Reading copies: a bilingual PDF/A-3b with the signed statement inside it, and JSON.

The page is for people and is not signed; the `.jws` embedded in it is the document, and
`tajdeed verify` reads only that. WeasyPrint, because Debian packages it (Typst's wheel alone
is 84 MB unpacked); it is imported only when a page is made, for it is slow to load.
"""

from __future__ import annotations

import json
import mimetypes
import warnings
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from appliance.errors import TajdeedError
from appliance.statement import jws, strict_json
from appliance.statement.document import payload_id

if TYPE_CHECKING:
    import jinja2

    from appliance.statement.paper.handover import Told

TEMPLATES = Path(__file__).parent / "paper"
ON_PAPER = ("machine", "drive", "deployment")


class NotOnPaper(TajdeedError):
    """There is no page for this type of statement."""


def reading_copy(statement: bytes, receipt: bytes | None = None) -> bytes:
    """The `.json` copy: the payload to read, and the signed bytes that prove it."""
    copy = {
        "id": payload_id(_payload_bytes(statement)),
        "note": "A reading copy. Only `jws` is signed: check it with `tajdeed verify`.",
        "statement": _payload(statement),
        "receipt": _payload(receipt) if receipt else None,
        "jws": statement.decode("ascii"),
        "receipt_jws": receipt.decode("ascii") if receipt else "",
    }
    return json.dumps(copy, ensure_ascii=False, indent=2).encode() + b"\n"


def pdf(statement: bytes, *, url: str = "", receipt: bytes | None = None) -> bytes:
    """The page of a statement that was signed or verified before; NotOnPaper for other types.

    `url` is the central server's address; the QR code leads to the statement's page there, or
    names the id where there is no server.
    """
    import weasyprint

    page_html = html(statement, url=url, receipt=receipt)
    issued = datetime.fromisoformat(_payload(statement)["issued_at"])
    statement_id = payload_id(_payload_bytes(statement))
    # As WeasyPrint guesses types from names; and names, from 62 (Debian 13) on, from base URLs.
    mimetypes.add_type("application/jose", ".jws")
    files = [
        weasyprint.Attachment(
            string=data,
            base_url=f"statement:/{statement_id[:16]}{suffix}",
            description=description,
            created=issued,
            modified=issued,
            relationship=relationship,
        )
        for data, suffix, description, relationship in (
            (statement, ".jws", "The signed statement", "Source"),
            (receipt, ".receipt.jws", "The central server's receipt", "Supplement"),
        )
        if data
    ]
    # The page names no URL at all, and its values are escaped: nothing is ever fetched.
    document = weasyprint.HTML(string=page_html).render()
    document.metadata.attachments = files
    with warnings.catch_warnings():
        # WeasyPrint 70 leaves its colour profile's file to the garbage collector.
        warnings.simplefilter("ignore", ResourceWarning)
        made = document.write_pdf(pdf_variant="pdf/a-3b", pdf_identifier=statement_id[:32].encode())
    return bytes(made)


def handover(statement: bytes, told: Told) -> bytes:
    """The handover sheet of a machine, an A5 page in Arabic, from its deployment statement.

    NotOnPaper for other types. It proves nothing and holds no statement: it goes to the family.
    """
    import weasyprint

    made = weasyprint.HTML(string=handover_html(statement, told)).write_pdf()
    return bytes(made)


def handover_html(statement: bytes, told: Told) -> str:
    """The handover sheet as HTML, before it becomes a PDF."""
    from appliance.statement.paper.handover import sheet

    payload = _payload(statement)
    if payload["type"] != "deployment":
        raise NotOnPaper("not-on-paper", type=str(payload["type"]))
    return (
        _environment()
        .get_template("handover.html")
        .render(
            sheet=sheet(payload, payload_id(_payload_bytes(statement)), told),
            style=(TEMPLATES / "handover.css").read_text(),
        )
    )


def html(statement: bytes, *, url: str = "", receipt: bytes | None = None) -> str:
    """The page as HTML, before it becomes a PDF."""
    from appliance.statement.paper.page import page

    payload = _payload(statement)
    if payload["type"] not in ON_PAPER:
        raise NotOnPaper("not-on-paper", type=str(payload["type"]))
    statement_id = payload_id(_payload_bytes(statement))
    shown_at = f"{url.rstrip('/')}/statements/{statement_id}" if url else ""
    return (
        _environment()
        .get_template("page.html")
        .render(
            page=page(payload, statement_id, _payload(receipt) if receipt else None),
            style=(TEMPLATES / "page.css").read_text(),
            qr=_qr(shown_at or f"urn:sha256:{statement_id}"),
            url=shown_at,
        )
    )


def _environment() -> jinja2.Environment:
    import jinja2

    from appliance.statement.paper import words

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined
    )
    environment.globals.update(both=words.both)
    environment.filters.update(ltr=words.ltr, free=words.free)
    return environment


def _qr(content: str) -> str:
    import segno

    return str(segno.make(content, error="m").svg_inline(omitsize=True, border=0))


def _payload_bytes(data: bytes) -> bytes:
    return jws.decoded(data.split(b".")[1])


def _payload(data: bytes) -> dict[str, Any]:
    value: dict[str, Any] = strict_json.loads(_payload_bytes(data))
    return value
