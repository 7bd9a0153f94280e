"""Given controllers of every character, then the statement is true and the best is reached.

The same personalities as in the virtual PC, in seconds; see `nvmebench` for what is real here.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.model import Level, Outcome, Policy
from tests.drivelab.nvmebench import NvmeBench
from tests.drivelab.personality import load, names

# What needs a kernel: a drive that is pulled out of its slot.
_NEEDS_A_PC = frozenset(("nvme-vanishes-midway",))
NVME = tuple(name for name in names() if load(name).bus == "nvme" and name not in _NEEDS_A_PC)


@pytest.mark.parametrize("name", NVME)
def test_every_controller_is_certified_as_what_it_is(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = NvmeBench(name, tmp_path, monkeypatch)
    expected = load(name).expected
    try:
        result = bench.erase(Policy(stall_minutes=0))
    finally:
        bench.close()
    tried = [attempt.method for attempt in result.attempts]
    assert (result.outcome, result.level) == (Outcome(expected.outcome), Level(expected.level))
    assert (tried[-1] if tried else "") == expected.method
    codes = {reason.code for reason in result.exceptions}
    assert (expected.reason in codes) if expected.reason else not codes
    assert (bench.left_bytes == 0) is (expected.truth == "gone")


def test_the_government_preset_accepts_nothing_less_and_says_what_must_follow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = NvmeBench("nvme-sanitize-liar", tmp_path, monkeypatch)
    policy = Policy(level=Level.PURGE, fallback=Level.NONE, preset="sa-government", stall_minutes=1)
    try:
        result = bench.erase(policy)
    finally:
        bench.close()
    assert result.outcome is Outcome.FAILED
    assert {attempt.method for attempt in result.attempts} == {
        "nvme-sanitize-crypto-block",
        "nvme-sanitize-block",
    }
    assert "destroy-the-drive" in {reason.code for reason in result.exceptions}
    assert bench.left_bytes > 0


def test_a_sanitize_that_another_run_began_is_waited_for_and_proves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = NvmeBench("nvme-sanitize-runs-already", tmp_path, monkeypatch)
    try:
        result = bench.erase(Policy())
    finally:
        bench.close()
    told = [event.event for event in bench.events]
    assert told.index("sanitize-waited-for") < told.index("attempt-started")
    assert len(result.attempts[0].orders) == 2 and all(
        order.good for order in result.attempts[0].orders
    )
