"""blkid(8): what a block device's first and last blocks say that it holds.

The stick's udev reads no drive by itself, so its database knows nothing of their contents. The
low-level probe (`-p`) asks the device alone: no cache, nothing written, nothing assembled.
"""

from __future__ import annotations

from appliance.tools import run

# A drive that takes longer than this to give two blocks has other things to tell.
_TIMEOUT_S = 10.0


def kind(node: str) -> str:
    """The TYPE of a device node (libblkid's name); empty where it holds nothing that is known,
    two things at once, or cannot be read.

    One node a call: of several, blkid says nothing of those behind the first empty one.
    ToolError `tool-missing` or `tool-timeout`.
    """
    asked = ("blkid", "-p", "-o", "value", "-s", "TYPE", node)
    return run(asked, timeout_s=_TIMEOUT_S, ok=None).stdout.strip()
