"""`tajdeed outbox`: which statements wait, are registered, held or refused, and why.

Shows; changes nothing but with `--again ID`, which lets the courier send a held or refused
statement once more.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from appliance.delivery.outbox import COURIER_DIR, OUTBOX_DIR, Entry, Outbox, State
from appliance.errors import ConfigError
from appliance.i18n import N_, _

_WORDS = {
    State.WAITING: N_("waiting"),
    State.REGISTERED: N_("registered"),
    State.HELD: N_("held: the office decides"),
    State.REFUSED: N_("refused by the server"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--outbox", type=Path, default=OUTBOX_DIR, help=_("statements to send"))
    parser.add_argument("--notes", type=Path, default=COURIER_DIR, help=_("the courier's files"))
    parser.add_argument("--json", action="store_true", help=_("answer in JSON"))
    parser.add_argument("--again", metavar="ID", help=_("let a statement be sent again"))


def run(args: argparse.Namespace) -> int:
    """List the outbox. Exit 0; 1 where the server refused something."""
    outbox = Outbox(args.outbox, args.notes)
    if args.again:
        if args.again not in outbox.ids():
            raise ConfigError("outbox-no-such-statement", id=args.again)
        outbox.notes.forget(args.again)
    entries = outbox.entries()
    if args.json:
        listed = [{"id": e.id, "state": e.state.value, "note": e.note} for e in entries]
        _say(json.dumps(listed, ensure_ascii=False, indent=2))
    else:
        _show(entries)
    return 1 if any(entry.state is State.REFUSED for entry in entries) else 0


def _show(entries: Sequence[Entry]) -> None:
    if not entries:
        _say(_("The outbox is empty."))
    for entry in entries:
        _say(f"{entry.id}  {_(_WORDS[entry.state])}")
        problem = entry.note.get("problem")
        if isinstance(problem, dict):
            _say(f"    {problem.get('title', '')} {problem.get('detail', '')}".rstrip())


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
