"""umount(8) and swapoff(8)."""

from __future__ import annotations

from appliance.tools import run


def unmount(place: str) -> None:
    """Unmount a mount point; ToolError where something still uses it."""
    run(("umount", "--", place), timeout_s=120)


def swap_off(node: str) -> None:
    """Stop swapping to a device; ToolError where the kernel refuses."""
    run(("swapoff", "--", node), timeout_s=600)
