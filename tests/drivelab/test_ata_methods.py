"""Given an ATA drive of some character, when our methods run on it, then the result holds.

Without a virtual PC (see `atabench`); the laboratory's matrix repeats it behind the real kernel.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from appliance.erasure import atasanitize, atasecurity
from appliance.erasure.site import Site
from appliance.erasure.watching import Patience
from appliance.model import Level, Outcome, Policy
from tests.drivelab.atabench import SPEED, AtaBench
from tests.drivelab.atacommand import AtaError, Taskfile
from tests.drivelab.donor import left_bytes
from tests.drivelab.personality import load

pytestmark = pytest.mark.timeout(120)

NAMES = (
    "honest-ssd",
    "honest-hdd",
    "hdd-without-sanitize",
    "hdd-crypto-only",
    "ssd-without-sanitize",
    "liar",
    "security-erase-liar",
    "erases-half",
    "erase-skips-a-range",
    "crypto-keeps-key",
    "sanitize-idle-log",
    "sanitize-fails",
    "sanitize-failed-before",
    "sanitize-runs-already",
    "erase-aborts-locked",
    "locked-by-us",
    "locked-by-owner",
    "frozen-after-suspend",
    "opal-locked",
    "opal-psid-liar",
    "opal-stays-locked",
    "opal-wrong-psid",
    "opal-in-use",
)

Open = Callable[[str], AtaBench]


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    benches: list[AtaBench] = []

    def open_bench(name: str) -> AtaBench:
        benches.append(AtaBench(name, tmp_path, monkeypatch))
        return benches[-1]

    yield open_bench
    for bench in benches:
        bench.close()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What makes no progress is given up within a second."""

    def patience(site: Site) -> Patience:
        return Patience(poll_s=0.02, stall_s=0.3)

    monkeypatch.setattr(atasanitize, "patience", patience)


@pytest.mark.parametrize("name", NAMES)
def test_the_result_is_what_the_personality_deserves(
    name: str, opened: Open, tmp_path: Path
) -> None:
    wanted = load(name).expected
    bench = opened(name)
    threading.Timer(0.5, bench.firmware.moment, ("consent",)).start()
    result = bench.erase()
    tried = [one.method for one in result.attempts]
    found = (result.outcome.value, result.level.value, tried[-1] if tried else "")
    assert found == (wanted.outcome, wanted.level, wanted.method), bench.events
    if wanted.reason:
        assert wanted.reason in [one.code for one in result.exceptions]
    if result.outcome in (Outcome.PURGED, Outcome.CLEARED):
        assert left_bytes(tmp_path / f"{name}.0.medium") == 0
        assert not bench.firmware.security.enabled


@pytest.mark.usefixtures("impatient")
def test_a_sanitize_that_stands_still_is_unknown_and_nothing_else_is_sent(opened: Open) -> None:
    bench = opened("sanitize-stuck")
    result = bench.erase()
    assert (result.outcome, result.level) == (Outcome.UNKNOWN, Level.NONE)
    assert [one.method for one in result.attempts] == ["ata-sanitize-overwrite"]
    assert [one.code for one in result.exceptions] == ["order-without-end"]
    # The next stick finds it running, waits as long, and leaves the drive alone.
    bench.events.clear()
    result = bench.erase()
    assert (result.outcome, result.attempts) == (Outcome.UNKNOWN, ())
    assert [one.code for one in result.exceptions] == ["sanitize-without-end"]


@pytest.mark.usefixtures("impatient")
def test_a_way_out_of_a_failure_that_has_no_end_is_unknown_and_nothing_follows(
    opened: Open,
) -> None:
    bench = opened("sanitize-fails")
    sanitize = bench.firmware.sanitize
    ends = sanitize.does

    def then_stands_still(name: str, part: float, pattern: bytes) -> None:
        ends(name, part, pattern)
        sanitize.stuck_at = 0.3

    # It can be read meanwhile, so that nothing but its own word tells that it is at work.
    sanitize.does, sanitize.stays_open = then_stands_still, True
    result = bench.erase()
    assert (result.outcome, result.level) == (Outcome.UNKNOWN, Level.NONE)
    (attempt,) = result.attempts
    assert [one.code for one in attempt.reasons] == ["order-failed", "order-without-end"]
    assert [one.reported for one in attempt.orders] == ["failed", "unknown"]


def test_an_overwrite_by_the_firmware_holds_the_pattern_that_its_statement_names(
    opened: Open, tmp_path: Path
) -> None:
    result = opened("honest-hdd").erase()
    (order,), (*_, whole) = result.attempts[-1].orders, result.attempts[-1].checks
    name, pattern = order.command.split(", pattern ")
    assert (name, order.seen, order.reported) == ("OVERWRITE EXT", "progress", "success")
    held = (tmp_path / "honest-hdd.0.medium").read_bytes()
    assert held == bytes.fromhex(pattern.removesuffix("h")) * (len(held) // 4)
    assert (whole.kind, whole.read_bytes) == ("pattern", len(held))


def test_the_password_is_on_record_before_the_drive_has_it_and_off_the_drive_afterwards(
    opened: Open,
) -> None:
    policy = Policy(ata_password="our-office-7")
    bench = opened("hdd-without-sanitize")
    assert bench.erase(policy).outcome is Outcome.PURGED
    names = [event.event for event in bench.events]
    assert bench.said("ata-password")[0]["password"] == "our-office-7"
    set_at = next(
        place
        for place, event in enumerate(bench.events)
        if event.event == "command" and "--security-set-pass" in event.data["run"]["argv"]
    )
    assert names.index("ata-password") < set_at
    assert not bench.firmware.security.enabled


def test_a_drive_that_keeps_our_password_says_which(opened: Open) -> None:
    bench = opened("erase-aborts-locked")

    def closed(task: Taskfile) -> None:
        if task.command in (0xF2, 0xF6):
            raise AtaError

    bench.firmware.before_command.append(closed)
    result = bench.erase(Policy(ata_password="our-office-7"))
    stays = [one for one in result.exceptions if one.code == "ata-password-stays"]
    assert stays and stays[0].facts == {"password": "our-office-7"}


def test_a_drive_that_falls_silent_in_an_erase_may_hold_our_password_and_says_which(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(atasecurity, "_AGAIN_S", 0.2)
    bench = opened("hdd-without-sanitize")
    silent = False

    def falls_silent(task: Taskfile) -> None:
        nonlocal silent
        silent = silent or task.command == 0xF4
        if silent:
            raise AtaError

    bench.firmware.before_command.append(falls_silent)
    result = bench.erase(Policy(ata_password="our-office-7"))
    assert result.outcome in (Outcome.UNKNOWN, Outcome.FAILED)
    stays = [one for one in result.exceptions if one.code == "ata-password-stays"]
    assert stays and stays[0].facts == {"password": "our-office-7"}


def test_a_strangers_password_is_tried_once_and_the_drive_is_left_as_it_was(
    opened: Open, tmp_path: Path
) -> None:
    before = (tmp_path / "locked-by-owner.0.medium",)
    bench = opened("locked-by-owner")
    held = before[0].read_bytes()
    result = bench.erase()
    assert (result.outcome, result.attempts) == (Outcome.NOT_ATTEMPTED, ())
    assert [one.code for one in result.exceptions] == ["ata-locked"]
    assert before[0].read_bytes() == held
    assert bench.firmware.journal.count("security f2") == 1


def test_a_frozen_drive_gets_no_password(opened: Open) -> None:
    bench = opened("frozen-after-suspend")
    bench.erase()
    assert not [line for line in bench.firmware.journal if line.startswith("security")]


def test_the_first_sanitize_failed_and_the_drive_was_opened_for_the_second(opened: Open) -> None:
    bench = opened("sanitize-fails")
    result = bench.erase()
    first, last = result.attempts
    assert [one.code for one in first.reasons] == ["order-failed"]
    assert (last.result, last.orders[0].reported) == ("done", "success")
    assert not bench.firmware.sanitize.failed


@pytest.mark.parametrize("name", ["honest-ssd", "sanitize-idle-log"])
def test_success_of_an_earlier_sanitize_is_no_evidence(name: str, opened: Open) -> None:
    bench = opened(name)
    bench.firmware.sanitize.succeeded = True
    attempt = bench.erase().attempts[0]
    honest = name == "honest-ssd"
    assert (attempt.result == "done") is honest
    assert [one.code for one in attempt.reasons] == ([] if honest else ["order-not-seen"])


def test_a_sanitize_that_is_over_before_hdparm_is_was_still_seen(opened: Open) -> None:
    bench = opened("honest-ssd")
    bench.firmware.sanitize.succeeded = True
    bench.firmware.sanitize.seconds = 0.2 * SPEED
    bench.hdparm_lingers_s = 0.5
    (attempt,) = bench.erase().attempts
    assert [order.seen for order in attempt.orders] == ["progress", "progress"]
    assert attempt.result == "done"


def test_the_time_of_a_slow_program_is_not_taken_for_the_drives(opened: Open) -> None:
    bench = opened("honest-ssd")
    bench.firmware.sanitize.seconds = 0.2 * SPEED
    bench.hdparm_lingers_s = 2.0
    (attempt,) = bench.erase().attempts
    assert all(0.1 < order.elapsed_s < 1.5 for order in attempt.orders)
