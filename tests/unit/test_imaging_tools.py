"""What tune2fs and efibootmgr said (Debian 13), and what we read from it."""

from __future__ import annotations

from pathlib import Path

from appliance.errors import ToolError
from appliance.hardware.partitions import partition_ids
from appliance.tools import efibootmgr, ext4

# tune2fs 1.47.2 -l on a root file system of ours, shortened.
TUNE2FS = """\
tune2fs 1.47.2 (1-Jan-2025)
Filesystem volume name:   system
Last mounted on:          <not available>
Filesystem UUID:          e9d4126d-9d52-4ccf-9e08-a30f779525ff
Filesystem magic number:  0xEF53
"""

# efibootmgr 18 --verbose under OVMF, as its manual shows the form.
LISTING = """\
BootCurrent: 0001
Timeout: 3 seconds
BootOrder: 0003,0001,0000
Boot0000* UiApp FvVol(7cb8bdc9-f8eb-4f34-aaea-3ee4af6516a1)/FvFile(462caa21-7614-4503)
Boot0003* Debian family-light HD(2,GPT,5a1d2c58-1f3f-4c6e-9f58-7c1a3c0b7a11,0x1000,0x20000)
"""
DONORS = (
    LISTING
    + "Boot0004* stick\tPciRoot(0x0)/USB(3,0)/HD(2,GPT,aaaaaaaa-0000-4000-8000-000000000001,"
    "0x800,0x12800)/File(\\EFI\\BOOT\\BOOTX64.EFI)\n"
    "Boot0005* Windows Boot Manager\tHD(1,GPT,11111111-2222-4333-8444-555555555555,0x800,"
    "0x32000)/File(\\EFI\\MICROSOFT\\BOOT\\BOOTMGFW.EFI)\n"
    "Boot000A  old grub\tHD(1,MBR,0xbadc0de,0x800,0x32000)/File(\\EFI\\grub.efi)\n"
    "Boot000B* Network Card\tPciRoot(0x0)/Pci(0x2,0x0)/MAC(525400123456,0)/IPv4(0.0.0.0)\n"
)
ESP = "5A1D2C58-1F3F-4C6E-9F58-7C1A3C0B7A11"


def test_uuid_of_a_file_system() -> None:
    assert ext4.parsed_uuid(TUNE2FS) == "e9d4126d-9d52-4ccf-9e08-a30f779525ff"
    assert ext4.parsed_uuid("tune2fs: Bad magic number in super-block") == ""


def test_entries_of_gone_systems_are_told_from_those_that_start_something() -> None:
    """A donor's Windows and a grub of an MBR disk go; setup, network, stick and ours stay."""
    kept = {ESP.lower(), "aaaaaaaa-0000-4000-8000-000000000001"}
    gone = efibootmgr.leftovers(DONORS, kept)
    assert [entry.number for entry in gone] == ["0005", "000A"]
    assert efibootmgr.leftovers(DONORS, kept | {"0badc0de-01"}) == gone[:1]
    assert efibootmgr.entries("") == ()


def test_partitions_of_erased_drives_do_not_count_as_there(tmp_path: Path) -> None:
    for name in ("sda/sda1", "nvme0n1/nvme0n1p1", "nvme0n1/queue"):
        (tmp_path / "block" / name).mkdir(parents=True)
    for name in ("sda/sda1", "nvme0n1/nvme0n1p1"):
        (tmp_path / "block" / name / "partition").write_text("1")

    def ask(node: str) -> str:
        return f"id-of-{node}"

    assert partition_ids({"/dev/sda", "/dev/sg0"}, ask, tmp_path) == ("id-of-/dev/nvme0n1p1",)
    assert len(partition_ids(frozenset(), ask, tmp_path)) == 2


def test_where_one_partition_cannot_be_asked_none_is_told(tmp_path: Path) -> None:
    """Else what it holds would count as gone, and its entry would go."""
    for number in ("1", "2"):
        (tmp_path / f"block/sda/sda{number}").mkdir(parents=True)
        (tmp_path / f"block/sda/sda{number}/partition").write_text(number)

    def late(node: str) -> str:
        raise ToolError("tool-timeout", tool="blkid", seconds=10)

    assert partition_ids(frozenset(), late, tmp_path) == ()
    silent = {"/dev/sda1": "id", "/dev/sda2": ""}
    assert partition_ids(frozenset(), silent.__getitem__, tmp_path) == ()


def test_entry_counts_only_on_our_partition_and_under_our_label() -> None:
    assert efibootmgr.listed(LISTING, ESP, "Debian family-light")
    assert not efibootmgr.listed(LISTING, ESP, "Debian training")
    assert not efibootmgr.listed(LISTING, "0" * 8 + ESP[8:], "Debian family-light")
    assert not efibootmgr.listed("", ESP, "Debian family-light")
