"""The stick's own pieces: initramfs archives, boot blocks, partition tables."""

import itertools
import struct
import uuid
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from imagebuilder.images.keys import image_key
from imagebuilder.stick import loaders
from imagebuilder.stick.cpio import Cpio
from imagebuilder.stick.initrd import overlay_archive
from imagebuilder.stick.layout import MIB, stick_layout
from imagebuilder.stick.tryout import drive_from_text
from imagebuilder.stick.usb import Refused, image_warnings, medium
from imagebuilder.toolsroot import run_tool
from tests.unit.smallimage import small_image


def unpacked(archive: bytes, directory: Path) -> Path:
    run_tool(["cpio", "-i", "--quiet", "--make-directories"], stdin=archive, cwd=directory)
    return directory


def test_an_archive_unpacks_to_what_was_put_in(tmp_path: Path) -> None:
    cpio = Cpio()
    cpio.file("lib/modules/a.ko", b"odd", 0o644)
    cpio.file("init", b"#!/bin/sh\n", 0o755)
    cpio.link("bin/sh", "busybox")
    root = unpacked(cpio.archive(), tmp_path)
    assert (root / "lib/modules/a.ko").read_bytes() == b"odd"
    assert (root / "init").stat().st_mode & 0o777 == 0o755
    assert (root / "bin/sh").readlink() == Path("busybox")


def test_a_test_overlay_replaces_nothing_but_the_switch(tmp_path: Path) -> None:
    root = unpacked(overlay_archive({"etc/x": (b"y", 0o600)}), tmp_path)
    assert sorted(str(p.relative_to(root)) for p in root.rglob("*") if p.is_file()) == [
        "bin/switch_root",
        "overlay/etc/x",
    ]


def test_bios_blocks_say_where_the_core_lies() -> None:
    core = loaders.embedded_core(bytes(512) + b"x" * 700, 2048)
    assert len(core) % 512 == 0
    assert struct.unpack_from("<QHH", core, 0x1F4) == (2049, 2, 0x820)
    table = bytes(440) + b"disk-id!" + bytes(62) + b"\x55\xaa"
    record = loaders.boot_record(table, b"B" * 512, 2048)
    assert record[440:] == table[440:]
    assert struct.unpack_from("<Q", record, 0x5C) == (2048,)
    assert (record[0x64], record[0x66:0x68]) == (0xFF, b"\x90\x90")


def test_two_sticks_share_no_identity() -> None:
    one, two = (stick_layout(data_mib=64, system_mib=64, state_mib=16) for _ in range(2))
    identities = [
        {each.guid, each.data.guid, each.system.guid, each.bios.guid, each.state.guid}
        for each in (one, two)
    ]
    assert len(identities[0]) == 5
    assert not identities[0] & identities[1]


def test_the_system_partition_is_named_by_its_identity_and_nothing_overlaps() -> None:
    layout = stick_layout(data_mib=64, system_mib=64, state_mib=16)
    assert layout.system.name == str(uuid.UUID(layout.system.guid))
    parts = sorted(
        (layout.data, layout.system, layout.bios, layout.state), key=lambda part: part.start_mib
    )
    for before, after in itertools.pairwise(parts):
        assert before.start_mib + before.size_mib <= after.start_mib
    assert parts[0].offset_bytes >= MIB
    assert parts[-1].start_mib + parts[-1].size_mib < layout.total_mib


def sysfs(directory: Path, name: str, **files: str) -> Path:
    entry = directory / name
    (entry / "holders").mkdir(parents=True)
    for key, value in {"size": "8192", "removable": "0", **files}.items():
        (entry / key).write_text(f"{value}\n")
    return directory


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"partition": "1", "removable": "1"}, "is a partition"),
        ({}, "neither removable nor on USB"),
        ({"removable": "1", "size": "0"}, "no medium"),
    ],
)
def test_a_stick_is_not_written_to_what_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, str], reason: str
) -> None:
    monkeypatch.setattr(Path, "is_block_device", lambda _: True)
    with pytest.raises(Refused, match=reason):
        medium(Path("/dev/tajdeed0"), sysfs(tmp_path, "tajdeed0", **files))


def test_a_medium_in_use_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "is_block_device", lambda _: True)
    root = sysfs(tmp_path, "tajdeed0", removable="1")
    (root / "tajdeed0/holders/dm-0").touch()
    with pytest.raises(Refused, match="in use"):
        medium(Path("/dev/tajdeed0"), root)


def test_an_ordinary_file_is_no_medium(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="not a block device"):
        medium(tmp_path)


@pytest.mark.parametrize("text", ["2G", "sata:", "floppy:2G", "sata:/no/such/file", "nvme:2T"])
def test_a_drive_that_cannot_be_had_is_named(tmp_path: Path, text: str) -> None:
    with pytest.raises(ValueError, match=text.rpartition(":")[2] or text):
        drive_from_text(text, 1, tmp_path)


def test_a_drive_by_size_is_made_and_kept(tmp_path: Path) -> None:
    drive = drive_from_text("nvme:4M", 1, tmp_path)
    source = Path(drive.source)
    assert source.stat().st_size == 4 * MIB
    source.write_bytes(b"kept".ljust(4 * MIB, b"\0"))
    assert drive_from_text("nvme:4M", 1, tmp_path).source == source
    assert source.read_bytes().startswith(b"kept")


def test_an_image_that_the_stick_would_refuse_or_that_is_old_is_told_at_writing(
    tmp_path: Path,
) -> None:
    image = small_image(tmp_path)
    key, other = tmp_path / "key.pem", tmp_path / "other.pem"
    key.write_bytes(image.key.public_pem)
    other.write_bytes(image_key(tmp_path / "other-private.pem").public_pem)
    built = datetime.fromisoformat(image.manifest.built_at)
    assert image_warnings([image.place], [key], built + timedelta(days=60)) == []
    (warning,) = image_warnings([image.place], [key], built + timedelta(days=61))
    assert "small" in warning
    assert "61 days" in warning
    with pytest.raises(Refused, match="small"):
        image_warnings([image.place], [other], built)
    image.put("altered.by.hand")
    with pytest.raises(Refused, match="small"):
        image_warnings([image.place], [key], built)
