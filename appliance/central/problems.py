"""Problem documents (RFC 9457): what a refused request hears, in one form everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

MEDIA_TYPE = "application/problem+json"


class Problem(Exception):
    """Ends a request with a problem document."""

    def __init__(self, status: int, code: str, detail: str = "", **facts: object) -> None:
        self.status, self.code, self.detail, self.facts = status, code, detail, facts
        super().__init__(f"{status} {code}")


def document(
    status: int, code: str, detail: str, facts: Mapping[str, object] | None = None
) -> JSONResponse:
    """The response of a problem; `code` is stable and becomes the `type` URN."""
    return JSONResponse(
        {
            "type": f"urn:tajdeed:problem:{code}",
            "title": HTTPStatus(status).phrase,
            "status": status,
            "detail": detail,
            "code": code,
            **({"facts": dict(facts)} if facts else {}),
        },
        status_code=status,
        media_type=MEDIA_TYPE,
    )


def install(app: FastAPI) -> None:
    """Let every error of the application end as a problem document."""

    @app.exception_handler(Problem)
    def _problem(_request: Request, error: Problem) -> Response:
        return document(error.status, error.code, error.detail, error.facts)

    @app.exception_handler(HTTPException)
    def _http(_request: Request, error: HTTPException) -> Response:
        return document(error.status_code, "http", str(error.detail))

    @app.exception_handler(RequestValidationError)
    def _validation(_request: Request, error: RequestValidationError) -> Response:
        places = "; ".join(
            f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors()[:5]
        )
        return document(422, "request-bad-form", places[:500])

    @app.exception_handler(Exception)
    def _defect(_request: Request, _error: Exception) -> Response:
        return document(500, "defect", "The server has a defect; the request may be repeated.")
