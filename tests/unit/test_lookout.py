"""How long a drive was at it, as far as it can be known: not how long the program took."""

import time
from collections.abc import Callable

import pytest

from appliance.erasure.lookout import Lookout
from appliance.erasure.watching import Watched, watch
from appliance.model import Order


def ordered(lasts_s: float, *, before_s: float, after_s: float) -> Order:
    """A drive that works for a while; its program takes longer to begin and to end."""
    began = time.monotonic()
    begins, ends = began + before_s, began + before_s + lasts_s

    def running() -> bool:
        return begins <= time.monotonic() < ends

    def poll() -> Watched:
        return Watched(state="running" if running() else "success")

    with Lookout(running) as lookout:
        time.sleep(before_s + after_s)
    order = watch("SANITIZE OVERWRITE", poll, before=None, started_at="", began=began)
    return lookout.told(order, began)


@pytest.mark.parametrize(
    ("before_s", "after_s"),
    [(1.0, 0.0), (0.0, 1.0), (0.6, 0.6)],
    ids=["slow to begin", "slow to end", "slow both ways"],
)
def test_the_time_of_a_slow_program_is_not_the_drives(before_s: float, after_s: float) -> None:
    order = ordered(0.2, before_s=before_s, after_s=after_s)
    assert order.seen == "progress"
    assert 0.1 < order.elapsed_s < 0.5


def test_what_was_over_at_once_was_not_seen() -> None:
    assert ordered(0.0, before_s=0.1, after_s=0.1).seen == ""


def silent_at_first(answers_after_s: float) -> Callable[[], bool]:
    since = time.monotonic() + answers_after_s

    def running() -> bool:
        if time.monotonic() < since:
            raise OSError("no answer")
        return True

    return running


def test_silence_is_no_sighting() -> None:
    with Lookout(silent_at_first(60)) as lookout:
        time.sleep(0.05)
    assert not lookout.saw_running
    with Lookout(silent_at_first(0)) as lookout:
        time.sleep(0.1)
    assert lookout.saw_running
