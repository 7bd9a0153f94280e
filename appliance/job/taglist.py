"""The office's list of asset tags: a file on the stick, one line `serial,tag` per machine.

Read once at start; a line that cannot be one is a ConfigError with file and line, and
nothing is begun. The serial is the machine's own, as its firmware (DMI) tells it.
"""

from __future__ import annotations

import csv
from pathlib import Path

from appliance.errors import ConfigError
from appliance.job import assettag

PREFIX = "list:"
_MOST_BYTES = 4 << 20


def read(file: Path) -> dict[str, str]:
    """Tag by serial (case folded). Empty lines, lines with # and a heading are left out.

    ConfigError `tag-list-unreadable`, or `tag-list-line` with the line and what is wrong.
    """
    try:
        if file.stat().st_size > _MOST_BYTES:
            raise ConfigError("tag-list-unreadable", file=str(file), problem="> 4 MiB")
        text = file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError("tag-list-unreadable", file=str(file), problem=str(error)) from error
    found: dict[str, str] = {}
    tags: set[str] = set()
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        try:
            cells = [cell.strip() for cell in next(csv.reader([line]))]
        except csv.Error:
            cells = []
        tag = assettag.read(cells[1]) if len(cells) == 2 else None
        if tag is None and number == 1 and "tag" in line.casefold():
            continue
        serial = cells[0].casefold() if cells else ""
        if tag is None or not serial or serial in found or tag in tags:
            raise ConfigError("tag-list-line", file=str(file), line=number, found=line[:60])
        found[serial] = tag
        tags.add(tag)
    return found
