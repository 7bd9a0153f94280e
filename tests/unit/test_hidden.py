"""Hidden areas: judged from what a drive answers, planned to be removed, never assumed gone."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.erasure.planning import drive_plan, reached
from appliance.erasure.preparing import PREPARERS
from appliance.erasure.site import Site
from appliance.erasure.uncovering import look_again
from appliance.hardware.drives import found_again
from appliance.hardware.hidden import KINDS, capped, dco_max_lba, hidden_areas, since
from appliance.job.eventlog import Event
from appliance.job.fold import drive_result
from appliance.job.plan_command import lines
from appliance.job.planning import job_plan
from appliance.model import (
    Bus,
    Drive,
    DriveResult,
    HiddenArea,
    Level,
    Outcome,
    Policy,
    to_json,
)
from tests.unit.machines import ata_facts, disk, machine
from tests.unit.test_fold import overwritten

MIB = 1 << 20
BLOCKS = disk().size_bytes // 512


def asked(**changes: object) -> Drive:
    """A drive that has all three feature sets and hides nothing, or what `changes` say."""
    honest: dict[str, object] = {
        "hpa_supported": True,
        "dco_supported": True,
        "ama_supported": True,
        "native_max_lba": BLOCKS - 1,
        "dco_max_lba": BLOCKS - 1,
        "ama_max_lba": BLOCKS - 1,
    }
    return disk(ata=ata_facts(**{**honest, **changes}))


def states(drive: Drive) -> tuple[str, ...]:
    areas = hidden_areas(drive)
    assert tuple(area.kind for area in areas) == KINDS
    return tuple(area.state for area in areas)


UNSURE = "could-not-be-excluded"


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, ("none", "none", "none")),
        ({"native_max_lba": BLOCKS + 7}, ("present", UNSURE, "none")),
        ({"native_max_lba": BLOCKS + 7, "dco_max_lba": BLOCKS + 7}, ("present", "none", "none")),
        ({"dco_max_lba": BLOCKS + 9}, ("none", "present", "none")),
        ({"ama_max_lba": BLOCKS}, ("none", "none", "present")),
        # no answer, and answers that make no sense
        ({"native_max_lba": None}, (UNSURE, "none", "none")),
        ({"dco_max_lba": None, "ama_max_lba": None}, ("none", UNSURE, UNSURE)),
        ({"native_max_lba": 0}, (UNSURE, "none", "none")),
        ({"native_max_lba": 1, "dco_max_lba": 1, "ama_max_lba": 0}, (UNSURE, UNSURE, UNSURE)),
        ({"native_max_lba": BLOCKS - 2}, (UNSURE, "none", "none")),
        # a drive without the feature set cannot have the area, whatever it would answer
        (
            {"hpa_supported": False, "native_max_lba": BLOCKS + 7, "dco_supported": False},
            ("none", "none", "none"),
        ),
        # more can be addressed than the kernel shows: as good as hidden
        (
            {
                "accessible_max_lba": BLOCKS + 99,
                "native_max_lba": BLOCKS + 99,
                "dco_max_lba": BLOCKS + 99,
                "ama_max_lba": BLOCKS + 99,
            },
            ("present", "none", "none"),
        ),
    ],
)
def test_each_area_is_none_present_or_not_excluded(
    changes: dict[str, object], found: tuple[str, ...]
) -> None:
    assert states(asked(**changes)) == found


def test_behind_an_adapter_nothing_is_excluded_and_nothing_is_tried() -> None:
    drive = replace(asked(native_max_lba=BLOCKS + 7), bus=Bus.USB)
    assert states(drive) == (UNSURE,) * 3
    plan = drive_plan(drive, machine(drive), Policy(buses=tuple(Bus)))
    assert plan.erases and plan.preparations == ()
    bridge = replace(drive, ata=None, serial_source="bridge")
    assert states(bridge) == (UNSURE,) * 3
    assert hidden_areas(replace(bridge, serial_source="stick")) == ()


def test_a_drive_on_sata_that_gives_no_sound_identify_may_hide_anything() -> None:
    silent = replace(asked(), ata=None)
    assert states(silent) == (UNSURE,) * 3
    assert hidden_areas(replace(silent, bus=Bus.SAS)) == ()


@pytest.mark.parametrize(
    ("shown_bytes", "own_block", "blocks", "beyond"),
    [
        # 3 TB in a dock that counts blocks in 32 bits
        (801_569_726_464, 512, 5_860_533_168, 2_199_023_255_552),
        (3_000_592_982_016, 512, 5_860_533_168, 0),
        # a dock that shows the same drive in blocks of 4 KiB, and a drive that has these itself
        (4096 * 732_566_646, 512, 5_860_533_168, 0),
        (4096 * 732_566_646, 4096, 732_566_646, 0),
        # one that keeps the last MiB for itself
        (3_000_592_982_016 - MIB, 512, 5_860_533_168, MIB),
    ],
)
def test_what_an_adapter_does_not_show_is_there_and_the_drive_is_left_alone(
    shown_bytes: int, own_block: int, blocks: int, beyond: int
) -> None:
    drive = asked(accessible_max_lba=blocks - 1, logical_block_bytes=own_block)
    drive = replace(drive, bus=Bus.USB, size_bytes=shown_bytes)
    assert states(drive)[0] == ("present" if beyond else UNSURE)
    plan = drive_plan(drive, machine(drive), Policy(buses=tuple(Bus)))
    told = [(item.code, item.facts["bytes"]) for item in plan.refusals]
    assert told == ([("adapter-shows-less", beyond)] if beyond else [])
    assert plan.preparations == ()


ANSWERS = st.one_of(st.none(), st.integers(0, 3), st.integers(BLOCKS - 3, BLOCKS + 3))


@given(ANSWERS, ANSWERS, ANSWERS, st.integers(BLOCKS - 3, BLOCKS + 3))
def test_none_is_said_only_when_nothing_larger_was_answered(
    native: int | None, dco: int | None, ama: int | None, accessible: int
) -> None:
    drive = asked(
        native_max_lba=native, dco_max_lba=dco, ama_max_lba=ama, accessible_max_lba=accessible - 1
    )
    areas = hidden_areas(drive)
    answers = [answer + 1 for answer in (native, dco, ama) if answer is not None]
    if all(area.state == "none" for area in areas):
        assert max([*answers, accessible]) <= BLOCKS
        assert None not in (native, dco, ama)
    plan = drive_plan(drive, machine(drive), Policy())
    there = {area.kind for area in areas if area.state == "present"}
    assert {item.code.split("-")[1] for item in plan.preparations} == there
    assert all(item.code in PREPARERS for item in plan.preparations)
    if any(area.state == UNSURE for area in areas):
        assert reached(plan.methods).rank <= Level.CLEAR.rank


def test_the_host_protected_area_goes_before_the_overlay() -> None:
    drive = asked(native_max_lba=BLOCKS + 7, dco_max_lba=BLOCKS + 19, ama_supported=False)
    plan = drive_plan(drive, machine(drive), Policy())
    assert [(item.code, item.facts["blocks"]) for item in plan.preparations] == [
        ("remove-hpa", 8),
        ("restore-dco", 12),
    ]


@pytest.mark.parametrize("tongue", ["en", "ar"])
def test_the_plan_tells_a_person_what_is_removed_first(tongue: str) -> None:
    drive = asked(native_max_lba=BLOCKS + 7, dco_max_lba=BLOCKS + 7)
    told = "\n".join(lines(job_plan(machine(drive), Policy(), ()), tongue))
    assert "HPA" in told and re.search(r"\b8\b", told)
    assert ("تُزال" in told) == (tongue == "ar")


def test_what_cannot_be_excluded_is_no_purge_and_what_is_left_is_no_pass() -> None:
    unsure = HiddenArea(kind="dco", state=UNSURE)
    left = HiddenArea(kind="hpa", state="present")
    gone = HiddenArea(kind="hpa", state="removed")
    assert capped(()) == capped((gone,)) == Level.DESTROY
    assert capped((gone, unsure)) == Level.CLEAR
    assert capped((unsure, left)) == Level.NONE
    drive = asked(dco_max_lba=None)
    policy = Policy(level=Level.PURGE, fallback=Level.NONE)
    assert drive_plan(drive, machine(drive), policy).refusals


def test_only_an_area_that_was_there_and_is_gone_was_removed() -> None:
    before = hidden_areas(asked(native_max_lba=BLOCKS + 7, dco_max_lba=BLOCKS + 7))
    after = hidden_areas(asked())
    assert [area.state for area in since(before, after)] == ["removed", "none", "none"]
    assert since(before, before) == before
    unsure = hidden_areas(asked(native_max_lba=None))
    assert since(before, unsure) == unsure


AT = "2026-11-24T10:00:00.000Z"


def folded(steps: list[tuple[str, dict[str, Any]]]) -> DriveResult:
    """A log's events, the drive as its task names it."""
    task = {"drive": to_json(asked()), "policy": to_json(Policy())}
    log = [("task", task), *steps]
    return drive_result(
        [Event(n=n, at=AT, event=name, data=data, prev="") for n, (name, data) in enumerate(log)]
    )


def uncovered(*states_now: str) -> list[tuple[str, dict[str, Any]]]:
    """Eight more blocks than the plan knew of, under another name, overwritten and read."""
    size = asked().size_bytes + 8 * 512
    areas = [HiddenArea(kind=kind, state=it) for kind, it in zip(KINDS, states_now, strict=True)]
    attempt = overwritten(replace(asked(), size_bytes=size))
    return [
        ("preparation-started", {"preparation": {"code": "remove-hpa", "facts": {"blocks": 8}}}),
        ("rescanned", {"size_bytes": size}),
        ("found-again", {"path": "/dev/sdq", "nodes": ["/dev/sdq", "/dev/sg7"]}),
        ("size-now", {"size_bytes": size}),
        ("hidden-areas", {"areas": to_json(areas)}),
        ("attempt-started", {"method": "overwrite", "level": "clear"}),
        ("attempt-ended", {"attempt": to_json(attempt)}),
        ("decided", {"size_after": size, "smart": None}),
    ]


def test_a_removed_area_is_erased_with_the_rest_and_both_sizes_are_stated() -> None:
    result = folded(uncovered("removed", "none", "none"))
    assert (result.outcome, result.exceptions) == (Outcome.CLEARED, ())
    assert result.size_after_bytes - result.size_before_bytes == 8 * 512
    assert (result.drive.path, result.drive.nodes) == ("/dev/sdq", ("/dev/sdq", "/dev/sg7"))
    assert result.drive.identity == asked().identity


def test_a_drive_is_found_again_at_its_place_and_only_with_its_nodes(tmp_path: Path) -> None:
    place = tmp_path / "0:0:0:0/block"
    drive = replace(asked(), sysfs=str(place / "sda"))
    assert found_again(drive) is None
    for name, blocks in (("none-such", "9"), ("null", "0")):
        (place / name).mkdir(parents=True)
        (place / name / "size").write_text(f"{blocks}\n")
    assert found_again(drive) is None, "one has no node, the other no size"
    (place / "null/size").write_text("2048\n")
    now = found_again(drive)
    assert now is not None
    assert (now.path, now.nodes, now.size_bytes) == ("/dev/null", ("/dev/null",), 1 << 20)
    assert now.identity == drive.identity and now.key == drive.key


def test_an_area_that_is_still_there_fails_the_drive_by_name() -> None:
    result = folded(uncovered("present", "none", "none"))
    assert (result.outcome, result.level) == (Outcome.FAILED, Level.NONE)
    assert [item.code for item in result.exceptions] == ["hidden-area-left"]


@given(st.integers(1, 8))
def test_wherever_the_log_is_cut_after_a_removal_nothing_is_certified(kept: int) -> None:
    result = folded(uncovered("removed", "none", "none")[: kept - 1])
    assert result.outcome not in (Outcome.CLEARED, Outcome.PURGED)
    assert result.outcome == (Outcome.NOT_ATTEMPTED if kept == 1 else Outcome.UNKNOWN)


# DEVICE CONFIGURATION IDENTIFY data, ACS-2 table 34.
def overlay(last: int, signature: int = 0xA5) -> bytes:
    raw = bytearray(512)
    raw[0], raw[6:14], raw[510] = 2, last.to_bytes(8, "little"), signature
    raw[511] = -sum(raw) & 0xFF
    return bytes(raw)


def test_the_overlays_record_is_believed_only_when_its_sum_is_right() -> None:
    assert dco_max_lba(overlay(0x1234567890)) == 0x1234567890
    assert dco_max_lba(overlay(7, signature=0)) is None
    damaged = bytearray(overlay(7))
    damaged[6] ^= 1
    assert dco_max_lba(bytes(damaged)) is None
    assert dco_max_lba(bytes(512)) is None and dco_max_lba(overlay(7)[:511]) is None


def test_only_an_ata_drive_is_asked_again_so_that_what_was_said_of_others_stands() -> None:
    said: list[str] = []
    for drive in (
        disk(bus=Bus.MMC, ata=None, path="/dev/mmcblk0"),
        replace(asked(), bus=Bus.USB),
    ):
        site = Site(
            fd=-1,
            drive=drive,
            policy=Policy(),
            cipher="chacha20",
            say=lambda event, **_: said.append(event),
            progress=lambda *_: None,
        )
        look_again(site, drive)
    assert said == []
