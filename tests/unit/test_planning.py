"""Given this machine and policy: what is planned, what is refused, and why."""

from dataclasses import replace
from typing import Any

import pytest

from appliance.erasure.methods import PERFORMERS
from appliance.erasure.planning import drive_plan, machine_blockers
from appliance.erasure.preparing import PREPARERS
from appliance.erasure.standards import METHODS
from appliance.hardware.members import arrays
from appliance.job.planning import job_plan
from appliance.model import (
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
from tests.unit.machines import ata_facts, disk, machine, namespace, nvme, nvme_facts


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


def chosen(drive: Drive, policy: Policy | None = None) -> list[str]:
    plan = drive_plan(drive, machine(drive), policy or Policy())
    return [option.method for option in plan.methods]


def test_nvme_is_sanitized_first_and_crypto_alone_only_where_the_policy_says_so() -> None:
    fully = nvme(fna=0x04, sanicap=0b11)
    rest = ["nvme-format-crypto", "nvme-format-user-data", "overwrite"]
    wanted = ["nvme-sanitize-crypto-block", "nvme-sanitize-block"]
    assert chosen(fully) == wanted + rest
    assert chosen(fully, Policy(crypto_erase_alone=True)) == [
        *wanted,
        "nvme-sanitize-crypto",
        *rest,
    ]
    assert chosen(nvme(sanicap=0b10)) == [
        "nvme-sanitize-block",
        "nvme-format-user-data",
        "overwrite",
    ]


def test_several_namespaces_are_one_drive_that_is_erased_whole_or_not_at_all() -> None:
    three = nvme_facts(*(namespace(n) for n in (1, 2, 3)), sanicap=0b11)
    drive = nvme(facts=three)
    assert [part.path for part in drive.parts] == ["/dev/nvme0n1", "/dev/nvme0n2", "/dev/nvme0n3"]
    assert drive.size_bytes == sum(part.size_bytes for part in drive.parts)
    plan = drive_plan(drive, machine(drive), Policy())
    assert plan.methods[0].method == "nvme-sanitize-crypto-block"
    assert "erases-namespaces" in codes(plan.notes)
    unseen = replace(three, namespaces=(*three.namespaces[:2], namespace(3, path="")))
    assert "namespace-unseen" in refusals(nvme(facts=unseen))
    other_blocks = replace(three, namespaces=(namespace(1), namespace(2, logical_block_bytes=520)))
    assert "block-size" in refusals(nvme(facts=other_blocks))


def test_one_format_for_all_namespaces_must_be_possible_and_keep_their_block_sizes() -> None:
    two = (namespace(1), namespace(2))
    assert chosen(nvme(facts=nvme_facts(*two))) == ["nvme-format-user-data", "overwrite"]
    assert chosen(nvme(facts=nvme_facts(*two, fna=0x08))) == ["overwrite"]
    mixed = (namespace(1), namespace(2, lba_format=1, logical_block_bytes=4096))
    assert chosen(nvme(facts=nvme_facts(*mixed))) == ["overwrite"]


def test_a_drive_with_namespaces_that_nobody_can_check_is_left_alone() -> None:
    facts = nvme_facts(sanicap=0b11, detached=1)
    assert refusals(nvme(facts=facts)) == {"namespaces-detached"}


def test_a_sanitize_of_an_earlier_run_is_dealt_with_first() -> None:
    for state, code in (("running", "wait-for-sanitize"), ("failed", "leave-failed-sanitize")):
        drive = nvme(facts=nvme_facts(sanitize=state))
        plan = drive_plan(drive, machine(drive), Policy())
        assert codes(plan.preparations) == {code} <= set(PREPARERS)
    assert not drive_plan(nvme(), machine(nvme()), Policy()).preparations


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
        (disk(bus=Bus.MMC, ata=ata_facts(security_locked=True)), "ata-locked"),
        (disk(bus=Bus.MMC, ata=ata_facts(security_enabled=True)), "ata-password-set"),
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


@pytest.mark.parametrize(
    ("maker", "code"),
    [
        ("LENOVO", "controller-without-drives-lenovo"),
        ("Dell Inc.", "controller-without-drives-dell"),
        ("Hewlett-Packard", "controller-without-drives-hp"),
        ("HP", "controller-without-drives-hp"),
        ("Gigabyte", "controller-without-drives"),
    ],
)
def test_a_raid_controller_without_drives_blocks_the_certificate_with_the_makers_advice(
    maker: str, code: str
) -> None:
    controller = Controller(
        address="0000:00:17.0", pci_class="010400", name="0x8086:0x2822", driver=None
    )
    found = machine_blockers(machine(disk(), maker=maker, controllers=(controller,)))
    assert codes(found) == {code}
    assert not machine_blockers(machine(disk(), maker=maker))


def test_a_member_of_an_array_is_named_and_erased_as_the_drive_that_it_is() -> None:
    kinds = ("isw_raid_member", "vfat", "LVM2_member", "isw_raid_member")
    drive = disk(arrays=arrays(kinds))
    plan = drive_plan(drive, machine(drive), Policy())
    assert not plan.refusals
    assert plan.methods
    (note,) = [note for note in plan.notes if note.code == "array-member"]
    assert note.facts == {"arrays": "Intel RST (IMSM), LVM"}


def test_only_methods_that_can_be_performed_are_ever_chosen() -> None:
    assert {method.id for method in METHODS if method.built} == set(PERFORMERS)


def test_a_plan_survives_json_and_keeps_its_digest() -> None:
    plan = job_plan(machine(disk(), nvme()), Policy(), ())
    again = from_json(JobPlan, to_json(plan))
    assert again == plan
    assert digest(again) == digest(plan)
    changed = job_plan(machine(disk("OTHER"), nvme()), Policy(), ())
    assert digest(changed) != digest(plan)
