"""Laying down over a disk with a pattern in every block: what is the image, and what is not."""

from __future__ import annotations

import errno
import multiprocessing
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.imaging import gpt
from appliance.imaging.deploy import Order, deploy, planned_extents
from appliance.imaging.errors import ImageTrustError, LayDownError, LayDownStoppedError
from appliance.imaging.laydown import Progress, Written, lay_down
from appliance.imaging.manifest import DATA_NAME, FIRST_BYTES, SECTOR_BYTES, Manifest
from appliance.imaging.shelf import shelf
from appliance.imaging.source import FileSource
from appliance.model import ByteRange, Identity
from appliance.statement.build import build_deployment
from imagebuilder.toolsroot import run_tool
from tests.unit.faultydisk import Faults, faulty_disk, loop_device
from tests.unit.firmware import Firmware
from tests.unit.office import HEAD, JOB, TOOL, Office
from tests.unit.office import drive as drive_of_office
from tests.unit.smallimage import ESP_OFFSET, IDS, MIB, ROOT_OFFSET, SmallImage, small_image

PATTERN = b"\xa5donor's-data\x5a\x00" + bytes(range(1, 18))
DRIVE_BYTES = 64 * MIB + 512


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> SmallImage:
    return small_image(tmp_path_factory.mktemp("image"))


@pytest.fixture
def drive(tmp_path: Path) -> Path:
    """A disk with a pattern in every block."""
    path = tmp_path / "drive"
    path.write_bytes((PATTERN * (DRIVE_BYTES // len(PATTERN) + 1))[:DRIVE_BYTES])
    return path


@contextmanager
def opened(path: Path, flags: int = os.O_RDWR | os.O_DIRECT) -> Iterator[int]:
    fd = os.open(path, flags)
    try:
        yield fd
    finally:
        os.close(fd)


def laid(
    image: SmallImage,
    drive: Path,
    *,
    manifest: Manifest | None = None,
    data: Path | None = None,
    report: Callable[[Progress], None] = lambda progress: None,
    resume: bool = False,
    stop: threading.Event | None = None,
    drive_bytes: int = DRIVE_BYTES,
    read_back: bool = True,
    blank: bool = False,
) -> Written:
    with opened(drive) as fd, opened(data or image.place / DATA_NAME, os.O_RDONLY) as source:
        return lay_down(
            fd,
            FileSource(source),
            manifest or image.manifest,
            drive_bytes=drive_bytes,
            report=report,
            resume=resume,
            stop=stop,
            read_back=read_back,
            blank=blank,
        )


def order(image: SmallImage, drive: Path, drive_bytes: int = DRIVE_BYTES) -> Order:
    found = shelf(image.place.parent, (image.key.public_pem,))
    assert found.reasons == ()
    (offer,) = found.images
    return Order(
        drive=Identity(model="Small", serial="S1"),
        path=str(drive),
        drive_bytes=drive_bytes,
        open_drive=lambda: os.open(drive, os.O_RDWR | os.O_DIRECT),
        image=offer,
        trusted=(image.key.public_pem,),
        asset_tag="TJ-0042-7",
        bios=False,
    )


def test_every_block_of_the_extent_is_the_image_and_every_other_is_untouched(
    made: SmallImage, drive: Path
) -> None:
    before = drive.read_bytes()
    written = laid(made, drive)
    after = drive.read_bytes()
    size = made.manifest.disk_bytes
    assert written.first == made.raw[:FIRST_BYTES]
    assert after[:FIRST_BYTES] == bytes(FIRST_BYTES)
    assert after[FIRST_BYTES:size] == made.raw[FIRST_BYTES:]
    assert after[size:] == before[size:]


def test_on_a_blank_drive_the_holes_are_left_and_the_image_is_all_there(
    made: SmallImage, drive: Path
) -> None:
    os.truncate(drive, 0)
    os.truncate(drive, DRIVE_BYTES)
    written = laid(made, drive, blank=True)
    size = made.manifest.disk_bytes
    assert drive.read_bytes()[FIRST_BYTES:size] == made.raw[FIRST_BYTES:]
    mapped = sum(extent.length for extent in made.manifest.extents)
    assert mapped < size - 8 * MIB, "an image without holes tests nothing"
    assert written.written_bytes <= mapped
    assert drive.stat().st_blocks * 512 <= mapped + FIRST_BYTES


def test_drive_that_is_not_as_blank_as_it_was_is_found_out_whatever_the_policy(
    made: SmallImage, drive: Path
) -> None:
    with pytest.raises(LayDownError) as caught:
        laid(made, drive, blank=True, read_back=False)
    assert caught.value.code == "image-read-back-failed"
    assert drive.read_bytes()[:FIRST_BYTES] == bytes(FIRST_BYTES)


def test_finished_drive_boots_is_unique_and_tells_all_that_was_written(
    made: SmallImage, drive: Path, tmp_path: Path
) -> None:
    before = drive.read_bytes()
    deployment = deploy(order(made, drive), lambda progress: None)
    after = drive.read_bytes()
    for offset in range(0, DRIVE_BYTES, SECTOR_BYTES):
        if not any(extent.offset <= offset < extent.end for extent in deployment.written):
            assert after[offset : offset + 512] == before[offset : offset + 512], offset
    assert deployment.written == planned_extents(deployment.image, DRIVE_BYTES)
    assert after[:440] == made.raw[:440]
    table = gpt.parse(after)
    old = {IDS.disk, *IDS.partitions}
    new = {table.disk_guid, *(part.guid for part in table.partitions)}
    assert len(new) == 4
    assert not new & old
    assert str(table.disk_guid) == deployment.disk_guid
    assert table.partitions[-1].last_lba > (DRIVE_BYTES - 2 * MIB) // 512
    assert IDS.root_uuid.encode() not in after
    assert IDS.esp_text.encode() not in after
    assert IDS.hostname.encode() not in after
    assert deployment.hostname == "tj-0042-7"
    checked = subprocess.run(
        ["e2fsck", "-fn", f"{drive}?offset={ROOT_OFFSET}"], capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stdout
    assert file_in(drive, "/etc/hostname").split() == ["tj-0042-7"]
    fstab = file_in(drive, "/etc/fstab").split()
    uuid = subprocess.run(
        ["blkid", "-p", "-O", str(ROOT_OFFSET), "-o", "value", "-s", "UUID", str(drive)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    assert fstab[0] == f"UUID={uuid}"
    serial = int.from_bytes(after[2 * MIB + 0x43 : 2 * MIB + 0x47], "little")
    assert fstab[3] == f"UUID={serial >> 16:04X}-{serial & 0xFFFF:04X}"


WINDOWS = "Windows Boot Manager\tHD(1,GPT,11111111-2222-4333-8444-555555555555,0x800,0x32000)"
GRUB = "old grub\tHD(1,GPT,22222222-2222-4333-8444-555555555555,0x800,0x32000)"
STAYING = "aaaaaaaa-0000-4000-8000-000000000001"
STICK = f"stick\tHD(2,GPT,{STAYING},0x800,0x12800)"


def test_an_entry_that_cannot_be_deleted_does_not_keep_the_new_one_out(
    made: SmallImage, drive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = {"0001": WINDOWS, "0002": GRUB, "0003": STICK}
    firmware = Firmware(tmp_path / "firmware", entries, monkeypatch, undeletable=["0001"])
    wanted = replace(order(made, drive), kept_partitions=(STAYING,))
    deployment = deploy(wanted, lambda progress: None)
    assert firmware.order == ["Debian small", "Windows Boot Manager", "stick"]
    assert {"boot-entries-removed:1", "boot-entry"} <= set(deployment.checks)
    assert deployment.warnings[0] == "boot-entries-left:1"
    office = Office(tmp_path / "office")
    signer = office.station()
    erased = office.drive_statement(signer)
    of = replace(deployment, drive=drive_of_office().identity)
    signed = signer.sign(build_deployment(of, erased, job=JOB, log_head=HEAD, tool=TOOL))
    assert signed.body["warnings"] == list(deployment.warnings)


def test_entries_of_gone_systems_go_and_the_new_one_is_first(
    made: SmallImage, drive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = {"0001": WINDOWS, "0002": GRUB, "0003": STICK}
    firmware = Firmware(tmp_path / "firmware", entries, monkeypatch)
    wanted = replace(order(made, drive), kept_partitions=(STAYING,))
    deployment = deploy(wanted, lambda progress: None)
    assert firmware.order == ["Debian small", "stick"]
    assert deployment.checks[-2:] == ("boot-entries-removed:2", "boot-entry")
    assert deployment.warnings == ()


def file_in(drive: Path, name: str) -> str:
    command = ["debugfs", "-R", f"cat {name}", f"{drive}?offset={ROOT_OFFSET}"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_two_machines_from_one_image_share_no_id(made: SmallImage, drive: Path) -> None:
    first = deploy(order(made, drive), lambda progress: None)
    ids = [gpt.parse(drive.read_bytes()), file_in(drive, "/etc/fstab")]
    second = deploy(order(made, drive), lambda progress: None)
    again = [gpt.parse(drive.read_bytes()), file_in(drive, "/etc/fstab")]
    assert first.disk_guid != second.disk_guid
    assert ids[0] != again[0]
    assert ids[1] != again[1]


def test_sfdisk_finds_nothing_wrong_with_the_table(made: SmallImage, drive: Path) -> None:
    deploy(order(made, drive), lambda progress: None)
    assert "No errors detected" in run_tool(["sfdisk", "--verify", drive]).text


@pytest.mark.parametrize("frame", [0, 1, 3])
def test_altered_frame_is_not_written_and_nothing_boots(
    made: SmallImage, drive: Path, tmp_path: Path, frame: int
) -> None:
    data = bytearray((made.place / DATA_NAME).read_bytes())
    part = made.manifest.frames[frame]
    data[part.offset + part.length // 2] ^= 1
    altered = tmp_path / "altered.zst"
    altered.write_bytes(data)
    before = drive.read_bytes()
    with pytest.raises(ImageTrustError) as caught:
        laid(made, drive, data=altered)
    assert caught.value.code == "image-frame-bad"
    assert caught.value.facts["frame"] == frame
    after = drive.read_bytes()
    assert after[:FIRST_BYTES] == bytes(FIRST_BYTES)
    start = max(made.manifest.frame_range(frame).offset, FIRST_BYTES)
    assert after[start:] == before[start:]


def test_truncated_image(made: SmallImage, drive: Path, tmp_path: Path) -> None:
    short = tmp_path / "short.zst"
    short.write_bytes((made.place / DATA_NAME).read_bytes()[:-10])
    with pytest.raises(ImageTrustError) as caught:
        laid(made, drive, data=short)
    assert caught.value.code == "image-truncated"
    assert drive.read_bytes()[:FIRST_BYTES] == bytes(FIRST_BYTES)


class PulledStick:
    """A source whose medium is pulled after the first frame."""

    def __init__(self, fd: int) -> None:
        self._source = FileSource(fd)

    def read_at(self, offset: int, length: int) -> bytes:
        if offset:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return self._source.read_at(offset, length)


def test_stick_pulled_while_writing(made: SmallImage, drive: Path) -> None:
    with (
        opened(drive) as fd,
        opened(made.place / DATA_NAME, os.O_RDONLY) as data,
        pytest.raises(ImageTrustError) as caught,
    ):
        lay_down(
            fd,
            PulledStick(data),
            made.manifest,
            drive_bytes=DRIVE_BYTES,
            report=lambda progress: None,
        )
    assert caught.value.code == "image-unreadable"
    assert caught.value.facts["frame"] == 1
    assert drive.read_bytes()[:FIRST_BYTES] == bytes(FIRST_BYTES)


def test_power_cut_while_writing_leaves_nothing_that_boots_and_is_resumed(
    made: SmallImage, drive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process dies without any clean-up at the moment that two frames are durable."""
    monkeypatch.setattr("appliance.imaging.laydown._CHECKPOINT_BYTES", 8 * MIB)
    monkeypatch.setattr("appliance.imaging.laydown._REPORT_EVERY_S", 0.0)
    wanted = order(made, drive)

    def die(progress: Progress) -> None:
        if progress.durable_frames >= 2:
            os.kill(os.getpid(), signal.SIGKILL)

    victim = multiprocessing.get_context("fork").Process(target=deploy, args=(wanted, die))
    victim.start()
    victim.join()
    assert victim.exitcode == -signal.SIGKILL
    after = drive.read_bytes()
    assert after[:FIRST_BYTES] == bytes(FIRST_BYTES)
    assert after[FIRST_BYTES : 16 * MIB] == made.raw[FIRST_BYTES : 16 * MIB]
    good = made.frames_on(after)
    assert good >= 2
    resumed = deploy(replace(wanted, resume=True), lambda progress: None)
    assert f"resumed-from-frame:{min(good, 3)}" in resumed.checks
    assert resumed.read_back
    assert gpt.parse(drive.read_bytes()).partitions


def test_image_too_large_touches_nothing(made: SmallImage, drive: Path) -> None:
    before = drive.read_bytes()
    with pytest.raises(LayDownError) as caught:
        laid(made, drive, drive_bytes=made.manifest.disk_bytes - 512)
    assert caught.value.code == "image-too-large"
    assert drive.read_bytes() == before


def test_stopped_lay_down_goes_on_from_the_last_durable_frame(
    made: SmallImage, drive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("appliance.imaging.laydown._CHECKPOINT_BYTES", 8 * MIB)
    monkeypatch.setattr("appliance.imaging.laydown._REPORT_EVERY_S", 0.0)
    stop = threading.Event()
    seen: list[Progress] = []

    def report(progress: Progress) -> None:
        seen.append(progress)
        if progress.durable_frames >= 1:
            stop.set()

    with pytest.raises(LayDownStoppedError):
        laid(made, drive, report=report, stop=stop)
    durable = max(progress.durable_frames for progress in seen)
    assert durable >= 1
    assert drive.read_bytes()[:FIRST_BYTES] == bytes(FIRST_BYTES)
    good = min(made.frames_on(drive.read_bytes()), 3)
    assert good >= min(durable, 3)
    resumed = laid(made, drive, resume=True)
    assert resumed.first == made.raw[:FIRST_BYTES]
    assert resumed.resumed_from == good
    assert resumed.written_bytes == made.manifest.disk_bytes - good * made.manifest.frame_bytes
    assert drive.read_bytes()[FIRST_BYTES : made.manifest.disk_bytes] == made.raw[FIRST_BYTES:]


@pytest.mark.parametrize(
    ("offset", "first"), [(5 * MIB + 100, 0), (8 * MIB, 1), (23 * MIB, 2), (28 * MIB, 3)]
)
def test_resumed_run_reads_what_is_there_and_writes_from_the_first_damaged_frame_on(
    made: SmallImage, drive: Path, offset: int, first: int
) -> None:
    laid(made, drive)
    with opened(drive, os.O_RDWR) as fd:
        os.pwrite(fd, b"\0rotten", offset)
    resumed = laid(made, drive, resume=True, read_back=False)
    assert resumed.resumed_from == first
    assert drive.read_bytes()[FIRST_BYTES : made.manifest.disk_bytes] == made.raw[FIRST_BYTES:]


def test_run_that_was_cut_while_reading_back_writes_only_the_last_frame_again(
    made: SmallImage, drive: Path
) -> None:
    laid(made, drive)
    resumed = laid(made, drive, resume=True)
    assert resumed.resumed_from == 3
    assert resumed.written_bytes == made.manifest.frame_range(3).length


def test_run_that_was_cut_while_finishing_is_made_whole(made: SmallImage, drive: Path) -> None:
    deployment = deploy(order(made, drive), lambda progress: None)
    with opened(drive, os.O_RDWR) as fd:
        os.pwrite(fd, bytes(FIRST_BYTES), 0)
    again = deploy(replace(order(made, drive), resume=True), lambda progress: None)
    assert "resumed-from-frame:0" in again.checks, "the slots in frame 0 had their values"
    assert again.disk_guid != deployment.disk_guid
    assert str(gpt.parse(drive.read_bytes()).disk_guid) == again.disk_guid


def test_drive_that_somebody_has_used_since_is_left_as_it_is(made: SmallImage, drive: Path) -> None:
    deploy(order(made, drive), lambda progress: None)
    before = drive.read_bytes()
    with pytest.raises(LayDownError) as caught:
        laid(made, drive, resume=True)
    assert caught.value.code == "image-other-data-since"
    assert drive.read_bytes() == before


def test_drive_that_gives_back_other_bytes(made: SmallImage, tmp_path: Path) -> None:
    size = 40 * MIB
    with faulty_disk(tmp_path, size, Faults(flips=(20 * MIB + 5,))) as loop:
        with pytest.raises(LayDownError) as caught:
            deploy(order(made, loop, size), lambda progress: None)
        assert caught.value.code == "image-read-back-failed"
        assert caught.value.facts["offset"] == 16 * MIB
        assert loop.read_bytes()[:FIRST_BYTES] == bytes(FIRST_BYTES)


@pytest.mark.parametrize(
    "faults",
    [
        Faults(bad_writes=((9 * MIB, 4096),)),
        Faults(gone_after=12 * MIB),
        Faults(flush_fails=True),
    ],
    ids=["unwritable", "gone", "flush"],
)
def test_drive_that_does_not_take_the_image(
    made: SmallImage, tmp_path: Path, faults: Faults
) -> None:
    size = 40 * MIB
    with faulty_disk(tmp_path, size, faults) as loop:
        with pytest.raises(LayDownError) as caught:
            deploy(order(made, loop, size), lambda progress: None)
        assert caught.value.code == "image-write-failed"


def test_image_that_was_exchanged_after_planning(made: SmallImage, drive: Path) -> None:
    wanted = order(made, drive)
    before = drive.read_bytes()
    made.changed_manifest(version="2026.11.25")
    try:
        with pytest.raises(ImageTrustError) as caught:
            deploy(wanted, lambda progress: None)
    finally:
        made.changed_manifest()
    assert caught.value.code == "image-changed"
    assert drive.read_bytes() == before


def test_zeros_everywhere_leaves_nothing_but_the_image_and_says_so(
    made: SmallImage, drive: Path
) -> None:
    deployment = deploy(replace(order(made, drive), zeros_everywhere=True), lambda progress: None)
    after = drive.read_bytes()
    rest = after[made.manifest.disk_bytes : gpt.backup_offset(DRIVE_BYTES)]
    assert rest == bytes(len(rest))
    assert len(rest) > MIB
    assert deployment.written == (ByteRange(offset=0, length=DRIVE_BYTES),)
    assert "zeros-everywhere-read-back" in deployment.checks
    assert str(gpt.parse(after).disk_guid) == deployment.disk_guid


# --- drives with logical sectors of 4096 bytes -----------------------------------------------


@pytest.fixture
def large_sectors(drive: Path) -> Iterator[Path]:
    """The same disk behind a device of the kernel's whose logical sectors have 4096 bytes."""
    os.truncate(drive, DRIVE_BYTES - 512)
    with loop_device(drive, 4096) as loop:
        yield loop


def test_4kn_drive_has_a_table_and_a_fat_of_its_own_sectors(
    made: SmallImage, drive: Path, large_sectors: Path, tmp_path: Path
) -> None:
    size = DRIVE_BYTES - 512
    before = drive.read_bytes()
    deployment = deploy(order(made, large_sectors, size), lambda progress: None)
    after = drive.read_bytes()
    assert deployment.written == planned_extents(deployment.image, size, 4096)
    assert "fitted-to-sectors:4096" in deployment.checks
    for offset in range(0, size, 4096):
        if not any(extent.offset <= offset < extent.end for extent in deployment.written):
            assert after[offset : offset + 4096] == before[offset : offset + 4096], offset
    table = gpt.parse(after, 4096)
    starts = [part.first_lba * 4096 for part in table.partitions]
    assert starts == [MIB, ESP_OFFSET, ROOT_OFFSET]
    assert table.partitions[-1].last_lba > (size - 2 * MIB) // 4096
    said = run_tool(["sfdisk", "--verify", "--sector-size", "4096", drive], env={"LC_ALL": "C"})
    assert "No errors detected" in said.text
    esp = tmp_path / "esp"
    esp.write_bytes(after[ESP_OFFSET:ROOT_OFFSET])
    assert int.from_bytes(esp.read_bytes()[11:13], "little") == 4096
    run_tool(["fsck.vfat", "-n", esp])
    config = run_tool(["mtype", "-i", esp, "::grub.cfg"]).text
    uuid = file_in(drive, "/etc/fstab").split()[0]
    assert f"UUID={config.removeprefix('set root=')}" == uuid
    serial = run_tool(["blkid", "-p", "-o", "value", "-s", "UUID", esp]).text.strip()
    assert f"UUID={serial}" == file_in(drive, "/etc/fstab").split()[3]
    run_tool(["e2fsck", "-fn", f"{drive}?offset={ROOT_OFFSET}"])


def test_4kn_drive_is_refused_untouched_behind_a_bios_and_by_an_image_not_made_for_it(
    made: SmallImage, drive: Path, large_sectors: Path
) -> None:
    size = DRIVE_BYTES - 512
    before = drive.read_bytes()
    wanted = order(made, large_sectors, size)
    with pytest.raises(LayDownError) as caught:
        deploy(replace(wanted, bios=True), lambda progress: None)
    assert caught.value.code == "image-needs-uefi"
    made.changed_manifest(sector_sizes=(512,))
    try:
        with pytest.raises(LayDownError) as caught:
            deploy(order(made, large_sectors, size), lambda progress: None)
    finally:
        made.changed_manifest()
    assert caught.value.code == "image-sector-size"
    assert drive.read_bytes() == before
