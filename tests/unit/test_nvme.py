"""What an NVMe controller says of itself: bytes of the standard, and the laboratory's own."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from appliance.hardware import drives, nvme
from appliance.model import NvmeNamespace
from appliance.tools import nvme as tool
from tests.drivelab.nvmeidentify import identify_namespace, sanitize_log


def log(progress: int, status: int, order: int = 0, *estimates: int) -> bytes:
    """Log page 81h as NVM Express Base 2.0, figure 266 lays it out."""
    times = (*estimates, *(0xFFFFFFFF,) * 6)[:6]
    return struct.pack("<HHI6I", progress, status, order, *times).ljust(512, b"\0")


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (0x000, "idle"),
        (0x001, "success"),
        (0x101, "success"),
        (0x002, "running"),
        (0x003, "failed"),
        (0x004, "success"),
        (0x104, "success"),
    ],
)
def test_the_state_is_the_status_and_nothing_else(status: int, state: str) -> None:
    assert nvme.parsed_sanitize_log(log(0xFFFF, status)).state == state


@pytest.mark.parametrize("status", [5, 6, 7, 0x105])
def test_a_status_of_no_standard_is_no_answer(status: int) -> None:
    with pytest.raises(OSError, match="sanitize status"):
        nvme.parsed_sanitize_log(log(0, status))


def test_progress_counts_only_while_it_runs() -> None:
    assert nvme.parsed_sanitize_log(log(0x4000, 2)).progress == 0.25
    assert nvme.parsed_sanitize_log(log(0xFFFF, 1)).progress is None


def test_what_was_written_since_changes_the_log() -> None:
    clean, written = (nvme.parsed_sanitize_log(log(0xFFFF, one, 2)) for one in (0x101, 0x001))
    assert clean.state == written.state == "success" and clean.status != written.status


def test_estimates_are_told_only_where_the_drive_makes_them() -> None:
    found = nvme.parsed_sanitize_log(log(0, 2, 0x0A, 0xFFFFFFFF, 300, 5))
    assert (found.block_s, found.crypto_s, found.order) == (300.0, 5.0, 0x0A)
    assert nvme.parsed_sanitize_log(log(0, 2)).block_s is None


def test_the_laboratorys_log_is_the_standards() -> None:
    assert nvme.parsed_sanitize_log(sanitize_log(0x8000, 2, 4)).progress == 0.5


def namespace(**bytes_at: int) -> bytes:
    raw = bytearray(4096)
    for place, value in bytes_at.items():
        raw[int(place[1:])] = value
    return bytes(raw)


def parsed(raw: bytes) -> NvmeNamespace:
    return nvme.parsed_namespace(
        raw, nsid=3, path="/dev/nvme0n2", size_bytes=1 << 20, logical_block_bytes=512
    )


@pytest.mark.parametrize(
    ("dlfeat", "reads"), [(0, "unknown"), (1, "zeros"), (2, "ones"), (9, "zeros"), (7, "unknown")]
)
def test_what_deallocated_blocks_read_as_is_the_drives_own_word(dlfeat: int, reads: str) -> None:
    assert parsed(namespace(b33=dlfeat)).deallocated_reads == reads


def test_the_format_in_use_is_kept_also_beyond_sixteen() -> None:
    assert parsed(namespace(b25=1, b26=0x11)).lba_format == 1
    assert parsed(namespace(b25=40, b26=0x41)).lba_format == 33


def test_a_namespace_is_called_by_its_nguid_before_its_eui64() -> None:
    assert parsed(namespace()).wwn is None
    assert parsed(namespace(b127=1)).wwn == "eui.0000000000000001"
    assert str(parsed(namespace(b104=1, b127=1)).wwn).startswith("nguid.01")
    lab = parsed(identify_namespace(16, 512, bytes(range(8))))
    assert lab.wwn == "eui.0001020304050607"
    assert lab.deallocated_reads == "zeros"


def test_a_list_of_namespaces_ends_at_its_first_zero() -> None:
    raw = struct.pack("<3I", 1, 2, 7).ljust(4096, b"\0")
    assert nvme.identifiers(raw) == (1, 2, 7)


def kernel(sys: Path, *namespaces: tuple[str, str, int, bool]) -> None:
    """/sys/block as the kernel makes it: (name, controller, NSID, hidden)."""
    for name, controller, nsid, hidden in namespaces:
        device = sys / "devices" / controller
        device.mkdir(parents=True, exist_ok=True)
        (device / "cntlid").write_text("1\n")
        place = sys / "block" / name
        place.mkdir(parents=True)
        (place / "device").symlink_to(device)
        (place / "nsid").write_text(f"{nsid}\n")
        (place / "hidden").write_text(f"{int(hidden)}\n")


def test_a_controller_is_known_by_its_lowest_namespace_whatever_the_kernel_calls_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernel(
        tmp_path,
        ("nvme0n1", "nvme1", 2, False),
        ("nvme0n2", "nvme1", 1, False),
        ("nvme1n1", "nvme0", 1, False),
    )
    monkeypatch.setattr(drives, "SYS", tmp_path)
    assert drives._namespaces("nvme1") == {1: "nvme0n2", 2: "nvme0n1"}
    leads = [name for name in ("nvme0n1", "nvme0n2", "nvme1n1") if drives._leads(name)]
    assert leads == ["nvme0n2", "nvme1n1"]
    nodes = drives._nodes("nvme0n2", tmp_path / "block/nvme0n2")
    assert nodes == ("/dev/nvme0n2", "/dev/nvme0n1", "/dev/nvme1")


def test_under_multipath_the_subsystem_leads_to_a_controller(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    subsystem = tmp_path / "devices/nvme-subsys0"
    kernel(tmp_path, ("nvme0c0n1", "nvme-subsys0/nvme0", 1, True))
    head = tmp_path / "block/nvme0n1"
    head.mkdir()
    (head / "device").symlink_to(subsystem)
    (head / "nsid").write_text("1\n")
    monkeypatch.setattr(drives, "SYS", tmp_path)
    assert drives._namespaces("nvme0") == {1: "nvme0n1"}
    assert drives._leads("nvme0n1")


def test_no_format_without_a_secure_erase_and_no_other_sanitize_can_be_asked_for() -> None:
    for ses in (0, 3):
        with pytest.raises(ValueError, match="no secure erase"):
            tool.format_nvm("/dev/nvme0", 1, ses, 0)
    for action in (0, 1, 3, 5):
        with pytest.raises(ValueError, match="sanitize action"):
            tool.sanitize("/dev/nvme0", action)
