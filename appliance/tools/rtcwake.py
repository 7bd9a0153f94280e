"""rtcwake(8): let the machine sleep in memory and be woken by its clock a few seconds later.

A sleep that takes the drives' power away (ACPI S3) ends the freeze lock that a PC's firmware
put on them at power-on. It says only whether the machine slept; what became of the drives is
read from them.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from appliance.tools import Output, run

MEM_SLEEP = Path("/sys/power/mem_sleep")
STATES = Path("/sys/power/state")


def can_sleep() -> bool:
    """Whether the kernel offers suspend to memory at all."""
    try:
        return "mem" in STATES.read_text().split()
    except OSError:
        return False


def sleep(seconds: int) -> Output:
    """Sleep for about so long; returns when the machine is awake again.

    Of the two ways that newer PCs have, the one is asked for in which drives lose their power
    (`deep`, Documentation/admin-guide/pm/sleep-states.rst). ToolError `tool-timeout` where the
    machine does not even fall asleep within minutes.
    """
    with contextlib.suppress(OSError):  # only one way: then that one it is
        MEM_SLEEP.write_text("deep")
    argv = ("rtcwake", "--utc", "--mode", "mem", "--seconds", str(seconds))
    return run(argv, timeout_s=300, ok=None)
