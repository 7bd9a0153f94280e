"""`tajdeed`: one door to every command; each command's module is imported only when called.

Exit codes (all but `verify`): 0 as planned; 1 done, but something failed; 2 bad input,
nothing was touched.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from appliance.i18n import N_, _, use

if TYPE_CHECKING:
    from appliance.errors import TajdeedError


@dataclass(frozen=True, slots=True)
class Command:
    """Where a command lives: a module with `add_arguments(parser)` and `run(args) -> int`.

    `face`: it has its language from the job or the settings; the others take the locale's.
    """

    module: str
    help: str
    face: bool = False


COMMANDS: dict[str, Command] = {
    "inspect": Command("appliance.job.inspect_command", N_("Show the machine and its drives")),
    "plan": Command("appliance.job.plan_command", N_("Show what would be done, and why")),
    "verify": Command("appliance.statement.verify_command", N_("Check a statement or certificate")),
    "recheck": Command("appliance.statement.recheck", N_("Read a wiped drive again")),
    "render": Command("appliance.statement.render_command", N_("Make reading copies (PDF, JSON)")),
    "outbox": Command("appliance.delivery.outbox_command", N_("Show statements and receipts")),
    "engine": Command(
        "appliance.job.engine", N_("The job's engine (a service of the stick)"), face=True
    ),
    "worker": Command(
        "appliance.job.worker", N_("Erase one drive (started by the engine)"), face=True
    ),
    "courier": Command("appliance.delivery.courier", N_("Send statements (a service)"), face=True),
    "tui": Command("appliance.tui.main", N_("The technician's screen"), face=True),
    "batch": Command("appliance.batch.main", N_("Run a batch ticket without a person"), face=True),
    "central": Command("appliance.central.main", N_("The central server")),
    "enroll": Command("appliance.central.enroll", N_("Stations, tokens and tickets of the server")),
}


def locale_language(environment: Mapping[str, str]) -> str:
    """Arabic for an Arabic locale, English for any other (locale(7): LC_ALL goes first)."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := environment.get(name):
            return "ar" if value.startswith("ar") else "en"
    return "en"


def main(argv: list[str] | None = None) -> int:
    """Run a command; errors that we expect become one clear text and an exit code."""
    words = sys.argv[1:] if argv is None else argv
    chosen = next((word for word in words if word in COMMANDS), None)
    if chosen is None or not COMMANDS[chosen].face:
        use(locale_language(os.environ))
    parser = argparse.ArgumentParser(prog="tajdeed", description=_("Certified erasure of PCs"))
    subparsers = parser.add_subparsers(dest="command", required=True, metavar=_("COMMAND"))
    for name, command in COMMANDS.items():
        sub = subparsers.add_parser(name, help=_(command.help), description=_(command.help))
        if name == chosen:
            module = importlib.import_module(command.module)
            module.add_arguments(sub)
            sub.set_defaults(run=module.run)
    args = parser.parse_args(words)
    from appliance.errors import ConfigError, TajdeedError

    try:
        return int(args.run(args))
    except TajdeedError as error:
        return _told(error)
    except OSError as error:
        if chosen is None or COMMANDS[chosen].face or error.filename is None:
            raise
        return _told(
            ConfigError(
                "file-unreadable", file=str(error.filename), problem=error.strerror or str(error)
            )
        )
    except KeyboardInterrupt:
        return 130


def _told(error: TajdeedError) -> int:
    """Say an error to the person at the terminal; its exit code."""
    from appliance import i18n, texts

    sys.stderr.write(f"tajdeed: {texts.short(error, i18n.language())}\n")
    if advice := texts.advice(error, i18n.language()):
        sys.stderr.write(f"  {advice}\n")
    return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
