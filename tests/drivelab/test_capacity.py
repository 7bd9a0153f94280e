"""The models of what hides a part of a drive, and how the product reads their answers."""

from __future__ import annotations

from appliance.hardware.ata import accessible_lbas, ata_facts
from appliance.hardware.hidden import dco_max_lba
from tests.drivelab.atacommand import ABORTED, NO_SUCH_ADDRESS
from tests.drivelab.media import Store
from tests.drivelab.test_models import OLD, Answer, disk, read, words


def test_a_former_owner_hides_the_end_and_the_host_undoes_it() -> None:
    drive, _ = disk()
    drive.capacity.hide(hpa=56)
    assert accessible_lbas(words(drive)) == 200 and read(drive, 200).error == NO_SUCH_ADDRESS
    assert Answer(drive, 0x27).task.lba == 255
    assert Answer(drive, 0x37, lba=255, count=1).error == 0
    assert accessible_lbas(words(drive)) == 256 and read(drive, 255).data == OLD
    # for good only once after each start
    Answer(drive, 0x27)
    assert Answer(drive, 0x37, lba=100, count=1).error == NO_SUCH_ADDRESS
    drive.reset("power")
    Answer(drive, 0x27)
    assert Answer(drive, 0x37, lba=100, count=1).error == 0


def test_the_overlay_is_restored_only_without_a_protected_area() -> None:
    drive, _ = disk(dco=True)
    drive.capacity.hide(dco=40, hpa=16)
    assert ata_facts(words(drive)).dco_supported
    assert accessible_lbas(words(drive)) == 200 and Answer(drive, 0x27).task.lba == 215
    assert dco_max_lba(Answer(drive, 0xB1, feature=0xC2).data) == 255
    assert Answer(drive, 0xB1, feature=0xC0).error == ABORTED
    Answer(drive, 0x27)
    Answer(drive, 0x37, lba=215, count=1)
    assert Answer(drive, 0xB1, feature=0xC0).error == 0
    assert accessible_lbas(words(drive)) == 256
    assert Answer(drive, 0xB1, feature=0xC1).error == 0
    assert Answer(drive, 0xB1, feature=0xC2).error == ABORTED


def test_the_accessible_maximum_is_set_once_after_each_start() -> None:
    drive, _ = disk(hpa=False, ama=True)
    drive.capacity.hide(ama=56)
    assert ata_facts(words(drive)).ama_supported and not ata_facts(words(drive)).hpa_supported
    assert Answer(drive, 0x27).error == ABORTED
    assert Answer(drive, 0x78, feature=0).task.lba == 255
    assert Answer(drive, 0x78, feature=1, lba=255).error == 0
    assert accessible_lbas(words(drive)) == 256
    assert Answer(drive, 0x78, feature=1, lba=99).error == NO_SUCH_ADDRESS
    assert Answer(drive, 0x78, feature=2).error == 0
    drive.reset("power")
    assert Answer(drive, 0x78, feature=1, lba=99).error == ABORTED


def test_a_drive_without_the_feature_sets_knows_none_of_the_commands() -> None:
    drive, _ = disk(hpa=False)
    for command, feature in ((0x27, 0), (0x37, 0), (0xB1, 0xC2), (0x78, 0)):
        assert Answer(drive, command, feature=feature).error == ABORTED


def test_a_deaf_drive_says_yes_and_keeps_its_area() -> None:
    drive, _ = disk()
    drive.capacity.hide(hpa=56)
    drive.capacity.deaf = True
    Answer(drive, 0x27)
    assert Answer(drive, 0x37, lba=255, count=1).error == 0
    assert accessible_lbas(words(drive)) == 200


def test_an_erase_that_ends_at_what_is_visible_leaves_the_rest() -> None:
    medium = Store(256)
    medium.write(0, OLD * 256)
    drive, clock = disk(medium, erases_visible=True, erase_s=10.0)
    drive.capacity.hide(hpa=56)
    Answer(drive, 0xF1, bytes(2) + b"p".ljust(510, b"\0"))
    Answer(drive, 0xF3)
    Answer(drive, 0xF4, bytes((2, 0)) + b"p".ljust(510, b"\0"))
    clock.advance(20.0)
    assert bytes(medium.read(0, 256)) == bytes(200 * 512) + OLD * 56


def test_a_slow_drive_answers_late() -> None:
    drive, clock = disk(latency_s=5.0)
    slow = read(drive, 0)
    assert slow.answers == []
    clock.advance(5.0)
    assert slow.data == OLD
