"""`tajdeed render FILE...`: reading copies (PDF and JSON) of statements, for people.

A copy proves nothing by itself; it is made from a statement that was just verified, and
carries it inside.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from appliance import settings
from appliance.errors import TajdeedError
from appliance.i18n import N_, _
from appliance.statement import durable, render, verify
from appliance.statement.paper.handover import Told
from appliance.statement.trust import TRUST_DIR, Trust

_FILE_HELP = N_("Statements (.jws)")
_INTO_HELP = N_("Folder for the copies (default: beside each statement)")
_CONFIG_HELP = N_("The station.yaml whose organisation stands on handover sheets")
_MACHINE_HELP = N_("Maker and model of the machine, for its handover sheet")
_URL_HELP = N_("Where the central server shows statements; the QR code leads there")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, nargs="+", metavar="FILE", help=_(_FILE_HELP))
    parser.add_argument("--into", type=Path, metavar="DIR", help=_(_INTO_HELP))
    parser.add_argument("--url", default="", help=_(_URL_HELP))
    parser.add_argument("--config", type=Path, metavar="FILE", help=_(_CONFIG_HELP))
    parser.add_argument("--machine", default="", help=_(_MACHINE_HELP))
    parser.add_argument("--trust", type=Path, default=TRUST_DIR, metavar="DIR")


def run(args: argparse.Namespace) -> int:
    """Write the copies and print their paths; TrustError for what is no genuine statement, once
    the others have theirs."""
    pinned = Trust.read(args.trust)
    told = _told(args.config, args.machine)
    refused: TajdeedError | None = None
    for file in args.file:
        try:
            statement = verify.statement(file.read_bytes(), pinned).statement
        except TajdeedError as error:
            refused = refused or error
            continue
        into: Path = args.into or file.parent
        copy = into / f"{statement.type}-{statement.id[:16]}"
        durable.write(copy.with_suffix(".json"), render.reading_copy(statement.data), 0o644)
        made = [copy.with_suffix(".json")]
        if statement.type in render.ON_PAPER:
            page = render.pdf(statement.data, url=args.url)
            durable.write(copy.with_suffix(".pdf"), page, 0o644)
            made.append(copy.with_suffix(".pdf"))
        if statement.type == "deployment":
            handed = into / f"handover-{statement.id[:16]}.pdf"
            durable.write(handed, render.handover(statement.data, told), 0o644)
            made.append(handed)
        sys.stdout.write("".join(f"{path}\n" for path in made))
    if refused is not None:
        raise refused
    return 0


def _told(config: Path | None, machine: str) -> Told:
    """What the organisation says on handover sheets; ConfigError for a wrong station.yaml."""
    known = settings.read(config) if config else settings.Settings(settings.defaults())
    names = (known["station.organisation.ar"], known["station.organisation.en"])
    return Told(
        organisation=next(filter(None, names), ""),
        phone=known["handover.phone"],
        hours=known["handover.hours"],
        warranty=known["handover.warranty"],
        machine=machine,
    )
