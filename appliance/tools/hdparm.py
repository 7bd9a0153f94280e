"""hdparm(8): the native size of an ATA drive. State is read from IDENTIFY words elsewhere.

hdparm's exit status is no proof (it prints "bad/missing sense data" and exits 0), and its
text is taken only where it says exactly what is asked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from appliance.errors import ToolError
from appliance.tools import Output, run

# hdparm 9.65 -N: ` max sectors   = 16777216/16777216, HPA is disabled`
_SECTORS = re.compile(r"^\s*max sectors\s*=\s*(\d+)/(\d+),", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class MaxSectors:
    """Sectors that can be addressed now, and those that the drive has (ACS-3 7.25)."""

    visible: int
    native: int


def max_sectors(path: str) -> MaxSectors | None:
    """READ NATIVE MAX ADDRESS (EXT); None where the drive does not give a sound answer."""
    try:
        output = run(("hdparm", "-N", path), timeout_s=30, ok=None)
    except ToolError:
        return None
    return parsed_max_sectors(output)


def parsed_max_sectors(output: Output) -> MaxSectors | None:
    """The two numbers; None for 0, 1, a native size below the visible one, or any complaint."""
    found = _SECTORS.search(output.stdout)
    if output.status != 0 or found is None or "sense" in output.stderr + output.stdout:
        return None
    visible, native = int(found[1]), int(found[2])
    # Some drives and bridges answer 0 or 1 here: unknown, not "no hidden area".
    if visible <= 1 or native < visible:
        return None
    return MaxSectors(visible=visible, native=native)
