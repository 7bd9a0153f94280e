"""Which partitions the machine has now, by the ids that its firmware's boot entries name them by.

Asks blkid: the stick's udev reads no drive, so it has no names for them. Reads only.
"""

from __future__ import annotations

from collections.abc import Callable, Set
from pathlib import Path

from appliance.errors import ToolError
from appliance.hardware.sysfs import SYS
from appliance.tools import blkid


def partition_ids(
    but_of: Set[str], ask: Callable[[str], str] = blkid.partition_id, sys: Path = SYS
) -> tuple[str, ...]:
    """The PARTUUIDs of all partitions, without those of the drives with these nodes.

    Empty where one of them could not be asked: whoever wants to know what is *not* there must
    not be told a part. The stick's own are always among them.
    """
    without = {Path(node).name for node in but_of}
    found = []
    for disk in sorted((sys / "block").iterdir()):
        if disk.name in without:
            continue
        for part in sorted(disk.glob("*/partition")):
            try:
                found.append(ask(f"/dev/{part.parent.name}"))
            except ToolError:
                return ()
    return tuple(found) if all(found) else ()
