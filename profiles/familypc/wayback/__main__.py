"""`python3 -m familypc.wayback`: settle, prepare DEVICE; question, screen; before-update.

The first two are called by the initramfs, the next two by the system that asks, the last by apt.
Exit status 0: done; 1: not done, with the reason.
"""

from __future__ import annotations

import sys
from datetime import date

from familypc.wayback.volumes import VolumeError


def main(arguments: list[str]) -> int:
    """Do what the first argument names."""
    try:
        match arguments:
            case ["settle", device]:
                from familypc.wayback.settling import settle

                settle(device)
            case ["prepare", device]:
                from familypc.wayback.settling import prepare_asking

                prepare_asking(device)
            case ["before-update"]:
                from familypc.wayback.snapshots import before_update

                before_update(date.today())  # noqa: DTZ011  # the family's own day
            case ["question"]:
                from familypc.wayback.console import question

                question()
            case ["screen"]:
                from familypc.wayback.window import question

                question()
            case _:
                print(__doc__, file=sys.stderr)
                return 2
    except (OSError, VolumeError) as error:
        print(f"wayback: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
