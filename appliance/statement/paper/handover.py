"""What stands on the handover sheet, the A5 page that goes home with the machine: plain data.

In Arabic, from a deployment statement and what the organisation says about itself; nothing on
it is a proof. What is not known leaves no line behind: no number to call, no warranty.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from appliance.i18n import N_
from appliance.statement.paper.words import both, clock_time, free, ltr

FIRST_STEPS = (
    N_("Connect the power, the screen, the keyboard and the mouse, then press the power button."),
    N_("Choose language and Wi-Fi, then your name and a password. The hotspot of a phone will do."),
    N_("Write the password down and keep it at home: if you forget it, you cannot log in."),
    N_("On the desktop is all you need: bills, prices, orders, photos, e-mail, printing."),
    N_("Copy your files to a USB stick once a week with the “Backup” button on the desktop."),
    N_("Switch off with the power button on the bar; do not pull the plug."),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the statement does not hold: the organisation's own words, and the machine's name."""

    organisation: str = ""
    phone: str = ""
    hours: str = ""
    warranty: str = ""
    machine: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A label and its value, both ready to be set."""

    label: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """The whole page."""

    title: str
    organisation: str
    machine: tuple[Line, ...]
    steps_title: str
    steps: tuple[str, ...]
    help_title: str
    phone: str
    hours: str
    support: str
    warranty: Line | None
    erased: str
    signatures: tuple[str, ...]
    reference: str


def sheet(payload: dict[str, Any], statement_id: str, told: Told) -> Sheet:
    """The page of a deployment statement."""
    body = payload["body"]
    image = body["image"]
    machine = (
        (N_("The machine"), free(told.machine) if told.machine else ""),
        (N_("Asset tag"), ltr(body["asset_tag"]) if body["asset_tag"] else ""),
        (N_("Its name in the network"), ltr(body["hostname"])),
        (N_("The system"), f"{free(image['title']['ar'])} {ltr(image['version'])}"),
        (N_("Made ready on"), ltr(clock_time(payload["issued_at"])[:10])),
    )
    return Sheet(
        title=both(N_("Welcome to your computer")).ar,
        organisation=told.organisation,
        machine=tuple(Line(label=both(label).ar, value=value) for label, value in machine if value),
        steps_title=both(N_("The first steps")).ar,
        steps=tuple(both(step).ar for step in FIRST_STEPS),
        help_title=both(N_("If you need help, call")).ar,
        phone=told.phone,
        hours=told.hours,
        support=both(
            N_("It gets security updates by itself until {until}."),
            until=_day(image["support_until"]),
        ).ar,
        warranty=Line(label=both(N_("Warranty")).ar, value=told.warranty)
        if told.warranty
        else None,
        erased=both(
            N_("The former owner's data were erased from this machine before it was made ready.")
        ).ar,
        signatures=tuple(
            both(text).ar for text in (N_("Received by"), N_("Signature"), N_("Date"))
        ),
        reference=statement_id[:16],
    )


def _day(moment: str) -> str:
    """The day of a support end, as 2030-06-30."""
    return date.fromisoformat(moment[:10]).isoformat()
