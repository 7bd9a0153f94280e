"""The firmware models by themselves: what a drive answers, and what its medium then holds."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from appliance.hardware.ata import accessible_lbas, ata_facts, rotation_rpm
from appliance.hardware.atasanitize import SanitizeStatus, decoded
from appliance.hardware.descriptor import ata_identity
from appliance.hardware.taskfile import Registers
from tests.drivelab.ata import AtaDrive
from tests.drivelab.atacommand import (
    ABORTED,
    NO_SUCH_ADDRESS,
    UNCORRECTABLE,
    Deferred,
    Taskfile,
)
from tests.drivelab.ataidentify import AtaTraits
from tests.drivelab.clock import ManualClock
from tests.drivelab.donor import MARKER, left_bytes
from tests.drivelab.media import (
    IgnoresWrites,
    Medium,
    MediumError,
    Store,
    Unreadable,
    Unwritable,
    VolatileCache,
    WrapsAround,
)
from tests.drivelab.nvme import (
    FORMAT_IN_PROGRESS,
    INVALID_FIELD,
    LBA_OUT_OF_RANGE,
    SANITIZE_FAILED,
    SANITIZE_IN_PROGRESS,
    NvmeController,
)
from tests.drivelab.nvmeidentify import NvmeTraits
from tests.drivelab.personality import Bench, load, names

OLD = b"\xd1" * 512
NEW = b"\x5a" * 512


class Answer:
    """One ATA command and what came of it; no answer while the drive is busy."""

    def __init__(self, drive: AtaDrive, command: int, data: bytes = b"", **registers: int) -> None:
        self.task = Taskfile(command=command, **registers)
        self.answers: list[bytes] = []
        drive.submit(self.task, data, self._done)

    @property
    def error(self) -> int:
        return self.task.error if self.task.status & 1 else 0

    @property
    def data(self) -> bytes:
        """What it gave; IndexError while the drive is busy."""
        return self.answers[0]

    def _done(self, data: bytes | bytearray | memoryview) -> None:
        self.answers.append(bytes(data))


def disk(medium: Medium | None = None, **traits: object) -> tuple[AtaDrive, ManualClock]:
    clock = ManualClock()
    if medium is None:
        medium = Store(256)
        medium.write(0, OLD * 256)
    known = {"model": "MODEL X", "serial": "SERIAL7", **traits}
    return AtaDrive(clock, medium, AtaTraits(**known)), clock  # type: ignore[arg-type]


def words(drive: AtaDrive) -> tuple[int, ...]:
    return struct.unpack("<256H", Answer(drive, 0xEC).data)


def read(drive: AtaDrive, lba: int, count: int = 1) -> Answer:
    return Answer(drive, 0x25, lba=lba, count=count)


def security(drive: AtaDrive, command: int, password: bytes = b"secret", flags: int = 0) -> Answer:
    return Answer(drive, command, bytes((flags, 0)) + password.ljust(32, b"\0") + bytes(478))


def test_identify_is_sound_and_read_by_the_product_as_it_is_meant() -> None:
    drive, _ = disk(wwn=0x5000C50012345678, sanitize=frozenset(("block",)), rpm=5400)
    raw = Answer(drive, 0xEC).data
    assert len(raw) == 512 and sum(raw) % 256 == 0 and raw[510] == 0xA5
    identity = ata_identity(words(drive))
    assert (identity.model, identity.serial) == ("MODEL X", "SERIAL7")
    assert identity.wwn == "naa.5000c50012345678"
    facts = ata_facts(words(drive))
    assert facts.security_supported and facts.sanitize_supported and facts.sanitize_block
    assert not facts.sanitize_crypto and not facts.security_frozen and facts.hpa_supported
    assert accessible_lbas(words(drive)) == 256
    assert rotation_rpm(words(drive)) == 5400


def test_read_and_write_move_data_and_stay_within_the_drive() -> None:
    drive, _ = disk()
    assert Answer(drive, 0x35, NEW * 2, lba=10, count=2).error == 0
    assert read(drive, 9, 4).data == OLD + NEW * 2 + OLD
    assert Answer(drive, 0xCA, NEW, lba=0, count=1, device=0x40).error == 0
    assert read(drive, 255, 2).error == NO_SUCH_ADDRESS
    assert Answer(drive, 0x99).error == ABORTED


def test_an_unreadable_block_is_named() -> None:
    drive, _ = disk(Unreadable(Store(256), 100, 4))
    answer = read(drive, 96, 16)
    assert (answer.error, answer.task.lba, answer.data) == (UNCORRECTABLE, 100, b"")
    assert read(drive, 104, 8).error == 0


def test_security_erase_needs_password_and_prepare_and_ends_unlocked() -> None:
    drive, clock = disk(erase_s=100.0)
    assert security(drive, 0xF1).error == 0
    assert ata_facts(words(drive)).security_enabled
    assert security(drive, 0xF4).error == ABORTED, "without ERASE PREPARE"
    Answer(drive, 0xF3)
    assert security(drive, 0xF4, b"wrong").error == ABORTED
    Answer(drive, 0xF3)
    erase = security(drive, 0xF4)
    clock.advance(99)
    assert not erase.answers and read_medium(drive) == OLD * 256
    clock.advance(1)
    assert erase.answers == [b""] and not erase.error
    assert read_medium(drive) == bytes(512 * 256)
    assert not ata_facts(words(drive)).security_enabled


def test_an_interrupted_security_erase_leaves_half_and_a_locked_drive() -> None:
    drive, clock = disk(erase_s=100.0)
    security(drive, 0xF1)
    Answer(drive, 0xF3)
    erase = security(drive, 0xF4)
    clock.advance(50)
    drive.reset("power")
    clock.advance(100)
    assert not erase.answers
    assert read_medium(drive) == bytes(512 * 128) + OLD * 128
    assert ata_facts(words(drive)).security_locked
    assert read(drive, 0).error == ABORTED
    assert security(drive, 0xF2).error == 0
    assert read(drive, 200).data == OLD


def test_a_locked_drive_gives_five_tries_and_a_frozen_one_none() -> None:
    drive, _ = disk()
    drive.security.enable(b"secret")
    for _try in range(5):
        assert security(drive, 0xF2, b"guess").error == ABORTED
    assert security(drive, 0xF2).error == ABORTED, "the tries are used up until a power cycle"
    drive.reset("power")
    assert security(drive, 0xF2).error == 0
    Answer(drive, 0xF5)
    assert ata_facts(words(drive)).security_frozen
    assert security(drive, 0xF1).error == ABORTED
    drive.reset("hard")
    assert ata_facts(words(drive)).security_frozen
    drive.reset("power")
    assert not ata_facts(words(drive)).security_frozen


def test_sanitize_runs_in_the_background_and_survives_a_power_cut() -> None:
    drive, clock = disk(sanitize=frozenset(("block",)), sanitize_s=100.0)
    assert Answer(drive, 0xB4, feature=0x12, lba=0).error == ABORTED, "without its key"
    assert Answer(drive, 0xB4, feature=0x11, lba=0x43727970).error == ABORTED, "no crypto erase"
    assert Answer(drive, 0xB4, feature=0x12, lba=0x426B4572).error == 0
    clock.advance(25)
    status = Answer(drive, 0xB4).task
    assert (status.count >> 14 & 1, status.lba) == (1, 0x4000)
    assert read(drive, 0).error == ABORTED
    drive.reset("power")
    clock.advance(80)
    status = Answer(drive, 0xB4).task
    assert status.count >> 14 == 0b10
    assert read(drive, 0).data == bytes(512)


def test_sanitize_freeze_lock_is_named_as_the_reason() -> None:
    drive, _ = disk(sanitize=frozenset(("block",)))
    assert Answer(drive, 0xB4, feature=0x20, lba=0x46724C6B).error == 0
    refused = Answer(drive, 0xB4, feature=0x12, lba=0x426B4572)
    assert (refused.error, refused.task.lba) == (ABORTED, 3)
    assert read_medium(drive) == OLD * 256
    drive.reset("power")
    assert Answer(drive, 0xB4, feature=0x12, lba=0x426B4572).error == 0


def sanitized(
    drive: AtaDrive, feature: int = 0x12, lba: int = 0x426B4572, count: int = 0
) -> Answer:
    return Answer(drive, 0xB4, feature=feature, lba=lba, count=count)


def status(drive: AtaDrive, count: int = 0) -> SanitizeStatus:
    """What the product makes of the registers of SANITIZE STATUS EXT."""
    task = Answer(drive, 0xB4, count=count).task
    return decoded(Registers(status=task.status, error=task.error, count=task.count, lba=task.lba))


def test_a_sanitize_overwrite_leaves_its_pattern_and_a_scramble_leaves_noise() -> None:
    drive, clock = disk(sanitize=frozenset(("overwrite", "crypto")), sanitize_s=100.0)
    assert status(drive).state == "idle", "nothing was ever sanitized"
    assert sanitized(drive, 0x14, 0x4F57_5A5A5A5A, count=1).error == 0
    clock.advance(50)
    assert (status(drive).state, status(drive).progress) == ("running", 0.5)
    clock.advance(50)
    assert status(drive).state == "succeeded"
    assert read_medium(drive) == b"\x5a" * (512 * 256)
    assert sanitized(drive, 0x11, 0x43727970).error == 0
    clock.advance(100)
    assert status(drive).state == "succeeded"
    assert len(set(read_medium(drive)[:4096])) > 200


@pytest.mark.parametrize("may_clear", [True, False])
def test_a_failed_sanitize_closes_the_drive_until_it_is_cleared_or_one_succeeds(
    may_clear: bool,
) -> None:
    drive, clock = disk(sanitize=frozenset(("block",)), sanitize_s=100.0)
    drive.sanitize.failures = 1
    assert sanitized(drive, count=16 * may_clear).error == 0
    clock.advance(100)
    assert status(drive).state == "failed"
    assert read(drive, 255).error == ABORTED
    assert status(drive, count=1).state == ("idle" if may_clear else "failed")
    if may_clear:
        assert read(drive, 255).data == OLD
        return
    assert sanitized(drive).error == 0
    clock.advance(100)
    assert status(drive).state == "succeeded"
    assert read_medium(drive) == bytes(512 * 256)


def test_a_sanitize_may_be_stuck_or_never_begin() -> None:
    drive, clock = disk(sanitize=frozenset(("block",)), sanitize_s=100.0)
    drive.sanitize.stuck_at = 0.25
    assert sanitized(drive).error == 0
    clock.advance(10_000)
    assert (status(drive).state, status(drive).progress) == ("running", 0.25)
    drive, clock = disk(sanitize=frozenset(("block",)), sanitize_s=100.0)
    drive.sanitize.only_says_yes = drive.sanitize.succeeded = True
    assert sanitized(drive).error == 0
    assert status(drive).state == "succeeded"
    assert read_medium(drive) == OLD * 256


def test_an_erase_may_reach_half_or_abort_and_lock() -> None:
    drive, clock = disk(erase_s=100.0, halves=frozenset(("erase",)))
    security(drive, 0xF1)
    Answer(drive, 0xF3)
    erase = security(drive, 0xF4)
    clock.advance(100)
    assert erase.answers == [b""] and not erase.error
    assert read_medium(drive) == bytes(512 * 128) + OLD * 128
    drive.security.aborts_at = 0.75
    security(drive, 0xF1)
    Answer(drive, 0xF3)
    assert security(drive, 0xF4).error == ABORTED
    facts = ata_facts(words(drive))
    assert facts.security_enabled and facts.security_locked and not facts.security_tries_over
    assert security(drive, 0xF2).error == 0 and security(drive, 0xF6).error == 0
    assert not ata_facts(words(drive)).security_enabled


def test_a_hidden_area_is_made_and_undone_only_right_after_asking_for_the_native_size() -> None:
    drive, _ = disk()
    assert Answer(drive, 0x37, lba=199).error == ABORTED
    assert Answer(drive, 0x27).task.lba == 255
    assert Answer(drive, 0x37, lba=199).error == 0
    assert accessible_lbas(words(drive)) == 200
    assert read(drive, 200).error == NO_SUCH_ADDRESS
    Answer(drive, 0x27)
    assert Answer(drive, 0x37, lba=255).error == 0
    assert read(drive, 255).data == OLD


@pytest.mark.parametrize("keeps", [frozenset[str](), frozenset(("erase",))])
def test_a_drive_may_lie_about_its_erase(keeps: frozenset[str]) -> None:
    drive, clock = disk(keeps=keeps)
    security(drive, 0xF1)
    Answer(drive, 0xF3)
    erase = security(drive, 0xF4)
    clock.advance(1000)
    assert erase.answers == [b""] and not erase.error
    assert read_medium(drive) == (OLD * 256 if keeps else bytes(512 * 256))


def test_a_command_that_hangs_is_lost_at_a_reset() -> None:
    drive, clock = disk()

    def hang(task: Taskfile) -> None:
        raise Deferred(None)

    drive.before_command.append(hang)
    lost = read(drive, 0)
    clock.advance(1e6)
    drive.reset("hard")
    drive.before_command.clear()
    assert not lost.answers
    assert read(drive, 0).data == OLD


def test_trim_makes_zeros_of_exactly_what_it_names() -> None:
    drive, _ = disk(trim=True)
    entries = struct.pack("<QQ", 4 << 48 | 8, 0).ljust(512, b"\0")
    assert Answer(drive, 0x06, entries, feature=1, count=1).error == 0
    assert read(drive, 7, 6).data == OLD + bytes(4 * 512) + OLD


def test_smart_says_failing_in_the_registers_that_the_standard_names() -> None:
    for failing, expected in ((False, 0xC24F), (True, 0x2CF4)):
        drive, _ = disk(failing=failing, reallocated=77)
        answer = Answer(drive, 0xB0, feature=0xDA, lba=0xC24F00)
        assert answer.task.lba >> 8 & 0xFFFF == expected
        data = Answer(drive, 0xB0, feature=0xD0, lba=0xC24F00, count=1).data
        assert sum(data) % 256 == 0
        assert data[2] == 5 and data[7] == 77


def test_moments_change_a_personality_and_are_noted() -> None:
    drive = load("identity-changes").build(Bench(clock=ManualClock(), name="x"))
    assert isinstance(drive, AtaDrive)
    before = ata_identity(words(drive)).serial
    drive.moment("something else")
    assert ata_identity(words(drive)).serial == before
    drive.moment("consent")
    assert ata_identity(words(drive)).serial != before
    assert "moment consent" in drive.journal


# --- media


def test_media_faults_break_their_range_and_nothing_else() -> None:
    store = Store(64)
    store.write(0, OLD * 64)
    unwritable = Unwritable(store, 10, 2)
    with pytest.raises(MediumError) as failure:
        unwritable.write(8, NEW * 6)
    assert failure.value.lba == 10
    assert bytes(store.read(8, 6)) == NEW * 2 + OLD * 4
    IgnoresWrites(store, 20, 2).write(19, NEW * 4)
    assert bytes(store.read(19, 4)) == NEW + OLD * 2 + NEW
    IgnoresWrites(store, 20, 2).zero(0, 64)
    assert bytes(store.read(19, 4)) == bytes(512) + OLD * 2 + bytes(512)


def test_a_medium_that_wraps_around_overwrites_its_own_beginning() -> None:
    store = Store(32)
    fake = WrapsAround(store, 80)
    assert fake.blocks == 80
    fake.write(30, NEW * 4)
    assert bytes(store.read(0, 2)) == NEW * 2
    assert bytes(fake.read(62, 4)) == NEW * 4


def test_a_write_cache_loses_what_was_not_flushed_and_a_lying_one_everything() -> None:
    for honest, flushed in ((True, NEW), (False, OLD)):
        store = Store(64)
        store.write(0, OLD * 64)
        cache = VolatileCache(store, 8, honest=honest)
        cache.write(0, NEW)
        cache.flush()
        cache.write(1, NEW)
        assert bytes(cache.read(0, 3))[512:1024] == NEW
        cache.power_cut()
        assert bytes(cache.read(0, 2)) == flushed + OLD


def test_the_donors_data_is_counted_to_the_block(tmp_path: Path) -> None:
    bench = Bench(clock=ManualClock(), name="drive", directory=tmp_path)
    store = bench.store(mib=1, block_bytes=4096)
    path = tmp_path / "drive.0.medium"
    assert left_bytes(path) == 1 << 20
    assert bytes(store.read(255, 1)).count(MARKER) == 8
    store.zero(0, 254)
    assert left_bytes(path) == 8192


# --- NVMe


class Nvme:
    """A controller with two namespaces, and the last command's answer."""

    def __init__(self, **traits: object) -> None:
        self.clock = ManualClock()
        self.media = [Store(128), Store(64)]
        for store in self.media:
            store.write(0, OLD * store.blocks)
        known = {"model": "M", "serial": "S", "format_s": 10.0, "sanitize_s": 100.0, **traits}
        self.controller = NvmeController(
            self.clock,
            list(self.media),
            NvmeTraits(**known),  # type: ignore[arg-type]
        )
        self.status: int | None = None
        self.data = b""

    def command(
        self, opcode: int, *orders: int, nsid: int = 1, admin: bool = True, data: bytes = b""
    ) -> Nvme:
        entry = struct.pack("<BBHI32x", opcode, 0, 7, nsid)
        entry += struct.pack("<6I", *orders, *[0] * (6 - len(orders)))
        self.status = None
        self.controller.execute(admin, entry, data, self._done)
        return self

    def read(self, lba: int, count: int = 1, nsid: int = 1) -> Nvme:
        return self.command(2, lba, 0, count - 1, nsid=nsid, admin=False)

    def erased(self) -> list[bool]:
        return [bytes(one.read(0, one.blocks)) == bytes(one.blocks * 512) for one in self.media]

    def _done(self, status: int, data: bytes | bytearray | memoryview, result: int) -> None:
        self.status, self.data = status & 0x7FF, bytes(data)


def test_format_with_user_data_erase_clears_the_namespace_and_only_that() -> None:
    nvme = Nvme()
    assert nvme.command(0x80, 1 << 9).status is None
    assert nvme.read(0).status == FORMAT_IN_PROGRESS
    nvme.clock.advance(10)
    assert nvme.erased() == [True, False]


def test_format_without_a_secure_erase_keeps_the_data_and_may_change_the_block_size() -> None:
    nvme = Nvme()
    nvme.command(0x80, 1)
    nvme.clock.advance(10)
    assert nvme.status == 0 and nvme.erased() == [False, False]
    nvme.command(0x06, 0)
    assert struct.unpack_from("<Q", nvme.data)[0] == 16
    assert nvme.read(15).data == OLD * 8
    assert nvme.read(16).status == LBA_OUT_OF_RANGE


def test_format_may_reach_all_namespaces_or_lie() -> None:
    nvme = Nvme(fna=0x06)
    nvme.command(0x80, 2 << 9)
    nvme.clock.advance(10)
    assert nvme.erased() == [True, True]
    liar = Nvme(keeps=frozenset(("format-1",)))
    liar.command(0x80, 1 << 9)
    liar.clock.advance(10)
    assert liar.status == 0 and liar.erased() == [False, False]
    assert Nvme(fna=0).command(0x80, 2 << 9).status == INVALID_FIELD


def test_sanitize_shows_progress_forbids_reading_and_erases_every_namespace() -> None:
    nvme = Nvme(sanitize=frozenset(("block",)))
    assert nvme.command(0x84, 4).status == INVALID_FIELD, "no crypto erase"
    assert nvme.command(0x84, 2).status == 0
    nvme.clock.advance(50)
    nvme.command(0x02, 0x81 | 127 << 16)
    assert struct.unpack_from("<HHI", nvme.data) == (0x8000, 2, 2)
    assert nvme.read(0, nsid=2).status == SANITIZE_IN_PROGRESS
    nvme.clock.advance(50)
    nvme.command(0x02, 0x81 | 127 << 16)
    assert struct.unpack_from("<HH", nvme.data) == (0xFFFF, 0x101)
    assert nvme.erased() == [True, True]


def log_of(nvme: Nvme) -> tuple[int, int]:
    """Progress and status of log page 81h."""
    nvme.command(0x02, 0x81 | 127 << 16)
    progress, status = struct.unpack_from("<HH", nvme.data)
    return progress, status


BLOCK, UNRESTRICTED, LEAVE = 2, 8, 1


@pytest.mark.parametrize("unrestricted", [True, False])
def test_a_failed_sanitize_takes_nothing_until_it_is_left_or_another_succeeds(
    unrestricted: bool,
) -> None:
    nvme = Nvme(sanitize=frozenset(("block",)), sanitize_failures=1)
    nvme.command(0x84, BLOCK | (UNRESTRICTED if unrestricted else 0))
    nvme.clock.advance(100)
    assert log_of(nvme)[1] & 7 == 3
    assert nvme.read(0).status == SANITIZE_FAILED
    assert nvme.command(0x80, 1 << 9).status == SANITIZE_FAILED
    assert nvme.command(0x84, LEAVE).status == (0 if unrestricted else SANITIZE_FAILED)
    if not unrestricted:
        assert nvme.command(0x84, BLOCK | UNRESTRICTED).status == SANITIZE_FAILED
        nvme.command(0x84, BLOCK)
        nvme.clock.advance(100)
    assert nvme.read(0).status == 0
    assert nvme.erased() == [not unrestricted] * 2


def test_a_sanitize_may_stand_still_or_be_forgotten() -> None:
    stuck = Nvme(sanitize=frozenset(("block",)), stuck_at=0.3)
    stuck.command(0x84, BLOCK)
    stuck.clock.advance(1e6)
    assert log_of(stuck) == (int(0.3 * 65536), 2) and stuck.erased() == [False, False]
    forgotten = Nvme(sanitize=frozenset(("block",)), forgets_sanitize=True)
    assert forgotten.command(0x84, BLOCK).status == 0
    forgotten.clock.advance(1e6)
    assert log_of(forgotten)[1] == 0 and forgotten.erased() == [False, False]


def test_a_write_after_a_sanitize_shows_in_its_log() -> None:
    nvme = Nvme(sanitize=frozenset(("block",)))
    nvme.command(0x84, BLOCK)
    nvme.clock.advance(100)
    assert log_of(nvme)[1] == 0x101
    nvme.command(1, 0, 0, 0, admin=False, data=NEW)
    assert log_of(nvme)[1] == 0x001


def test_an_erase_may_reach_half_or_one_namespace_of_several() -> None:
    half = Nvme(sanitize=frozenset(("block",)), covers=0.5)
    half.command(0x84, BLOCK)
    half.clock.advance(100)
    log_of(half)
    assert bytes(half.media[0].read(63, 2)) == bytes(512) + OLD
    one = Nvme(formats_first_only=True)
    one.command(0x80, 1 << 9, nsid=0xFFFFFFFF)
    one.clock.advance(10)
    assert one.status == 0 and one.erased() == [True, False]


def test_a_format_counts_down_what_is_left() -> None:
    nvme = Nvme()
    nvme.command(0x80, 1 << 9)
    left = []
    for _ in range(3):
        nvme.clock.advance(4)
        nvme.command(0x06, 0)
        left.append(nvme.data[32])
    assert left == [0x80 | 60, 0x80 | 20, 0x80]


def test_nvme_reads_writes_and_deallocates() -> None:
    nvme = Nvme()
    assert nvme.command(1, 5, 0, 1, admin=False, data=NEW * 2).status == 0
    assert nvme.read(4, 4).data == OLD + NEW * 2 + OLD
    ranges = struct.pack("<IIQ", 0, 2, 4)
    assert nvme.command(9, 0, 4, admin=False, data=ranges).status == 0
    assert nvme.read(4, 3).data == bytes(1024) + NEW
    assert nvme.read(127, 2).status == LBA_OUT_OF_RANGE
    assert nvme.read(60, 1, nsid=2).data == OLD


# --- personalities


@pytest.mark.parametrize("name", names())
def test_every_personality_can_be_built_and_says_who_it_is(name: str) -> None:
    personality = load(name)
    drive = personality.build(Bench(clock=ManualClock(), name=name))
    assert personality.title
    assert (personality.bus == "sata") is isinstance(drive, AtaDrive)


def test_a_file_from_anywhere_is_a_personality_and_a_wrong_one_is_refused(tmp_path: Path) -> None:
    good = tmp_path / "mine.py"
    good.write_text(load("honest-hdd").source.read_text())
    assert load(str(good)).name == "mine"
    with pytest.raises(ValueError, match=r"no such personality.*known:.*honest-ssd"):
        load("honest-tape")
    bad = tmp_path / "bad.py"
    bad.write_text('"""A drive."""\nBUS = "scsi"\nEXPECTED = None\n')
    with pytest.raises(ValueError, match=r"bad\.py: a personality needs build"):
        load(str(bad))
    bad.write_text(bad.read_text() + "build = None\n")
    with pytest.raises(ValueError, match="BUS is 'scsi'"):
        load(str(bad))


def read_medium(drive: AtaDrive) -> bytes:
    """What is really there."""
    return bytes(drive.medium.read(0, drive.medium.blocks))
