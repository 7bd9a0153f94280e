"""`tajdeed inspect [--json]`: the machine and its drives, read only."""

from __future__ import annotations

import argparse
import json
import sys

from appliance.erasure.psid import tcg_state
from appliance.hardware.machine import machine
from appliance.i18n import N_, _, language
from appliance.model import Machine, to_json
from appliance.texts import short

_JSON_HELP = N_("Print JSON")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help=_(_JSON_HELP))


def run(args: argparse.Namespace) -> int:
    """Print what was found; 0."""
    found = machine()
    if args.json:
        json.dump(to_json(found), sys.stdout, ensure_ascii=False, indent=2)
        sys.stdout.write("\n")
    else:
        sys.stdout.write("\n".join(lines(found)) + "\n")
    return 0


def lines(found: Machine) -> list[str]:
    """The machine for a person."""
    shown = [
        f"{_('Machine')}: {found.maker or '???'} {found.model or '???'} "
        f"({_('serial')} {found.serial or '???'})",
        f"{_('Firmware')}: {found.firmware_kind}  CPU: {found.cpu}  RAM: {found.ram_mib} MiB",
    ]
    for drive in found.drives:
        health = {True: _("healthy"), False: _("FAILING"), None: "???"}[
            drive.smart.healthy if drive.smart else None
        ]
        shown.append(
            f"{drive.path}: {drive.identity.model} {drive.identity.serial or '???'} "
            f"{drive.bus} {drive.media} {drive.size_bytes / 1e9:.1f} GB {health}"
            + (f"  [{_('stick')}]" if drive.is_stick else "")
            + (f"  [{short(tcg_state(drive.tcg), language())}]" if drive.tcg else "")
        )
    return shown
