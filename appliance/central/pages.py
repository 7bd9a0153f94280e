"""Pages for people: search, a machine, a statement, the stations. They show and change nothing.

Language by `?lang=`, else by the browser. Whatever a machine or a stranger wrote is escaped
by the templates and isolated in Arabic lines.
"""

from __future__ import annotations

import functools
import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import jinja2
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from appliance.central import statements, stations
from appliance.central.context import Context
from appliance.central.database import StatementRow, StationRow
from appliance.central.problems import Problem
from appliance.central.words import DOMAIN
from appliance.errors import TrustError
from appliance.i18n import N_, Translator, translator
from appliance.statement import verify
from appliance.statement.paper import words
from appliance.statement.strict_json import printable
from appliance.statement.trust import Standing

HERE = Path(__file__).parent

TYPES = {
    "machine": N_("certificate"),
    "drive": N_("drive erasure"),
    "deployment": N_("image laid down"),
    "batch-ticket": N_("batch ticket"),
}
STATES = {"registered": N_("registered"), "held": N_("held")}
REASONS = {
    "station-unknown": N_("the office has not accepted its station yet"),
    "station-revoked": N_("its station is revoked"),
    "station-other-key": N_("its key is not its station's"),
    "certificate-expired": N_("its station's certificate had expired"),
}
STATUSES = {
    "pending": N_("not accepted yet"),
    "accepted": N_("accepted"),
    "revoked": N_("revoked"),
}
FINDINGS = {"fork": N_("two statements claim this place: a cloned stick?"), "gap": N_("missing")}

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """How a kept statement verifies right now."""

    good: bool
    text: str


@router.get("/", response_class=HTMLResponse)
def index(request: Request) -> Response:
    """Search, and the newest certificates."""
    asked = {name: str(printable(value))[:400] for name, value in request.query_params.items()}
    number = asked.get("page", "1")
    query = statements.Query(
        q=asked.get("q", ""),
        outcome=asked.get("outcome", ""),
        type="" if asked.get("type") == "any" else asked.get("type", "machine"),
        station=asked.get("station", ""),
        page=min(int(number), 100_000) if number.isdigit() and int(number) else 1,
    )
    with Context.of(request).database.session() as session:
        found = statements.search(session, query)
    kept = {name: asked[name] for name in ("q", "outcome", "type", "station") if asked.get(name)}
    return _page(
        request, "index.html", found=found, query=query, outcomes=words.OUTCOMES,
        link=lambda page: "?" + urlencode({**kept, "page": page, **_lang(request)}),
    )  # fmt: skip


@router.get("/statements/{statement_id}", response_class=HTMLResponse)
def statement(request: Request, statement_id: str) -> Response:
    """One statement; a machine's certificate shows its whole job."""
    context = Context.of(request)
    with context.database.session() as session:
        row = _row(session, statement_id)
        job = statements.of_job(session, row.station, row.job)
        station = session.get(StationRow, row.station)
        found = [
            finding
            for finding in stations.findings(session, row.station)
            if any(finding.seq <= item.seq + 1 and item.seq <= finding.last + 1 for item in job)
        ]
    payload = statements.payload(row)
    return _page(
        request,
        "statement.html",
        row=row,
        payload=payload,
        body=payload["body"],
        related=[item for item in job if item.id != row.id],
        station=station,
        findings=found,
        judged=_judged(request, row),
        pretty=json.dumps(payload, ensure_ascii=False, indent=2),
    )


@router.get("/machines/{serial}", response_class=HTMLResponse)
def machine(request: Request, serial: str) -> Response:
    """The certificate of the machine with this serial number or asset tag."""
    with Context.of(request).database.session() as session:
        row = statements.of_machine(session, str(printable(serial)))
    if row is None:
        raise Problem(404, "machine-unknown")
    suffix = "?" + urlencode(_lang(request)) if _lang(request) else ""
    return RedirectResponse(f"/statements/{row.id}{suffix}", status_code=303)


@router.get("/stations", response_class=HTMLResponse)
def all_stations(request: Request) -> Response:
    """Every station, with forks and gaps of its chain."""
    with Context.of(request).database.session() as session:
        rows = stations.listed(session)
        # Of a station that nobody has accepted the chain is nobody's, and there may be thousands.
        known = [row.id for row in rows if row.status != stations.PENDING]
        found = defaultdict(tuple, {key: stations.findings(session, key) for key in known})
    return _page(request, "stations.html", rows=rows, findings=found)


@router.get("/style.css")
def style() -> Response:
    return PlainTextResponse((HERE / "style.css").read_text(), media_type="text/css")


def _row(session: Session, statement_id: str) -> StatementRow:
    row = session.get(StatementRow, str(printable(statement_id)))
    if row is None:
        raise Problem(404, "statement-unknown")
    return row


def _judged(request: Request, row: StatementRow) -> Judged:
    """Verify the kept bytes again, as anybody could."""
    say = translator(_language(request), DOMAIN)
    unvouched = Judged(
        good=False, text=say(N_("consistent, but nobody here vouches for its signer"))
    )
    if not statements.vouched(row):
        return unvouched
    try:
        verified = verify.statement(
            row.data, Context.of(request).home.trust, receipt_data=row.receipt, at=datetime.now(UTC)
        )
    except TrustError:
        return Judged(good=False, text=say(N_("NOT GENUINE: the kept bytes do not verify")))
    if verified.standing is Standing.TRUSTED:
        return Judged(good=True, text=say(N_("signature and chain verified just now")))
    return unvouched


def _language(request: Request) -> str:
    asked = request.query_params.get("lang", "")
    if asked in ("ar", "en"):
        return asked
    accepted = request.headers.get("accept-language", "").lower()
    return "en" if accepted.startswith("en") else "ar"


def _lang(request: Request) -> dict[str, str]:
    asked = request.query_params.get("lang", "")
    return {"lang": asked} if asked in ("ar", "en") else {}


def _page(request: Request, template: str, **facts: Any) -> HTMLResponse:
    language = _language(request)
    other = "en" if language == "ar" else "ar"
    asked = {name: str(printable(value))[:400] for name, value in request.query_params.items()}
    text = _environment(language).get_template(template).render(
        lang=language,
        direction="rtl" if language == "ar" else "ltr",
        other="?" + urlencode({**asked, "lang": other}),
        keep="?" + urlencode(_lang(request)) if _lang(request) else "",
        **facts,
    )  # fmt: skip
    return HTMLResponse(text)


@functools.cache
def _environment(language: str) -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    say = translator(language, DOMAIN)
    paper = translator(language, words.DOMAIN)
    environment.globals.update(
        _=say,
        type_word=lambda code: _word(say, TYPES, code),
        state_word=lambda code: _word(say, STATES, code),
        held_because=lambda code: _word(say, REASONS, code),
        status_word=lambda code: _word(say, STATUSES, code),
        finding_word=lambda code: _word(say, FINDINGS, code),
        outcome_word=lambda code: _word(paper, words.OUTCOMES, code),
        technique_word=lambda code: _word(paper, words.TECHNIQUES, code),
        level_word=functools.partial(_level, language),
        vouched=statements.vouched,
        reason_word=lambda record: getattr(words.reason(record), language),
    )
    environment.filters.update(size=words.size, clock=_clock)
    return environment


def _level(language: str, code: str) -> str:
    """The level's word; the English one always beside the Arabic, for it is the standard's."""
    both = words.word(words.LEVELS, code)
    if language == "ar" and code != "none":
        return f"{both.ar} {words.ltr(both.en)}"
    return str(getattr(both, language))


def _clock(text: str) -> str:
    return words.clock_time(text) if text else "–"


def _word(say: Translator, table: dict[str, str], code: str) -> str:
    return say(table[code]) if code in table else code
