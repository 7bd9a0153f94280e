"""mount(8), umount(8) and swapoff(8); nsenter(1) for mounts that all units see."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from appliance.tools import run

# Nothing is written, not even a journal that was left open; nothing on it is run or a device.
_SAFE = "ro,nosuid,nodev,noexec"
READ_ONLY = {
    "vfat": f"{_SAFE},utf8,fmask=0133,dmask=0022",
    "exfat": f"{_SAFE},fmask=0133,dmask=0022",
    "ext4": f"{_SAFE},noload",
}

Run = Callable[[Sequence[str]], object]


def for_all(argv: Sequence[str]) -> None:
    """Run a program in the mount namespace of PID 1: what a confined unit mounts is its own alone,
    what PID 1 mounts is seen by every unit. ToolError if it fails."""
    run(("nsenter", "--target", "1", "--mount", "--", *argv), timeout_s=60)


def mount_read_only(kind: str, node: str, place: str, through: Run) -> None:
    """Mount a file system of a kind in `READ_ONLY`; ToolError where that fails.

    `through` runs the command where the mount is to be seen.
    """
    through(("mount", "-t", kind, "-o", READ_ONLY[kind], "--", node, place))


def let_go(place: str, through: Run) -> None:
    """Take a mount away, also of a device that is gone already."""
    through(("umount", "--lazy", "--", place))


def unmount(place: str) -> None:
    """Unmount a mount point; ToolError where something still uses it."""
    run(("umount", "--", place), timeout_s=120)


def swap_off(node: str) -> None:
    """Stop swapping to a device; ToolError where the kernel refuses."""
    run(("swapoff", "--", node), timeout_s=600)
