"""What is planned for SAS, eMMC and USB drives, and what their statements say of themselves."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.erasure.planning import drive_plan
from appliance.erasure.standards import BY_ID
from appliance.hardware.hidden import capped
from appliance.hardware.mmc import mmc_areas
from appliance.model import (
    Bus,
    Drive,
    DrivePlan,
    Identity,
    Level,
    Media,
    MmcFacts,
    Policy,
    Reason,
    ScsiFacts,
    UsbFacts,
)
from tests.unit.machines import disk, machine


def plan(drive: Drive, **policy: Any) -> DrivePlan:
    return drive_plan(drive, machine(drive), Policy(buses=tuple(Bus), **policy))


def methods(drive: Drive) -> list[tuple[str, Level]]:
    return [(option.method, option.level) for option in plan(drive).methods]


def codes(reasons: tuple[Reason, ...]) -> set[str]:
    return {reason.code for reason in reasons}


def sas(media: Media = Media.FLASH, **facts: Any) -> Drive:
    plain = ScsiFacts(
        protocol=6, block_bytes=512, rotation_rpm=0, sanitize=("overwrite", "block", "crypto")
    )
    identity = Identity(model="LAB SAS", serial="S1", wwn="naa.5000c50000000001")
    return disk(identity=identity, bus=Bus.SAS, media=media, ata=None, scsi=replace(plain, **facts))


def emmc(**facts: Any) -> Drive:
    plain = MmcFacts(kind="MMC", revision=8, secure_erase=True, trim=True, sanitize=True)
    return disk(bus=Bus.MMC, media=Media.FLASH, ata=None, mmc=replace(plain, **facts))


def test_a_sas_ssd_is_block_erased_and_a_disk_overwritten_by_its_firmware() -> None:
    assert methods(sas()) == [
        ("scsi-sanitize-block", Level.PURGE),
        ("scsi-sanitize-crypto-overwrite", Level.PURGE),
        ("overwrite", Level.CLEAR),
    ]
    assert methods(sas(Media.MAGNETIC)) == [
        ("scsi-sanitize-crypto-overwrite", Level.PURGE),
        ("scsi-sanitize-overwrite", Level.PURGE),
        ("overwrite", Level.CLEAR),
    ]


@pytest.mark.parametrize("sanitize", [None, ()])
def test_without_an_answer_about_sanitize_only_the_overwrite_is_left(
    sanitize: tuple[str, ...] | None,
) -> None:
    assert methods(sas(sanitize=sanitize)) == [("overwrite", Level.CLEAR)]


def test_a_sanitize_after_which_nothing_can_be_read_is_out() -> None:
    drive = sas(sanitize=("block",), needs_writing=("block",))
    assert methods(drive) == [("overwrite", Level.CLEAR)]


@pytest.mark.parametrize("block_bytes", [520, 524, 528])
def test_the_sectors_of_an_array_are_named_although_the_kernel_shows_no_size(
    block_bytes: int,
) -> None:
    refused = plan(replace(sas(block_bytes=block_bytes), size_bytes=0))
    assert refused.refusals == (Reason(code="block-size", facts={"bytes": block_bytes}),)


def test_a_drive_in_the_middle_of_a_sanitize_is_waited_for_although_it_shows_no_size() -> None:
    drive = replace(sas(state="running", sanitize=None), size_bytes=0)
    assert not plan(drive).refusals
    assert codes(plan(drive).preparations) == {"wait-for-sanitize"}
    assert methods(drive)[0] == ("scsi-sanitize-block", Level.PURGE)
    failed = replace(sas(state="failed"), size_bytes=0)
    assert codes(plan(failed).preparations) == {"leave-failed-sanitize"}
    assert codes(plan(replace(drive, scsi=None)).refusals) == {"no-medium"}


def test_an_emmc_is_erased_with_its_boot_partitions() -> None:
    drive = emmc(boot_bytes=4 << 20)
    assert methods(drive) == [("mmc-erase-sanitize", Level.CLEAR), ("overwrite", Level.CLEAR)]
    assert codes(plan(drive).preparations) == {"erase-boot-areas"}
    assert plan(emmc()).preparations == ()


@pytest.mark.parametrize("lacking", [{"sanitize": False}, {"secure_erase": False, "trim": False}])
def test_an_emmc_that_cannot_sanitize_is_overwritten(lacking: dict[str, bool]) -> None:
    drive = emmc(boot_bytes=4 << 20, **lacking)
    assert methods(drive) == [("overwrite", Level.CLEAR)]
    assert codes(plan(drive).preparations) == {"erase-boot-areas"}


def test_an_sd_card_is_overwritten() -> None:
    drive = replace(emmc(), mmc=MmcFacts(kind="SD"))
    assert methods(drive) == [("overwrite", Level.CLEAR)]
    assert plan(drive).preparations == ()


def test_boot_partitions_that_nobody_erased_forbid_every_level() -> None:
    assert capped(mmc_areas(MmcFacts(kind="MMC", boot_bytes=4 << 20))) == Level.NONE
    assert capped(mmc_areas(MmcFacts(kind="MMC", rpmb_bytes=1 << 17))) == Level.CLEAR


def test_behind_usb_only_the_overwrite_is_left_and_whose_serial_it_is_is_said() -> None:
    facts = UsbFacts(
        ids="152d:0578", name="LAB Bridge", serial="B1", driver="usb-storage", ata_commands="eaten"
    )
    drive = disk(bus=Bus.USB, media=Media.UNKNOWN, ata=None, usb=facts, serial_source="bridge")
    assert methods(drive) == [("overwrite", Level.CLEAR)]
    # Nobody could ask the drive behind it what it hides.
    said = {"serial-from-bridge", "bridge-eats-commands", "hidden-area-not-excluded"}
    assert codes(plan(drive).notes) == said
    stick = replace(drive, serial_source="stick", usb=replace(facts, ata_commands="refused"))
    assert plan(stick).notes == ()
    # A bridge that lets everything through gets no firmware command either.
    through = replace(drive, ata=disk().ata, serial_source="drive", media=Media.FLASH)
    assert methods(through) == [("overwrite", Level.CLEAR)]


def test_usb_is_erased_only_where_the_policy_allows_it() -> None:
    drive = disk(bus=Bus.USB, media=Media.UNKNOWN, ata=None)
    assert codes(drive_plan(drive, machine(drive), Policy()).refusals) == {"bus-not-allowed"}


kinds = st.sampled_from(("overwrite", "block", "crypto"))
scsi_facts = st.builds(
    ScsiFacts,
    protocol=st.none() | st.integers(0, 15),
    block_bytes=st.none() | st.sampled_from((512, 520, 524, 528, 4096)),
    rotation_rpm=st.none() | st.integers(0, 15000),
    sanitize=st.none() | st.lists(kinds, unique=True).map(tuple),
    zeros_after_erase=st.booleans(),
    needs_writing=st.lists(st.sampled_from(("block", "crypto")), unique=True).map(tuple),
    state=st.sampled_from(("idle", "running", "failed")),
)
mmc_facts = st.builds(
    MmcFacts,
    kind=st.sampled_from(("MMC", "SD")),
    secure_erase=st.booleans(),
    trim=st.booleans(),
    sanitize=st.booleans(),
    boot_bytes=st.sampled_from((0, 4 << 20)),
    rpmb_bytes=st.sampled_from((0, 1 << 17)),
)


@given(st.sampled_from((Bus.SAS, Bus.MMC, Bus.USB)), st.sampled_from(list(Media)),
       scsi_facts, mmc_facts)  # fmt: skip
def test_whatever_such_a_drive_says_its_plan_promises_no_more_than_the_table(
    bus: Bus, media: Media, scsi: ScsiFacts, mmc: MmcFacts
) -> None:
    drive = disk(bus=bus, media=media, ata=None)
    if bus == Bus.SAS:
        drive = replace(drive, scsi=scsi)
    if bus == Bus.MMC:
        drive = replace(drive, mmc=mmc)
    found = plan(drive)
    for option in found.methods:
        assert option.level == BY_ID[option.method].levels[media]
        assert option.level == Level.CLEAR or bus == Bus.SAS
        if option.method.startswith("scsi-"):
            kind = option.method.split("-")[2]
            silent = scsi.sanitize is None and scsi.state != "idle"
            assert (silent or kind in (scsi.sanitize or ())) and kind not in scsi.needs_writing
    if drive.scsi is not None and scsi.block_bytes in (520, 524, 528):
        assert found.refusals
    erased_first = {reason.code for reason in found.preparations}
    assert (erased_first == {"erase-boot-areas"}) == (bus == Bus.MMC and mmc.boot_bytes > 0)
    waits = erased_first & {"wait-for-sanitize", "leave-failed-sanitize"}
    closed = drive.scsi is not None and scsi.state != "idle"
    assert bool(waits) == (closed and not found.refusals)
