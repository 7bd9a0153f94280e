"""The ASGI application of the central server: routes, pages, problem documents, limits."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import FastAPI, Request
from fastapi.responses import Response
from sqlalchemy import text

from appliance import __version__
from appliance.central import api, pages, problems
from appliance.central.context import Context
from appliance.central.problems import Problem

# Everything but a statement is small; `api.body_of` has the statements' own limit.
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self' data:; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
}


def application(context: Context) -> FastAPI:
    """The application on an opened home and database."""
    # The interactive documentation would load scripts from a CDN; /openapi.json is enough.
    app = FastAPI(
        title="Tajdeed central server", version=__version__, docs_url=None, redoc_url=None
    )
    app.state.context = context
    problems.install(app)
    app.include_router(api.router)
    app.include_router(pages.router)

    @app.middleware("http")
    async def _guarded(
        request: Request, call_next: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        declared = request.headers.get("content-length", "0")
        if not request.url.path.endswith("/statements"):
            chunked = "chunked" in request.headers.get("transfer-encoding", "").lower()
            if chunked or not declared.isdigit() or int(declared) > api.MAX_SMALL:
                return problems.document(413, "body-too-large", "")
        response = await call_next(request)
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    @app.get("/healthz")
    def healthz(request: Request) -> dict[str, str]:
        """Whether the database answers."""
        try:
            with Context.of(request).database.session() as session:
                session.execute(text("SELECT 1"))
        except Exception as error:
            raise Problem(503, "database-down") from error
        return {"status": "ok", "version": __version__}

    return app
