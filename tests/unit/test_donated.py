"""The donated PC's disks: what a system sees on them, and that the search finds what is there."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from imagebuilder.demo.donated import MIB, Donated, donated_disks
from imagebuilder.demo.markers import MARKER_CHARS, PREFIX, Mint, outside, search
from imagebuilder.demo.sparse import copy_sparse, make_sparse
from imagebuilder.toolsroot import run_tool

BUILD = Path(__file__).resolve().parents[2] / "build"


@pytest.fixture(scope="module")
def donated() -> Iterator[Donated]:
    yield donated_disks(BUILD)


def on_partitions(disk: Path) -> list[tuple[str, str]]:
    """What blkid recognises on each partition: type and label."""
    script = (
        'sfdisk -d "$1" | sed -n "s/.*start= *\\([0-9]*\\), size= *\\([0-9]*\\).*/\\1 \\2/p" |'
        "while read -r start size; do"
        ' blkid -p -O $((start * 512)) -S $((size * 512)) -s TYPE -s LABEL -o export "$1" ||:;'
        " echo ---; done"
    )
    found = []
    blocks = run_tool(["sh", "-euc", script, "partitions", disk]).text.split("---\n")
    for text in blocks[:-1]:
        tags = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
        found.append((tags.get("TYPE", ""), tags.get("LABEL", "")))
    return found


def part_of(disk: Path, begin_mib: int, size_mib: int, target: Path) -> Path:
    make_sparse(target, size_mib * MIB)
    with disk.open("rb") as stream:
        stream.seek(begin_mib * MIB)
        target.write_bytes(stream.read(size_mib * MIB))
    return target


def test_a_system_recognises_every_past(donated: Donated) -> None:
    assert on_partitions(donated.path("sata")) == [
        ("vfat", "SYSTEM"),
        ("", ""),
        ("ntfs", "Windows"),
        ("ext4", ""),
        ("swap", ""),
        ("LVM2_member", ""),
    ]
    assert on_partitions(donated.path("nvme")) == [("ext4", "")]
    assert on_partitions(donated.path("decoy")) == [("vfat", "BACKUP")]
    assert on_partitions(donated.path("awkward")) == [
        ("linux_raid_member", "donor:0"),
        ("linux_raid_member", "donor:0"),
        ("LVM2_member", ""),
        ("swap", ""),
        ("vfat", "TAJDEED"),
        ("ext4", "tajdeed-state"),
    ]


def test_lvm_and_mdadm_accept_what_was_written_without_them(
    donated: Donated, tmp_path: Path
) -> None:
    group = part_of(donated.path("sata"), 1 + 100 + 16 + 1200 + 768 + 128, 512, tmp_path / "pv")
    metadata = run_tool(["pvck", "--dump", "metadata", group]).text
    assert "crc" in metadata and "vgname donor" in metadata and "\nhome {" in metadata
    half = part_of(donated.path("awkward"), 1 + 100, 100, tmp_path / "md")
    examined = run_tool(["mdadm", "--examine", half]).text
    assert "State : clean" in examined and "- correct" in examined and "raid1" in examined


def test_every_disk_holds_thousands_of_markers_in_both_encodings(donated: Donated) -> None:
    for name, count in donated.markers.items():
        hits = search(donated.path(name))
        assert len({hit.text for hit in hits}) >= count > 2000
        assert hits == sorted(hits, key=lambda hit: hit.offset)
    assert any(hit.utf16 for hit in search(donated.path("sata")))


def test_a_copy_is_identical_and_writing_to_it_changes_no_original(
    donated: Donated, tmp_path: Path
) -> None:
    def digest(path: Path) -> str:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()

    before = digest(donated.path("decoy"))
    copy = donated.copied_to(tmp_path, "decoy")
    assert digest(copy.path("decoy")) == before
    with copy.path("decoy").open("r+b") as stream:
        stream.write(b"gone")
    assert digest(donated.path("decoy")) == before


@pytest.mark.parametrize("utf16", [False, True])
@pytest.mark.parametrize("offset", [0, 5, (16 << 20) - 7, (16 << 20) + 1, (40 << 20) - 200])
def test_a_marker_is_found_wherever_it_lies(tmp_path: Path, offset: int, utf16: bool) -> None:
    disk = tmp_path / "disk"
    text = Mint("test").text(utf16=utf16)
    data = bytearray(b"\x5a" * (40 << 20))
    data[offset : offset + len(text)] = text
    disk.write_bytes(data)
    hits = search(disk)
    width = 2 if utf16 else 1
    assert [hit.offset for hit in hits] == [offset, offset + (MARKER_CHARS + 1) * width]
    assert {hit.utf16 for hit in hits} == {utf16}
    assert outside(hits, [(offset, 1)]) == hits[1:]


def test_a_marker_where_two_processes_meet_is_found_once_and_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imagebuilder.demo.markers._WORTH_A_PROCESS", 1 << 20)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    text = Mint("test").text(utf16=True)
    for offset in ((2 << 20) - 30, (2 << 20) - 60, (2 << 20) + 10):
        disk = tmp_path / "disk"
        data = bytearray(b"\x5a" * (4 << 20))
        data[offset : offset + len(text)] = text
        disk.write_bytes(data)
        found = search(disk)
        assert [hit.offset for hit in found] == [offset, offset + (MARKER_CHARS + 1) * 2]
        assert f"{found[0].text} {found[1].text}\n".encode("utf-16-le") == text


def test_half_a_marker_counts(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.write_bytes(bytes(4096) + PREFIX.encode() + bytes(4096))
    assert [hit.offset for hit in search(disk)] == [4096]


def test_holes_are_skipped_and_copied_as_holes(tmp_path: Path) -> None:
    source = make_sparse(tmp_path / "source", 1 << 30)
    with source.open("r+b") as stream:
        stream.seek(512 << 20)
        stream.write(Mint("test").text())
    target = make_sparse(tmp_path / "target", 2 << 30)
    copy_sparse(source, target, 1 << 20)
    assert search(target)[0].offset == 513 << 20
    assert target.stat().st_blocks * 512 < 1 << 20
