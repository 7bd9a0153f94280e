"""Arrays that a drive is a member of, as blkid reads it from the drive's first and last blocks.

The stick assembles nothing: a member is shown and erased as the single drive that it is. What
stands here is only told to the person, and no decision rests on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from appliance.errors import ToolError
from appliance.tools import blkid

# TYPE as libblkid has it (superblocks/): what a person calls it.
ARRAYS: Mapping[str, str] = {
    "isw_raid_member": "Intel RST (IMSM)",
    "linux_raid_member": "Linux md",
    "ddf_raid_member": "SNIA DDF",
    "promise_fasttrack_raid_member": "Promise FastTrak (AMD RAID)",
    "nvidia_raid_member": "NVIDIA RAID",
    "silicon_medley_raid_member": "Silicon Image Medley",
    "via_raid_member": "VIA RAID",
    "hpt37x_raid_member": "HighPoint",
    "hpt45x_raid_member": "HighPoint",
    "jmicron_raid_member": "JMicron RAID",
    "adaptec_raid_member": "Adaptec HostRAID",
    "lsi_mega_raid_member": "LSI MegaRAID",
    "LVM2_member": "LVM",
    "zfs_member": "ZFS",
    "VMFS_volume_member": "VMware VMFS",
}


def arrays(file_systems: Iterable[str]) -> tuple[str, ...]:
    """The names of the arrays among blkid's types, each once, in order. Pure."""
    return tuple(dict.fromkeys(ARRAYS[kind] for kind in file_systems if kind in ARRAYS))


def arrays_of(name: str) -> tuple[str, ...]:
    """What the drive `name` and its partitions belong to; nothing where they cannot be read."""
    sysfs = Path("/sys/class/block") / name
    parts = sorted(
        (part.parent.name for part in sysfs.glob(f"{name}*/partition")),
        key=lambda part: (len(part), part),
    )
    try:
        return arrays([blkid.kind(f"/dev/{node}") for node in (name, *parts)])
    except ToolError:
        return ()
