"""tune2fs on an ext4 file system that begins somewhere inside a drive.

e2fsprogs takes `DEVICE?offset=BYTES` wherever it takes a device, so the partition's own node
is not needed. Images have the feature metadata_csum_seed: a new UUID changes superblocks only.
"""

from __future__ import annotations

import re

from appliance.tools import run

_UUID = re.compile(r"^Filesystem UUID:\s+([0-9a-f-]{36})$", re.MULTILINE)


def set_uuid(device: str, offset_bytes: int, uuid: str) -> None:
    """Give the file system a UUID; ToolError where tune2fs refuses."""
    run(["tune2fs", "-U", uuid, f"{device}?offset={offset_bytes}"], timeout_s=120)


def uuid(device: str, offset_bytes: int) -> str:
    """The file system's UUID; empty where tune2fs shows none."""
    return parsed_uuid(run(["tune2fs", "-l", f"{device}?offset={offset_bytes}"]).stdout)


def parsed_uuid(listing: str) -> str:
    """The UUID in the listing of `tune2fs -l`; empty where there is none."""
    found = _UUID.search(listing)
    return found[1] if found else ""
