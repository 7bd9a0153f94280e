"""Nested, timed progress on the terminal for everything that takes longer than a blink.

Each step is announced when it begins and closed with its duration, indented below the step that
it is a part of. Never used on the appliance; never decides anything.
"""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

_depth = 0


def say(text: str) -> None:
    """Print one line at the indentation of the step that is going on."""
    for line in text.splitlines() or [""]:
        sys.stderr.write(f"{'  ' * _depth}{line}\n")
    sys.stderr.flush()


@contextmanager
def step(title: str) -> Iterator[None]:
    """A step: its title when it begins, its seconds when it ends, also when it fails."""
    global _depth
    say(f"> {title}")
    _depth += 1
    begun = time.monotonic()
    try:
        yield
    except BaseException:
        _depth -= 1
        say(f"x {title}: failed after {elapsed(time.monotonic() - begun)}")
        raise
    _depth -= 1
    say(f"= {title}: {elapsed(time.monotonic() - begun)}")


def elapsed(elapsed_s: float) -> str:
    """A duration as a person reads it: `0.4 s`, `12 s`, `3 min 05 s`."""
    if elapsed_s < 10:
        return f"{elapsed_s:.1f} s"
    if elapsed_s < 60:
        return f"{elapsed_s:.0f} s"
    minutes, seconds = divmod(round(elapsed_s), 60)
    return f"{minutes} min {seconds:02d} s"
