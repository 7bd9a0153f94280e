"""Which boot of which machine this is: what an earlier one left behind is known by it."""

from __future__ import annotations

from pathlib import Path


def boot_id() -> str:
    """Which boot of this kernel it is (proc_sys_kernel(5)): a log of another boot is over."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
