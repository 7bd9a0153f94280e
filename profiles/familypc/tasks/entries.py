"""Writes the tasks' desktop entries for what is installed: run by the build inside the image.

So an icon whose program is missing never comes into being. `python3 -m familypc.tasks.entries`.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from familypc.tasks.table import TASKS, entry_text, way_of

PLACE = Path("/usr/local/share/applications")
# A family's session looks in all of these; the build's own search path has no /usr/local.
SEARCHED = "/usr/local/bin:/usr/bin:/bin"


def write_entries(place: Path = PLACE, searched: str = SEARCHED) -> None:
    """The entry of every task that can be done with the programs in the directories `searched`."""
    place.mkdir(parents=True, exist_ok=True)
    for task in TASKS:
        way = way_of(task, lambda program: shutil.which(program, path=searched) is not None)
        if way is not None:
            (place / f"{task.entry}.desktop").write_text(entry_text(task, way), encoding="utf-8")


if __name__ == "__main__":
    write_entries()
