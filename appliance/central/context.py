"""What every request of the server needs: its home, its database, its own address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from fastapi import Request

from appliance.central.database import Database
from appliance.central.home import Home


@dataclass(frozen=True, slots=True)
class Context:
    """Opened once at the start; `url` is the address that people and receipts are given."""

    home: Home
    database: Database
    url: str

    @classmethod
    def of(cls, request: Request) -> Context:
        return cast(Context, request.app.state.context)

    def page(self, statement_id: str) -> str:
        """The address of a statement's page."""
        return f"{self.url}/statements/{statement_id}"
