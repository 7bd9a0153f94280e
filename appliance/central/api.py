"""The server's HTTP interface, version 1: thin routes over statements and stations.

A statement that is consistent is never dropped: 201 new, 200 known, 202 kept for the office
to decide, 422 when it is no statement. All refusals are RFC 9457 problem documents.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from appliance import texts
from appliance.central import statements, stations, strangers
from appliance.central.context import Context
from appliance.central.database import HELD, StatementRow
from appliance.central.problems import Problem
from appliance.errors import TajdeedError, TrustError
from appliance.statement import jws, keys, render, strict_json

JOSE = "application/jose"
MAX_SMALL = 64 << 10
ID = r"^[0-9a-f]{64}$"

router = APIRouter(prefix="/api/v1")


class Listed(BaseModel):
    """A statement as the search shows it."""

    id: str
    type: str
    station: str
    job: str
    state: str
    reason: str
    outcome: str
    title: str
    serial: str
    asset_tag: str
    issued_at: str
    received_at: str


class Page(BaseModel):
    """One page of search results."""

    total: int
    page: int
    pages: int
    statements: list[Listed]


class Enrolment(BaseModel):
    """A station's wish for a certificate: PKCS #10 request in PEM, and a one-time token."""

    model_config = ConfigDict(extra="forbid")
    csr: str = Field(max_length=8000)
    token: str = Field(default="", max_length=200)


class Heartbeat(BaseModel):
    """What a station says about itself; nobody relies on it."""

    model_config = ConfigDict(extra="forbid")
    station: str = Field(pattern=r"^[0-9a-f]{20}$")
    sent_at: str = Field(max_length=40)
    waiting: int = Field(ge=0, le=10**9)
    registered: int = Field(ge=0, le=10**9)


async def body_of(request: Request, limit: int) -> bytes:
    """The request's body, read only up to the limit; 413 beyond it."""
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limit:
        raise Problem(413, "body-too-large", limit=limit)
    parts, length = [], 0
    try:
        async for part in request.stream():
            length += len(part)
            if length > limit:
                raise Problem(413, "body-too-large", limit=limit)
            parts.append(part)
    except ClientDisconnect as error:
        # Nobody hears it; but it is no defect of the server, whose log would say so.
        raise Problem(400, "body-cut-off") from error
    return b"".join(parts)


def _media_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


@router.post(
    "/statements",
    status_code=201,
    responses={200: {}, 202: {}, 413: {}, 415: {}, 422: {}, 429: {}},
    openapi_extra={"requestBody": {"required": True, "content": {JOSE: {}}}},
)
async def post_statement(request: Request) -> JSONResponse:
    """Send a statement (compact JWS). 201 registered now, 200 known, 202 kept, undecided.

    429 `unaccepted-too-large`, `unaccepted-too-many`: more than is kept of a station that the
    office has not accepted; it may be sent again when the office has.
    """
    if _media_type(request) != JOSE:
        raise Problem(415, "wrong-content-type", f"send {JOSE}")
    data = await body_of(request, jws.MAX_BYTES)
    context = Context.of(request)
    try:
        taken = await run_in_threadpool(
            statements.take, context.database, context.home, data, context.url, _sender(request)
        )
    except TrustError as error:
        raise _refused(422, error) from error
    except strangers.NotKept as error:
        raise _refused(429, error) from error
    row = taken.row
    answer: dict[str, Any] = {"id": row.id, "state": row.state, "url": context.page(row.id)}
    if row.state == HELD:
        return JSONResponse({**answer, "reason": row.reason}, status_code=202)
    answer["receipt"] = (row.receipt or b"").decode()
    return JSONResponse(answer, status_code=201 if taken.new else 200)


@router.get("/statements", response_model=Page)
def search(
    request: Request,
    q: Annotated[str, Query(max_length=400)] = "",
    serial: Annotated[str, Query(max_length=400)] = "",
    asset_tag: Annotated[str, Query(max_length=400)] = "",
    outcome: Annotated[str, Query(max_length=20)] = "",
    type: Annotated[str, Query(max_length=20)] = "",
    station: Annotated[str, Query(max_length=80)] = "",
    job: Annotated[str, Query(max_length=100)] = "",
    since: Annotated[str, Query(pattern=r"^(\d{4}-\d\d-\d\d)?$")] = "",
    until: Annotated[str, Query(pattern=r"^(\d{4}-\d\d-\d\d)?$")] = "",
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
    per_page: Annotated[int, Query(ge=1, le=200)] = statements.PAGE,
) -> Page:
    """Search statements, newest first; `q` looks into serials, tags, models, jobs, lots."""
    query = statements.Query(
        q=printable(q),
        serial=printable(serial),
        asset_tag=printable(asset_tag),
        outcome=printable(outcome),
        type=printable(type),
        station=printable(station),
        job=printable(job),
        since=since,
        until=until,
        page=page,
        per_page=per_page,
    )
    with Context.of(request).database.session() as session:
        found = statements.search(session, query)
        listed = [
            Listed(**{name: getattr(row, name) for name in Listed.model_fields})
            for row in found.rows
        ]
    return Page(total=found.total, page=found.page, pages=found.pages, statements=listed)


@router.get("/statements/{name}", response_class=Response)
def get_statement(request: Request, name: str) -> Response:
    """A statement: `.jws` the document, `.json` and `.pdf` reading copies (or by Accept)."""
    statement_id, suffix = _suffix(request, name)
    context = Context.of(request)
    with context.database.session() as session:
        row = _row(session.get(StatementRow, statement_id))
    headers = {"X-Tajdeed-State": row.state, "Cache-Control": "no-cache"}
    if suffix == ".jws":
        return Response(row.data, media_type=JOSE, headers=headers)
    if suffix == ".json":
        copy = render.reading_copy(row.data, row.receipt)
        return Response(copy, media_type="application/json", headers=headers)
    if not statements.vouched(row):
        # A page with our QR code on it would pass for a certificate.
        raise Problem(409, "issuer-not-recognised", "no page: this proves nothing", state=row.state)
    headers["Content-Disposition"] = f'inline; filename="tajdeed-{row.id[:12]}.pdf"'
    try:
        page = render.pdf(row.data, url=context.url, receipt=row.receipt)
    except render.NotOnPaper as error:
        raise Problem(406, "not-on-paper", "there is no page for this type") from error
    return Response(page, media_type="application/pdf", headers=headers)


@router.get("/receipts/{name}", response_class=Response, responses={202: {}})
def get_receipt(request: Request, name: str) -> Response:
    """The receipt of a statement: 200 with the JWS; 202 while the office has not decided."""
    statement_id = name.removesuffix(".jws")
    with Context.of(request).database.session() as session:
        row = _row(session.get(StatementRow, printable(statement_id)))
    if row.receipt is None:
        return JSONResponse(
            {"id": row.id, "state": row.state, "reason": row.reason}, status_code=202
        )
    return Response(row.receipt, media_type=JOSE)


@router.post("/enrolments", status_code=201, responses={202: {}, 403: {}, 422: {}, 429: {}})
def post_enrolment(request: Request, wish: Enrolment) -> JSONResponse:
    """Ask for (or renew) a station's certificate. 202: the office has not decided yet; 429: too
    many wait for its decision, ask again later."""
    context = Context.of(request)
    try:
        public = keys.read_request(wish.csr.encode())
    except TajdeedError as error:
        raise Problem(422, error.code, str(error)[:300]) from error
    with context.database.session() as session:
        try:
            row, certificate = stations.enrol(session, context.home, public, wish.token)
        except strangers.NotKept as error:
            raise _refused(429, error) from error
        if certificate is not None:
            # What it signed before it was enrolled waits for exactly this decision.
            statements.register_held(session, context.home, row, context.url)
            return JSONResponse(
                {"station": row.id, "certificate": certificate.decode()}, status_code=201
            )
        if row.status == stations.REVOKED:
            raise Problem(403, "station-revoked", "the office has revoked this station")
        return JSONResponse({"station": row.id, "state": row.status}, status_code=202)


@router.post("/heartbeats", status_code=204, responses={404: {}, 422: {}})
def post_heartbeat(request: Request, beat: Heartbeat) -> Response:
    """A station says that it lives."""
    with Context.of(request).database.session() as session:
        if not stations.heartbeat(session, beat.station, beat.model_dump()):
            raise Problem(404, "station-unknown")
    return Response(status_code=204)


@router.get("/stations/{station}/findings")
def get_findings(request: Request, station: str) -> dict[str, Any]:
    """Forks (a cloned stick) and gaps (a statement that never came) in a station's chain."""
    with Context.of(request).database.session() as session:
        found = stations.findings(session, printable(station))
    return {
        "station": station,
        "findings": [{"kind": f.kind, "seq": f.seq, "last": f.last} for f in found],
    }


def printable(text: str) -> str:
    """Text without characters that a database refuses (PostgreSQL: NUL)."""
    value = strict_json.printable(text)
    return str(value)


_SUFFIXES = {JOSE: ".jws", "application/json": ".json", "application/pdf": ".pdf"}


def _suffix(request: Request, name: str) -> tuple[str, str]:
    for suffix in _SUFFIXES.values():
        if name.endswith(suffix):
            return printable(name.removesuffix(suffix)), suffix
    for part in request.headers.get("accept", "").split(","):
        suffix = _SUFFIXES.get(part.partition(";")[0].strip().lower(), "")
        if suffix:
            return printable(name), suffix
    return printable(name), ".json"


def _row(row: StatementRow | None) -> StatementRow:
    if row is None:
        raise Problem(404, "statement-unknown")
    return row


def _sender(request: Request) -> str:
    return strangers.sender(request.client.host if request.client else "")


def _refused(status: int, error: TajdeedError) -> Problem:
    words = texts.sentences(texts.short(error, "en"), texts.advice(error, "en"))
    return Problem(status, error.code, words[:500], **error.facts)
