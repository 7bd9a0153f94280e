"""Letting the machine sleep: who may, when it makes sense, and what is said of it afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.errors import ToolError
from appliance.job.consent import ConsentError
from appliance.job.eventlog import Writer, events
from appliance.job.sleeping import Sleep, check, frozen
from appliance.model import CommandRun
from appliance.settings import Settings, defaults
from appliance.tools import Output, rtcwake
from tests.unit.machines import ata_facts, disk, machine

FROZEN = machine(disk(ata=ata_facts(security_frozen=True)), disk("FREE-2"))
FREED = machine(disk(), disk("FREE-2"))
STILL = machine(disk(ata=ata_facts(sanitize_frozen=True)), disk("FREE-2"))


def settings(**changes: object) -> Settings:
    return Settings({**defaults(), **changes})


def test_frozen_drives_are_those_of_either_lock_and_never_the_stick() -> None:
    stick = disk("STICK", is_stick=True, ata=ata_facts(security_frozen=True))
    assert frozen(machine(stick)) == frozen(FREED) == frozen(None) == ()
    assert frozen(FROZEN) == frozen(STILL) == ("key-WD-1234",)


@pytest.mark.parametrize(
    ("technician", "found", "changes", "code"),
    [
        ("Noura", FREED, {}, "sleep-not-needed"),
        (" ", FROZEN, {}, "consent-no-name"),
        (" ", FROZEN, {"policy.suspend_frozen": True}, "consent-no-name"),
        ("", FROZEN, {"mode": "batch"}, "sleep-not-allowed"),
    ],
)
def test_nobody_is_put_to_sleep_without_need_and_consent(
    technician: str, found: object, changes: dict[str, object], code: str
) -> None:
    with pytest.raises(ConsentError) as refused:
        check(technician, found, settings(**changes))  # type: ignore[arg-type]
    assert refused.value.code == code


def test_a_name_or_the_settings_of_unattended_work_are_consent() -> None:
    check("Noura", FROZEN, settings())
    check("", FROZEN, settings(**{"mode": "batch", "policy.suspend_frozen": True}))


def slept(status: int) -> Output:
    run = CommandRun(argv=("rtcwake",), status=status, started_at="", elapsed_s=8.0)
    return Output(run=run, status=status, stdout="", stderr="write error" * status, raw=b"")


@pytest.mark.parametrize(
    ("status", "code"), [(0, "machine-slept"), (1, "machine-did-not-sleep"), (None, "")]
)
def test_the_intention_stands_in_the_log_before_and_what_was_reached_in_the_machine_after(
    status: int | None, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Writer(tmp_path / "log")

    def sleep(seconds: int) -> Output:
        assert [event.event for event in events(tmp_path / "log")] == ["sleep-intended"]
        if status is None:
            raise ToolError("tool-timeout", tool="rtcwake", seconds=300)
        return slept(status)

    monkeypatch.setattr(rtcwake, "can_sleep", lambda: True)
    monkeypatch.setattr(rtcwake, "sleep", sleep)
    one = Sleep("Noura", FROZEN)
    one.through(log)
    log.close()
    (warning,) = one.told(STILL).warnings
    assert warning.code == (code or "machine-did-not-sleep")
    if code == "machine-slept":
        assert warning.facts == {"before": 1, "after": 1}
        assert one.told(FREED).warnings[0].facts == {"before": 1, "after": 0}


def test_a_kernel_without_sleep_is_said_and_nothing_is_tried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rtcwake, "STATES", tmp_path / "none")
    log = Writer(tmp_path / "log")
    one = Sleep("Noura", FROZEN)
    one.through(log)
    assert [event.event for event in events(tmp_path / "log")] == ["sleep-intended", "slept"]
    assert one.told(FROZEN).warnings[0].code == "machine-did-not-sleep"
    log.close()
