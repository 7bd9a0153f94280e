"""blkid(8), asked to look at a device itself: label and type of a file system. Reads only."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.tools import run

# blkid(8): nothing was found; several things were, and it would be a guess.
_NOTHING, _SEVERAL = 2, 8


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSystem:
    """What lies on a device; empty strings where blkid names nothing."""

    kind: str
    label: str


def file_system(node: str) -> FileSystem:
    """The file system on a device; ToolError where blkid cannot look."""
    words = ("blkid", "--probe", "--usages", "filesystem", "--output", "export", "--", node)
    return parsed(run(words, ok=(0, _NOTHING, _SEVERAL)).stdout)


def parsed(listing: str) -> FileSystem:
    """The listing of `blkid --output export`, which escapes what a shell would read."""
    lines = (line.partition("=") for line in listing.splitlines())
    found = {name: value.replace("\\", "") for name, _, value in lines}
    return FileSystem(kind=found.get("TYPE", ""), label=found.get("LABEL", ""))
