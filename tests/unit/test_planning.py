"""Given this machine and policy: what is planned, what is refused, and why."""

from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.erasure.methods import PERFORMERS
from appliance.erasure.planning import drive_plan, machine_blockers, reached
from appliance.erasure.preparing import PREPARERS
from appliance.erasure.standards import BY_ID, METHODS
from appliance.job.planning import job_plan
from appliance.model import (
    AtaFacts,
    Bus,
    Controller,
    Drive,
    Holder,
    JobPlan,
    Level,
    Media,
    Policy,
    Reason,
    digest,
    from_json,
    to_json,
)
from tests.unit.machines import ata_facts, disk, machine, nvme


def codes(reasons: tuple[Reason, ...]) -> set[str]:
    return {reason.code for reason in reasons}


def refusals(drive: Drive, *others: Drive, policy: Policy | None = None) -> set[str]:
    plan = drive_plan(drive, machine(drive, *others), policy or Policy())
    assert plan.erases != bool(plan.refusals)
    assert not (plan.refusals and plan.methods), "a refused drive has no methods"
    return codes(plan.refusals)


PURGE, CLEAR = Level.PURGE, Level.CLEAR
SANITIZE = {"sanitize_supported": True, "sanitize_state": "idle"}


def methods(drive: Drive, policy: Policy | None = None) -> list[tuple[str, Level]]:
    plan = drive_plan(drive, machine(drive), policy or Policy())
    return [(option.method, option.level) for option in plan.methods]


def flash(**ata: Any) -> Drive:
    return disk(media=Media.FLASH, ata=ata_facts(**ata))


def test_a_disk_without_any_erase_of_its_own_is_overwritten_as_clear() -> None:
    assert methods(disk(ata=ata_facts(security_supported=False))) == [("overwrite", CLEAR)]
    assert methods(disk()) == [("ata-erase", CLEAR), ("overwrite", CLEAR)]


def test_a_disk_overwrites_itself_before_it_scrambles_and_before_a_security_erase() -> None:
    able = ata_facts(
        **SANITIZE,
        sanitize_crypto=True,
        sanitize_overwrite=True,
        enhanced_erase_supported=True,
    )
    assert methods(disk(ata=able)) == [
        ("ata-sanitize-overwrite", PURGE),
        ("ata-sanitize-crypto-overwrite", PURGE),
        ("ata-erase-enhanced", PURGE),
        ("ata-erase", CLEAR),
        ("overwrite", CLEAR),
    ]


def test_flash_is_scrambled_and_block_erased_and_never_overwritten_by_a_sanitize() -> None:
    able = {
        **SANITIZE,
        "sanitize_crypto": True,
        "sanitize_block": True,
        "sanitize_overwrite": True,
        "enhanced_erase_supported": True,
    }
    assert methods(flash(**able)) == [
        ("ata-sanitize-crypto-block", PURGE),
        ("ata-sanitize-block", PURGE),
        ("ata-erase-enhanced", CLEAR),
        ("ata-erase", CLEAR),
        ("overwrite", CLEAR),
    ]
    believed = Policy(crypto_erase_alone=True)
    assert ("ata-sanitize-crypto", PURGE) in methods(flash(**able), believed)


def test_frozen_commands_are_ruled_out_with_the_way_to_free_them() -> None:
    drive = disk(ata=ata_facts(enhanced_erase_supported=True, security_frozen=True))
    plan = drive_plan(drive, machine(drive), Policy())
    out = {item.method: codes(item.reasons) for item in plan.ruled_out}
    assert out["ata-erase-enhanced"] == out["ata-erase"] == {"security-frozen"}
    assert codes(plan.notes) == {"ata-frozen"}
    slept = machine(drive, warnings=(Reason(code="machine-slept"),))
    assert codes(drive_plan(drive, slept, Policy()).notes) == {"ata-frozen-still"}
    drive = flash(**SANITIZE, sanitize_block=True, sanitize_frozen=True)
    plan = drive_plan(drive, machine(drive), Policy())
    out = {item.method: codes(item.reasons) for item in plan.ruled_out}
    assert out["ata-sanitize-block"] == {"sanitize-frozen"}


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({}, []),
        ({"security_enabled": True, "security_locked": True}, ["unlock-known-password"]),
        ({"security_enabled": True}, ["unlock-known-password"]),
        ({"sanitize_state": "succeeded"}, []),
        ({"sanitize_state": "failed"}, ["leave-failed-sanitize"]),
        (
            {"sanitize_state": "running", "security_enabled": True},
            ["wait-for-sanitize", "unlock-known-password"],
        ),
    ],
)
def test_what_an_earlier_run_left_is_put_right_first(
    changes: dict[str, Any], wanted: list[str]
) -> None:
    drive = disk(ata=ata_facts(**changes))
    plan = drive_plan(drive, machine(drive), Policy())
    assert plan.methods and [item.code for item in plan.preparations] == wanted
    assert set(wanted) <= set(PREPARERS)


def test_nvme_is_formatted_first_and_overwritten_if_that_fails() -> None:
    plan = drive_plan(nvme(), machine(nvme()), Policy())
    assert [option.method for option in plan.methods] == ["nvme-format-user-data", "overwrite"]
    out = {item.method: codes(item.reasons) for item in plan.ruled_out}
    assert out["nvme-format-crypto"] == {"drive-lacks"}
    assert out["nvme-sanitize-block"] == {"drive-lacks"}


def test_format_is_out_where_it_could_reach_other_namespaces() -> None:
    drive = nvme()
    assert drive.nvme is not None
    drive = replace(drive, nvme=replace(drive.nvme, namespaces=(1, 2, 3)))
    plan = drive_plan(drive, machine(drive), Policy())
    assert [option.method for option in plan.methods] == ["overwrite"]


def test_purge_without_fallback_refuses_what_only_reaches_clear() -> None:
    policy = Policy(level=Level.PURGE, fallback=Level.NONE)
    assert refusals(disk(), policy=policy) == {"no-method"}


@pytest.mark.parametrize(
    ("drive", "code"),
    [
        (disk(is_stick=True), "is-the-stick"),
        (disk(bus=Bus.USB), "bus-not-allowed"),
        (disk(serial=""), "no-serial"),
        (disk(size_bytes=0), "no-medium"),
        (disk(logical_block_bytes=520), "block-size"),
        (disk(read_only_medium=True), "read-only-medium"),
        (disk(warnings=(Reason(code="drive-silent"),)), "drive-does-not-answer"),
        (disk(ata=ata_facts(security_locked=True, security_frozen=True)), "ata-locked-closed"),
        (disk(ata=ata_facts(security_locked=True, security_tries_over=True)), "ata-locked-closed"),
        (disk(ata=ata_facts(security_enabled=True, security_frozen=True)), "ata-password-set"),
        (
            disk(holders=(Holder(path="/dev/sda1", kind="mount", mountpoints=("/",)),)),
            "carries-the-system",
        ),
    ],
)
def test_refused(drive: Drive, code: str) -> None:
    assert code in refusals(drive)


def test_nothing_is_erased_while_the_stick_is_not_known() -> None:
    pc = machine(disk(), warnings=(Reason(code="stick-unknown"),))
    assert codes(drive_plan(disk(), pc, Policy()).refusals) == {"stick-unknown"}


def test_twins_are_both_refused() -> None:
    one, other = disk("SAME"), disk("SAME", path="/dev/sdb")
    assert refusals(one, other) == {"identity-not-unique"}


def test_holders_are_released_from_the_top() -> None:
    inner = Holder(path="/dev/dm-0", kind="lvm", mountpoints=("/mnt/a", "/mnt/a/b"))
    drive = disk(holders=(Holder(path="/dev/sda2", kind="part", holders=(inner,)),))
    plan = drive_plan(drive, machine(drive), Policy())
    assert plan.release == ("umount /mnt/a/b", "umount /mnt/a", "lvm /dev/dm-0")


def test_a_raid_controller_without_drives_blocks_the_certificate() -> None:
    controller = Controller(
        address="0000:00:17.0", pci_class="010400", name="0x8086:0x2822", driver=None
    )
    found = machine_blockers(machine(disk(), controllers=(controller,)))
    assert codes(found) == {"controller-without-drives"}
    assert not machine_blockers(machine(disk()))


def test_only_methods_that_can_be_performed_are_ever_chosen() -> None:
    assert {method.id for method in METHODS if method.built} == set(PERFORMERS)


buses, media = st.sampled_from(list(Bus)), st.sampled_from(list(Media))
flags = st.booleans()


# Every yes-or-no that IDENTIFY DEVICE holds, and what a sanitize may be doing.
ata_states = st.fixed_dictionaries(
    {
        **{item.name: flags for item in fields(AtaFacts) if item.type == "bool"},
        "sanitize_state": st.sampled_from([None, "idle", "running", "failed", "succeeded"]),
    }
)


@given(buses, media, st.integers(0, 7), st.integers(0, 7), ata_states, flags, flags)
def test_no_plan_reaches_a_level_that_its_methods_cannot_give(
    bus: Bus, medium: Media, fna: int, sanicap: int, ata: dict[str, Any], purge: bool,
    fallback: bool,
) -> None:  # fmt: skip
    drive = nvme(fna=fna, sanicap=sanicap) if bus == Bus.NVME else disk(bus=bus)
    drive = replace(drive, media=medium, ata=ata_facts(**ata))
    policy = Policy(
        level=Level.PURGE if purge else Level.CLEAR,
        fallback=Level.CLEAR if fallback else Level.NONE,
        buses=tuple(Bus),
    )
    plan = drive_plan(drive, machine(drive), policy)
    for option in plan.methods:
        method = BY_ID[option.method]
        assert option.level == method.levels[medium]
        assert method.built and bus in method.buses
        assert option.level.rank >= (Level.CLEAR.rank if fallback or not purge else 2)
        assert not (option.method.startswith("ata-erase") and ata["security_frozen"])
        assert not (option.method.startswith("ata-sanitize") and ata["sanitize_frozen"])
    assert {item.code for item in plan.preparations} <= set(PREPARERS)
    assert reached(plan.methods) in {option.level for option in plan.methods} | {Level.NONE}
    names = {option.method for option in plan.methods} | {out.method for out in plan.ruled_out}
    if not plan.refusals:
        assert names == {method.id for method in METHODS if bus in method.buses}


def test_a_plan_survives_json_and_keeps_its_digest() -> None:
    plan = job_plan(machine(disk(), nvme()), Policy(), ())
    again = from_json(JobPlan, to_json(plan))
    assert again == plan
    assert digest(again) == digest(plan)
    changed = job_plan(machine(disk("OTHER"), nvme()), Policy(), ())
    assert digest(changed) != digest(plan)
