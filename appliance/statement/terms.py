"""What a batch ticket allows, and the draft of one; `appliance.statement.ticket` judges them."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.model import Bus
from appliance.statement.build import draft
from appliance.statement.document import Draft


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketTerms:
    """What a batch ticket allows. Patterns are shell globs on DMI maker, model and serial."""

    lot: str
    technician: str
    machines: tuple[tuple[str, str], ...]
    buses: tuple[Bus, ...]
    expires_at: str
    count: int
    min_bytes: int = 0
    max_bytes: int = 1 << 60
    serials: tuple[str, ...] = ("*",)
    note: str = ""


def build_ticket(terms: TicketTerms, *, job: str, log_head: str = "") -> Draft:
    """The draft of a batch ticket."""
    body = {
        "lot": terms.lot,
        "technician": terms.technician,
        "machines": [{"maker": maker, "model": model} for maker, model in terms.machines],
        "drives": {
            "buses": [bus.value for bus in terms.buses],
            "min_bytes": terms.min_bytes,
            "max_bytes": terms.max_bytes,
            "serials": list(terms.serials),
        },
        "count": terms.count,
        "expires_at": terms.expires_at,
        "note": terms.note,
    }
    return draft("batch-ticket", job, log_head, body)
