"""What tune2fs and efibootmgr said (Debian 13), and what we read from it."""

from __future__ import annotations

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
ESP = "5A1D2C58-1F3F-4C6E-9F58-7C1A3C0B7A11"


def test_uuid_of_a_file_system() -> None:
    assert ext4.parsed_uuid(TUNE2FS) == "e9d4126d-9d52-4ccf-9e08-a30f779525ff"
    assert ext4.parsed_uuid("tune2fs: Bad magic number in super-block") == ""


def test_entry_counts_only_on_our_partition_and_under_our_label() -> None:
    assert efibootmgr.listed(LISTING, ESP, "Debian family-light")
    assert not efibootmgr.listed(LISTING, ESP, "Debian training")
    assert not efibootmgr.listed(LISTING, "0" * 8 + ESP[8:], "Debian family-light")
    assert not efibootmgr.listed("", ESP, "Debian family-light")
