"""What the hardware says, read without being believed more than it deserves."""

import json
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.erasure.planning import drive_plan
from appliance.hardware import ata, descriptor, drives, holders
from appliance.hardware.booted import booted, is_gone
from appliance.hardware.sysfs import printable
from appliance.model import Level, Media, Policy
from tests.unit.machines import ata_facts, disk, machine


@given(st.binary(max_size=60))
def test_a_drives_own_string_can_do_no_harm(raw: bytes) -> None:
    shown = printable(raw)
    assert shown.isprintable()
    assert shown == shown.strip()
    assert "\x1b" not in shown and "\u202e" not in shown


def test_strings_that_differ_stay_different() -> None:
    names = [b"WD 1", b"WD\x1b[2J1", "قرص".encode(), b"\xff\xfe", b"\\xff", "WD\u202e1".encode()]
    names += [b"WD\x9b1", "WD\u009b1".encode()]
    assert len({printable(name) for name in names}) == len(names)
    assert printable(b"WD\x9b1") == "WD\\x9b1"
    assert printable("قرص".encode()) == "قرص"


def words(**changes: int) -> tuple[int, ...]:
    """IDENTIFY DEVICE words of a plain disk: words 83 valid with 48-bit addresses."""
    made = [0] * 256
    made[82], made[83], made[87] = 0x0001, 0x4400, 0x4000
    made[100] = 0x1000
    for name, value in changes.items():
        made[int(name[1:])] = value
    return tuple(made)


def test_security_and_sanitize_are_read_from_bits() -> None:
    facts = ata.ata_facts(words(w128=0b101111, w59=1 << 12 | 1 << 15))
    assert facts.security_supported and facts.security_enabled
    assert facts.security_locked and facts.security_frozen and facts.enhanced_erase_supported
    assert facts.sanitize_supported and facts.sanitize_block and not facts.sanitize_crypto
    assert facts.accessible_max_lba == 0xFFF
    hides = ata.ata_facts(words(w82=1 << 10, w83=0x4C00, w119=0x4100))
    assert hides.hpa_supported and hides.dco_supported and hides.ama_supported
    unfilled = ata.ata_facts(words(w82=0xFFFF, w83=0xFFFF, w119=0xFFFF))
    assert not (unfilled.hpa_supported or unfilled.dco_supported or unfilled.ama_supported)
    plain = ata.ata_facts(words())
    assert not plain.security_locked and not plain.sanitize_supported and not plain.hpa_supported


def test_rotation() -> None:
    assert ata.rotation_rpm(words(w217=1)) == 0
    assert ata.rotation_rpm(words(w217=7200)) == 7200
    assert ata.rotation_rpm(words(w217=0)) is None
    assert ata.rotation_rpm(words(w217=0xFFFF)) is None


@pytest.mark.parametrize(
    ("said", "medium"),
    [
        ({"w217": 7200, "w169": 1}, Media.MAGNETIC),
        ({"w217": 1}, Media.FLASH),
        # from before word 217: by what only one kind has
        ({"w217": 0}, Media.UNKNOWN),
        ({"w217": 0xFFFF, "w168": 0xFFFF, "w169": 0xFFFF, "w83": 0}, Media.UNKNOWN),
        ({"w217": 0, "w0": 0x848A}, Media.FLASH),
        ({"w217": 0, "w83": 0x4004}, Media.FLASH),
        ({"w217": 0, "w168": 0x0006}, Media.FLASH),
        ({"w217": 0, "w169": 0x0001}, Media.FLASH),
        ({"w217": 0, "w59": 0x9000}, Media.FLASH),
        ({"w217": 0, "w83": 0x4200}, Media.MAGNETIC),
        ({"w217": 0, "w83": 0x4020}, Media.MAGNETIC),
        # a word 83 that was never filled in
        ({"w217": 0, "w83": 0x0200}, Media.UNKNOWN),
    ],
)
def test_the_medium_is_what_the_drive_says_and_unknown_where_it_says_nothing(
    said: dict[str, int], medium: Media
) -> None:
    assert ata.medium(words(**said)) is medium


def test_flash_that_does_not_say_so_never_reaches_purge_by_an_enhanced_erase() -> None:
    drive = disk(media=Media.UNKNOWN, ata=ata_facts(enhanced_erase_supported=True))
    levels = {
        option.method: option.level
        for option in drive_plan(drive, machine(drive), Policy()).methods
    }
    assert levels["ata-erase-enhanced"] is Level.CLEAR
    assert set(levels.values()) == {Level.CLEAR}


def test_an_identity_has_its_name_only_where_the_drive_declares_one() -> None:
    named = list(words(w87=0x4100, w108=0x5001, w109=0x2345, w110=0x6789, w111=0xABCD))
    for place, text in ((10, b"SERIAL-0001         "), (27, b"MODEL X" + b" " * 33)):
        pairs = struct.unpack(f">{len(text) // 2}H", text)
        named[place : place + len(pairs)] = pairs
    identity = descriptor.ata_identity(tuple(named))
    assert (identity.serial, identity.model) == ("SERIAL-0001", "MODEL X")
    assert identity.wwn == "naa.500123456789abcd"
    named[87] = 0x4000
    assert descriptor.ata_identity(tuple(named)).wwn is None


# A line of /proc/self/mountinfo as proc_pid_mountinfo(5) gives it, with an escaped blank.
MOUNTINFO = (
    "36 35 8:1 / /mnt/my\\040disk rw,noatime - ext4 /dev/sda1 rw\n40 35 8:1 / /b rw - ext4 x rw\n"
)


def test_mounts_and_swaps_are_found() -> None:
    assert holders.mounts(MOUNTINFO) == {"8:1": ("/mnt/my disk", "/b")}
    swaps = "Filename\t\t\t\tType\t\tSize\n/dev/sda2 partition 1 0 -2\n"
    assert holders.swap_paths(swaps) == {"/dev/sda2"}


def test_the_stick_and_a_copy_of_it_are_known(tmp_path: Path) -> None:
    file = tmp_path / "booted"
    record = {"stick": {"disk": "/dev/sdb", "partition": "/dev/sdb2", "partuuid": "aa-bb"}}
    file.write_text(json.dumps({**record, "unsigned_reason": None}))
    where = booted(file)
    assert (where.disk, where.mark, where.unsigned) == ("sdb", "aa-bb", None)
    disk = tmp_path / "sdc"
    (disk / "sdc2").mkdir(parents=True)
    (disk / "sdc2/uevent").write_text("MAJOR=8\nPARTNAME=aa-bb\n")
    assert drives._is_twin(disk, where.mark)
    assert not drives._is_twin(disk, "aa-bc") and not drives._is_twin(disk, "")
    assert is_gone(where, tmp_path / "sys")
    (tmp_path / "sys/block/sdb").mkdir(parents=True)
    assert not is_gone(where, tmp_path / "sys")
    assert booted(tmp_path / "missing").disk is None
    assert not is_gone(booted(tmp_path / "missing"), tmp_path / "sys")
    file.write_text("{")
    assert booted(file).disk is None
