"""`tajdeed enroll`: what the office decides about stations, and what it signs for sticks.

Works on the server's data directory and database, beside a running server: one-time tokens,
accepting and revoking stations, batch tickets, and the trust that is written onto sticks.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from appliance.central.home import DEFAULT_DIR, Home
from appliance.central.words import _
from appliance.errors import ConfigError
from appliance.model import Bus
from appliance.statement import durable, keys
from appliance.statement.terms import TicketTerms, build_ticket

if TYPE_CHECKING:
    from appliance.central.database import Database


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, default=DEFAULT_DIR, help=_("the server's directory"))
    parser.add_argument(
        "--organisation", default="Tajdeed", help=_("name of the CA, at the first start")
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")

    action = actions.add_parser("token", help=_("make a one-time token for a new stick"))
    action.add_argument("--days", type=int, default=30, help=_("days that it is good for"))
    action.add_argument("--note", default="", help=_("what it is for"))

    actions.add_parser("list", help=_("list the stations"))

    action = actions.add_parser("accept", help=_("accept a station and register what it sent"))
    action.add_argument("station", help=_("its id, or the beginning of it"))
    action.add_argument(
        "--revoked-too",
        action="store_true",
        help=_("also register what it sent while it was revoked"),
    )

    action = actions.add_parser("revoke", help=_("revoke a station"))
    action.add_argument("station", help=_("its id, or the beginning of it"))

    action = actions.add_parser("export-trust", help=_("write the CA certificate for sticks"))
    action.add_argument("directory", type=Path, help=_("where to write it"))

    action = actions.add_parser("office-ticket", help=_("sign a batch ticket"))
    action.add_argument("--out", type=Path, required=True, help=_("the ticket's file"))
    action.add_argument("--lot", required=True, help=_("the donor's lot"))
    action.add_argument("--technician", required=True, help=_("who answers for it"))
    action.add_argument(
        "--machine",
        action="append",
        required=True,
        metavar="MAKER/MODEL",
        help=_("patterns of the machines, such as 'Dell*/OptiPlex*'"),
    )
    action.add_argument("--bus", action="append", choices=[b.value for b in Bus if b != "unknown"])
    action.add_argument("--min-bytes", type=int, default=0)
    action.add_argument("--max-bytes", type=int, default=1 << 60)
    action.add_argument("--serial", action="append", metavar="PATTERN")
    action.add_argument("--count", type=int, required=True, help=_("how many machines"))
    action.add_argument("--days", type=float, default=7.0, help=_("days that it is good for"))
    action.add_argument("--note", default="")


def run(args: argparse.Namespace) -> int:
    """Do one action; ConfigError for bad input, and nothing is changed then."""
    return _ACTIONS[args.action](args)


def _token(args: argparse.Namespace) -> int:
    from appliance.central import stations

    if not 0 < args.days <= 3650:
        raise ConfigError("enroll-bad-number", name="--days", value=args.days)
    home = Home.create(args.data, args.organisation)
    with _database(home).session() as session:
        token = stations.new_token(session, timedelta(days=args.days), args.note)
    _say(token)
    return 0


def _list(args: argparse.Namespace) -> int:
    from appliance.central import stations

    with _database(Home.open(args.data)).session() as session:
        for row in stations.listed(session):
            found = stations.findings(session, row.id)
            marks = ", ".join(
                f"{f.kind} {f.seq}" + (f"-{f.last}" if f.last > f.seq else "") for f in found
            )
            _say(
                f"{row.id}  {row.status:<9} {row.first_seen}  {row.heard_at or '-':<20} "
                f"{marks}".rstrip()
            )
    return 0


def _accept(args: argparse.Namespace) -> int:
    from appliance.central import statements, stations

    home = Home.open(args.data)
    with _database(home).session() as session:
        row = stations.find(session, args.station)
        reasons = statements.UNDECIDED + (("station-revoked",) if args.revoked_too else ())
        count = statements.accept_station(session, home, row, "office", home.url, reasons)
        _say(json.dumps({"station": row.id, "status": row.status, "registered": count}))
    return 0


def _revoke(args: argparse.Namespace) -> int:
    from appliance.central import stations

    with _database(Home.open(args.data)).session() as session:
        row = stations.find(session, args.station)
        stations.decide(row, stations.REVOKED, "office")
        _say(json.dumps({"station": row.id, "status": row.status}))
    return 0


def _export_trust(args: argparse.Namespace) -> int:
    home = Home.create(args.data, args.organisation)
    args.directory.mkdir(parents=True, exist_ok=True)
    file = args.directory / "ca.pem"
    durable.write(file, keys.chain_pem([home.authority.certificate]), 0o644)
    _say(str(file))
    return 0


def _office_ticket(args: argparse.Namespace) -> int:
    if not 0 < args.days <= 400 or args.count < 1:
        raise ConfigError("enroll-bad-number", name="--days, --count", value=args.days)
    machines = [tuple(text.partition("/")[::2]) for text in args.machine]
    for text, (maker, model) in zip(args.machine, machines, strict=True):
        if not maker or not model:
            raise ConfigError("enroll-bad-machine", pattern=text)
    home = Home.create(args.data, args.organisation)
    expires = datetime.now(UTC) + timedelta(days=args.days)
    terms = TicketTerms(
        lot=args.lot,
        technician=args.technician,
        machines=tuple((maker, model) for maker, model in machines),
        buses=tuple(Bus(bus) for bus in args.bus or ("sata", "sas", "nvme", "mmc")),
        min_bytes=args.min_bytes,
        max_bytes=args.max_bytes,
        serials=tuple(args.serial or ("*",)),
        count=args.count,
        expires_at=expires.strftime("%Y-%m-%dT%H:%M:%SZ"),
        note=args.note,
    )
    statement = home.office().sign(build_ticket(terms, job="office"))
    durable.write(args.out, statement.data, 0o644)
    _say(json.dumps({"ticket": statement.id, "file": str(args.out), "until": terms.expires_at}))
    return 0


_ACTIONS: dict[str, Callable[[argparse.Namespace], int]] = {
    "token": _token,
    "list": _list,
    "accept": _accept,
    "revoke": _revoke,
    "export-trust": _export_trust,
    "office-ticket": _office_ticket,
}


def _database(home: Home) -> Database:
    # SQLAlchemy is slow to import, and half of the actions need none.
    from appliance.central.database import Database

    return Database(home.database_url)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
