"""The boot partitions of an eMMC on record: erased before any method, or the drive has failed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from appliance.erasure import bootareas
from appliance.erasure.site import Site
from appliance.hardware.mmc import mmc_areas
from appliance.job.eventlog import Event
from appliance.job.fold import drive_result
from appliance.model import (
    Bus,
    Drive,
    HiddenArea,
    Media,
    MmcFacts,
    Outcome,
    Policy,
    Reason,
    to_json,
)
from tests.unit.machines import disk
from tests.unit.test_fold import log, overwritten

FACTS = MmcFacts(kind="MMC", revision=8, trim=True, sanitize=True, boot_bytes=1 << 20)


def emmc(**facts: Any) -> Drive:
    return disk(bus=Bus.MMC, media=Media.FLASH, ata=None, mmc=replace(FACTS, **facts))


def outcome(drive: Drive, areas: tuple[HiddenArea, ...] | None) -> tuple[Outcome, set[str]]:
    events = log(drive, overwritten(drive))
    if areas is not None:
        said = Event(
            n=9, at=events[0].at, event="hidden-areas", data={"areas": to_json(areas)}, prev=""
        )
        events.insert(2, said)
    result = drive_result(events)
    return result.outcome, {reason.code for reason in result.exceptions}


def test_boot_partitions_that_were_erased_leave_the_drive_cleared() -> None:
    areas = tuple(HiddenArea(kind=kind, state="erased") for kind in ("boot0", "boot1"))
    assert outcome(emmc(), areas) == (Outcome.CLEARED, set())


@pytest.mark.parametrize("kind", ["boot0", "boot1"])
def test_one_that_was_not_fails_the_whole_drive(kind: str) -> None:
    areas = tuple(
        HiddenArea(kind=name, state="present" if name == kind else "erased")
        for name in ("boot0", "boot1")
    )
    found, reasons = outcome(emmc(), areas)
    assert found == Outcome.FAILED and "hidden-area-left" in reasons


def test_a_log_that_says_nothing_of_them_is_no_pass() -> None:
    found, reasons = outcome(emmc(), None)
    assert found == Outcome.FAILED and "hidden-area-left" in reasons
    assert outcome(emmc(boot_bytes=0), None)[0] == Outcome.CLEARED


def test_rpmb_is_never_claimed() -> None:
    assert mmc_areas(replace(FACTS, boot_bytes=0, rpmb_bytes=1 << 17))[0].state == (
        "could-not-be-excluded"
    )


def test_a_boot_partition_that_is_not_there_or_another_devices_is_left_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sys = tmp_path / "sys"
    (sys / "class/block").mkdir(parents=True)
    # As Linux 6.12 has it: the disk below its card, the boot partitions below the disk.
    for name, place in (("mmcblk0", "card0"), ("mmcblk1", "card1"), ("mmcblk0boot0", "card1")):
        (sys / "devices" / place / name).mkdir(parents=True)
        (sys / "class/block" / name).symlink_to(sys / "devices" / place / name)
    (sys / "class/block/mmcblk0boot0/device").symlink_to(sys / "devices/card1/mmcblk1")
    force = sys / "class/block/mmcblk0boot0/force_ro"
    force.write_text("1")
    monkeypatch.setattr(bootareas, "SYS", sys)
    monkeypatch.setattr(Site, "confirm_identity", lambda _site: None)
    said: list[tuple[str, dict[str, Any]]] = []
    site = Site(
        fd=-1,
        drive=replace(emmc(), path="/dev/mmcblk0"),
        policy=Policy(),
        cipher="chacha20",
        say=lambda event, **data: said.append((event, data)),
        progress=lambda _phase, _headway: None,
    )
    bootareas.erase_boot_areas(site, Reason(code="erase-boot-areas"))
    ((event, data),) = said
    assert event == "hidden-areas"
    found = [(area["kind"], area["state"]) for area in data["areas"]]
    assert found == [("boot0", "present"), ("boot1", "present")]
    assert "another device" in data["areas"][0]["detail"]
    assert force.read_text() == "1"
    assert outcome(emmc(), tuple(HiddenArea(**area) for area in data["areas"]))[0] == Outcome.FAILED
