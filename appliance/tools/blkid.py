"""blkid(8): what a block device's first and last blocks say that it holds.

The stick's udev reads no drive by itself, so its database knows nothing of their contents. The
low-level probe (`-p`) asks the device alone: no cache, nothing written, nothing assembled.
"""

from __future__ import annotations

from dataclasses import dataclass

from appliance.tools import run

# A drive that takes longer than this to give two blocks has other things to tell.
_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSystem:
    """What lies on a device; empty strings where blkid names nothing."""

    kind: str
    label: str


def partition_id(node: str) -> str:
    """The PARTUUID of a partition's node (a GUID, or an MBR's signature and the number) as the
    table of its disk has it; empty where it is no partition or cannot be read.

    ToolError `tool-missing` or `tool-timeout`.
    """
    asked = ("blkid", "-p", "-o", "value", "-s", "PART_ENTRY_UUID", node)
    return run(asked, timeout_s=_TIMEOUT_S, ok=None).stdout.strip()


def kind(node: str) -> str:
    """The TYPE of a device node (libblkid's name); empty where it holds nothing that is known,
    two things at once, or cannot be read.

    One node a call: of several, blkid says nothing of those behind the first empty one.
    ToolError `tool-missing` or `tool-timeout`.
    """
    asked = ("blkid", "-p", "-o", "value", "-s", "TYPE", node)
    return run(asked, timeout_s=_TIMEOUT_S, ok=None).stdout.strip()


def file_system(node: str) -> FileSystem:
    """The file system on a device node, as `kind` finds it; nothing else that may lie there."""
    asked = ("blkid", "-p", "-u", "filesystem", "-o", "export", node)
    return parsed(run(asked, timeout_s=_TIMEOUT_S, ok=None).stdout)


def parsed(listing: str) -> FileSystem:
    """The listing of `blkid -o export`, which escapes what a shell would read."""
    lines = (line.partition("=") for line in listing.splitlines())
    found = {name: value.replace("\\", "") for name, _, value in lines}
    return FileSystem(kind=found.get("TYPE", ""), label=found.get("LABEL", ""))
