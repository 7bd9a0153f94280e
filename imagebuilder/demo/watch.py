"""What a stick in batch mode tells on the serial line: its events, read one by one.

The lines and their members are described in `appliance.batch.lines`. A line that is damaged (a
screen shares the line) is left out; what it said comes again in a later event or not at all, so
nobody may conclude from silence.
"""

import json
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

from imagebuilder.vm import ConsoleTimeout, Machine, MachineError

Event = dict[str, Any]

_LINE = r"@tajdeed (\{[^\r\n]*\})\s*[\r\n]"


def events(machine: Machine, timeout_s: float, *, silence_s: float = 600) -> Iterator[Event]:
    """The events in order, up to and including `end`.

    Raises MachineError when none comes for `silence_s`, when there is no `end` after `timeout_s`,
    or when the machine switches itself off without one.
    """
    deadline = time.monotonic() + timeout_s
    while True:
        left = min(silence_s, deadline - time.monotonic())
        try:
            match = machine.serial[0].wait_for(_LINE, max(left, 0.1), alive=_running(machine))
        except ConsoleTimeout as error:
            machine.screenshot(machine.workdir / "timeout.png")
            raise MachineError(
                f"{machine.spec.name}: no news from the batch run: {error}"
            ) from error
        try:
            event: Event = json.loads(re.sub(r"[\x00-\x1f]", "", match[1]))
        except ValueError:
            continue
        yield event
        if event.get("event") == "end":
            return


def _running(machine: Machine) -> Callable[[], None]:
    def check() -> None:
        if machine.qmp.event("SHUTDOWN") is not None:
            raise MachineError(f"{machine.spec.name}: switched off before the batch run's end")
        machine.check_alive()

    return check
