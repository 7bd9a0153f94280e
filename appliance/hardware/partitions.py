"""Which partitions the machine has now, by udev's names for them. Reads links only."""

from __future__ import annotations

from collections.abc import Set
from pathlib import Path

from appliance.hardware.sysfs import SYS

BY_PARTUUID = Path("/dev/disk/by-partuuid")


def partition_names(
    but_of: Set[str], links: Path = BY_PARTUUID, sys: Path = SYS
) -> frozenset[str] | None:
    """The PARTUUIDs of all partitions, without those of the drives with these nodes.

    A partition whose drive cannot be told counts as there. None where udev has named none at
    all: the stick's own are always there.
    """
    if not links.is_dir():
        return None
    without = {Path(node).name for node in but_of}
    found = set()
    for link in links.iterdir():
        partition = (sys / "class/block" / link.resolve().name).resolve()
        if partition.parent.name not in without:
            found.add(link.name)
    return frozenset(found)
