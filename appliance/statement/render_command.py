"""`tajdeed render FILE...`: reading copies (PDF and JSON) of statements, for people.

A copy proves nothing by itself; it is made from a statement that was just verified, and
carries it inside.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from appliance.i18n import N_, _
from appliance.statement import durable, render, verify
from appliance.statement.trust import TRUST_DIR, Trust

_FILE_HELP = N_("Statements (.jws)")
_INTO_HELP = N_("Folder for the copies (default: beside each statement)")
_URL_HELP = N_("Where the central server shows statements; the QR code leads there")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, nargs="+", metavar="FILE", help=_(_FILE_HELP))
    parser.add_argument("--into", type=Path, metavar="DIR", help=_(_INTO_HELP))
    parser.add_argument("--url", default="", help=_(_URL_HELP))
    parser.add_argument("--trust", type=Path, default=TRUST_DIR, metavar="DIR")


def run(args: argparse.Namespace) -> int:
    """Write the copies and print their paths; TrustError for what is no genuine statement."""
    pinned = Trust.read(args.trust)
    for file in args.file:
        statement = verify.statement(file.read_bytes(), pinned).statement
        into: Path = args.into or file.parent
        copy = into / f"{statement.type}-{statement.id[:16]}"
        durable.write(copy.with_suffix(".json"), render.reading_copy(statement.data), 0o644)
        made = [copy.with_suffix(".json")]
        if statement.type in render.ON_PAPER:
            page = render.pdf(statement.data, url=args.url)
            durable.write(copy.with_suffix(".pdf"), page, 0o644)
            made.append(copy.with_suffix(".pdf"))
        sys.stdout.write("".join(f"{path}\n" for path in made))
    return 0
