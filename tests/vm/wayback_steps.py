"""The steps of the way back on a btrfs that no system has started from: run in the tools root.

`python3 -I wayback_steps.py PROFILES DEVICE`: prints as JSON what was there after each step. The
device is a whole one: it stands for the EFI system partition, too.
"""

from __future__ import annotations

import json
import sys
from datetime import date
from pathlib import Path
from typing import Any

PROFILES, DEVICE = sys.argv[1:3]
sys.path.insert(0, PROFILES)

from familypc.wayback import giving, settling, snapshots, volumes  # noqa: E402

FACTORY_STAYS = giving.Choice(state="@factory", files_stay=True)
FACTORY_GOES = giving.Choice(state="@factory", files_stay=False)


def state(place: Path) -> dict[str, Any]:
    """What a family, and a technician, would find."""
    return {
        "volumes": sorted(path.name for path in place.iterdir()),
        "accounts": [
            line.split(":")[0] for line in (place / "@/etc/passwd").read_text().splitlines()
        ],
        "files": sorted(
            str(path.relative_to(place / "@home")) for path in (place / "@home").rglob("*")
        ),
        "broken": (place / "@/broken").exists(),
        "settled": (place / "@" / settling.MARK).exists(),
        "fstab": (place / "@/etc/fstab").read_text(),
        "hostname": (place / "@/etc/hostname").read_text(),
    }


def main() -> None:
    """First start, a family's life, and every way back."""
    settling._sibling = lambda device, number: device
    volumes.root_device = lambda: DEVICE
    found: dict[str, Any] = {}
    settling.settle(DEVICE)
    with volumes.top(DEVICE) as place:
        found["first start"] = state(place)
        (place / "@home/mona").mkdir()
        (place / "@home/mona/letter").touch()
        with (place / "@/etc/passwd").open("a") as stream:
            stream.write("mona:x:1000:1000:Mona:/home/mona:/bin/bash\n")
        (place / "@/broken").touch()
        # As systemd makes them: a copy does not have them, and deleting must not fail for them.
        volumes.run("btrfs", "-q", "subvolume", "create", str(place / "@/machines"))
    settling.prepare_asking(DEVICE)
    with volumes.top(DEVICE) as place:
        found["asking"] = (place / "@asking/etc/fstab").read_text()
        giving.give_back(place, FACTORY_STAYS)
        found["files stay"] = state(place)
    settling.settle(DEVICE)
    for day in (1, 2, 3):
        snapshots.before_update(date(2026, 12, day))
    with volumes.top(DEVICE) as place:
        (place / "@/broken").touch()
        found["updated"] = state(place)
        giving.give_back(place, giving.Choice(state="@before-2026-12-03", files_stay=True))
        found["before the update"] = state(place)
        volumes.delete(place / "@")
        giving.give_back(place, FACTORY_GOES)
        found["files go"] = state(place)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
