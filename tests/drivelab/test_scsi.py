"""The SCSI disk and the USB device by themselves, and how the product reads what they say."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.hardware import scsi
from appliance.hardware.descriptor import ScsiAnswer
from appliance.model import ScsiFacts
from tests.drivelab.clock import ManualClock
from tests.drivelab.media import Medium, Store, Unreadable
from tests.drivelab.scsi import (
    NO_SUCH_ADDRESS,
    NO_SUCH_COMMAND,
    SANITIZE_FAILED,
    UNREADABLE,
    ScsiDisk,
    ScsiError,
    ScsiTraits,
)
from tests.drivelab.usb import UsbDevice, UsbTraits

OLD = b"\xd1" * 512
NEW = b"\x5a" * 512
BLOCKS = 256


class Answer:
    """One command and what came of it; `status` -1 while the drive is at it."""

    def __init__(self, disk: ScsiDisk, cdb: bytes, data: bytes = b"") -> None:
        self.status, self.data, self.sense = -1, b"", b""
        disk.execute(cdb, data, self._done)

    @property
    def code(self) -> tuple[int, int, int]:
        found = scsi.parsed_sense(self.sense)
        assert found is not None
        return (found.key, *found.code)

    def _done(self, status: int, data: bytes | bytearray | memoryview, sense: bytes) -> None:
        self.status, self.data, self.sense = status, bytes(data), sense


def disk(medium: Medium | None = None, **traits: object) -> tuple[ScsiDisk, ManualClock]:
    clock = ManualClock()
    if medium is None:
        medium = Store(BLOCKS)
        medium.write(0, OLD * BLOCKS)
    known = {"vendor": "LAB", "product": "DISK", "serial": "S1", "wwn": 0x5000C50000000001}
    made = ScsiDisk(clock, medium, ScsiTraits(**{**known, **traits}))  # type: ignore[arg-type]
    assert Answer(made, bytes(6)).code == (6, 0x29, 0), "power on is told once"
    return made, clock


def read(drive: ScsiDisk, first: int, count: int = 1) -> Answer:
    return Answer(drive, struct.pack(">BBIBHB", 0x28, 0, first, 0, count, 0))


def write(drive: ScsiDisk, first: int, data: bytes) -> Answer:
    count = len(data) // drive.block_bytes
    return Answer(drive, struct.pack(">BBQIBB", 0x8A, 0, first, count, 0, 0), data)


def sanitize(drive: ScsiDisk, action: int, data: bytes = b"", flags: int = 0xA0) -> Answer:
    head = bytes((0x48, flags | action)) + bytes(5)
    return Answer(drive, head + len(data).to_bytes(2, "big") + b"\0", data)


def asked(drive: ScsiDisk) -> scsi.Sense | None:
    return scsi.parsed_sense(Answer(drive, bytes((0x03, 0, 0, 0, 252, 0))).data)


def supported(drive: ScsiDisk, action: int) -> bool | None:
    cdb = bytes((0xA3, 0x0C, 2, 0x48, 0, action, 0, 0, 1, 0, 0, 0))
    return scsi.is_supported(Answer(drive, cdb).data)


def vital(drive: ScsiDisk, page: int) -> bytes:
    return Answer(drive, bytes((0x12, 1, page, 0, 252, 0))).data


def test_reads_and_writes_stay_within_the_drive_and_errors_are_named() -> None:
    drive, _ = disk(Unreadable(Store(BLOCKS), 100, 4))
    assert write(drive, 10, NEW * 2).status == 0
    assert read(drive, 9, 4).data == bytes(512) + NEW * 2 + bytes(512)
    assert read(drive, BLOCKS - 1, 2).code == NO_SUCH_ADDRESS
    bad = read(drive, 96, 16)
    assert (bad.code, bad.sense[3:7]) == (UNREADABLE, (100).to_bytes(4, "big"))
    assert Answer(drive, bytes((0x85,)) + bytes(15)).code == NO_SUCH_COMMAND


def test_what_the_drive_says_of_itself_is_read_as_it_is_meant() -> None:
    drive, _ = disk(rpm=10500, sanitize=frozenset(("overwrite",)), extra_bytes=8)
    capacity = Answer(drive, bytes((0x9E, 0x10)) + bytes(8) + bytes((0, 0, 0, 32, 0, 0))).data
    assert scsi.block_bytes(capacity) == 520
    assert scsi.rotation_rpm(vital(drive, 0xB1)) == 10500
    assert scsi.needs_writing(vital(drive, 0xB1)) == ()
    assert scsi.port_protocol(vital(drive, 0x83)) == scsi.SAS_PROTOCOL
    assert [supported(drive, action) for action in (1, 2, 3, 0x1F)] == [True, False, False, True]
    assert scsi.is_supported(b"") is None and scsi.is_supported(b"\0\0") is None
    assert scsi.rotation_rpm(vital(disk()[0], 0xB1)) == 0
    assert scsi.needs_writing(bytes((0, 0xB1, 0, 60, 0, 1, 0, 0b10_01_0000))) == ("block",)
    assert scsi.port_protocol(vital(disk(protocol=None)[0], 0x83)) is None


def test_sectors_of_520_bytes_hold_512_of_the_medium() -> None:
    drive, _ = disk(extra_bytes=8)
    assert read(drive, 0, 2).data == (OLD + bytes(8)) * 2
    assert write(drive, 1, (NEW + b"12345678") * 2).status == 0
    assert drive.medium.read(0, 4) == OLD + NEW * 2 + OLD


def test_a_sanitize_shows_progress_refuses_all_else_and_erases() -> None:
    drive, clock = disk(sanitize=frozenset(("block",)), sanitize_s=100)
    assert sanitize(drive, 2).status == 0
    clock.advance(25)
    found = asked(drive)
    assert found is not None and found.code == (0x04, 0x1B)
    assert found.progress == pytest.approx(0.25, abs=0.01)
    assert read(drive, 0).code == (2, 0x04, 0x1B)
    assert Answer(drive, bytes((0x12, 0, 0, 0, 96, 0))).status == 0
    assert drive.medium.read(0, 1) == OLD
    clock.advance(80)
    found = asked(drive)
    assert found is not None and (found.key, found.progress) == (0, None)
    assert read(drive, 0, BLOCKS).data == bytes(512 * BLOCKS)


def test_a_sanitize_that_is_waited_for_answers_at_its_end() -> None:
    drive, clock = disk(sanitize=frozenset(("block",)), sanitize_s=100)
    answer = sanitize(drive, 2, flags=0)
    assert answer.status == -1
    clock.advance(101)
    assert answer.status == 0


def test_overwriting_takes_a_pattern_and_a_crypto_erase_leaves_noise() -> None:
    drive, clock = disk(sanitize=frozenset(("overwrite", "crypto")))
    assert sanitize(drive, 1).code == (5, 0x26, 0)
    assert sanitize(drive, 1, bytes((1, 0, 0, 2)) + b"\xa5\x5a").status == 0
    clock.advance(1000)
    assert read(drive, 7).data == b"\xa5\x5a" * 256
    assert sanitize(drive, 3).status == 0
    clock.advance(1000)
    noise = read(drive, 0, 2).data
    assert noise[:512] != noise[512:] and noise[:2] != b"\xa5\x5a"
    assert sanitize(drive, 2).code == (5, 0x24, 0)


def test_a_failed_sanitize_holds_the_drive_until_it_is_left() -> None:
    drive, clock = disk(sanitize=frozenset(("block",)), fails=frozenset(("block",)))
    sanitize(drive, 2)
    clock.advance(1000)
    assert read(drive, 0).code == SANITIZE_FAILED
    found = asked(drive)
    assert found is not None and found.code == (0x31, 0x03)
    assert sanitize(drive, 0x1F).status == 0
    assert read(drive, 0).data == OLD
    # Without AUSE there is no way out but another sanitize.
    sanitize(drive, 2, flags=0x80)
    clock.advance(1000)
    assert sanitize(drive, 0x1F).code == SANITIZE_FAILED


@given(st.binary(max_size=64))
def test_any_sense_is_read_or_refused(raw: bytes) -> None:
    found = scsi.parsed_sense(raw)
    assert found is None or (0 <= found.key <= 15 and 0 <= (found.progress or 0) < 1)


def test_sense_in_descriptor_format_gives_the_same() -> None:
    # SPC-5 4.4.2: key 2, 04h/1Bh; descriptors: information, sense key specific with 8000h.
    raw = bytes((0x72, 2, 0x04, 0x1B, 0, 0, 0, 20)) + bytes((0, 0x0A)) + bytes(10)
    raw += bytes((2, 6, 0, 0, 0x80, 0x80, 0x00, 0))
    found = scsi.parsed_sense(raw)
    assert found == scsi.Sense(key=2, code=(0x04, 0x1B), progress=0.5)


# --- what the product makes of it, with the model in the kernel's place


def plugged_in(monkeypatch: pytest.MonkeyPatch, drive: ScsiDisk) -> None:
    """Commands that the product sends go to the model."""

    def command(_fd: int, cdb: bytes, length: int = 0, _timeout_ms: int = 0) -> ScsiAnswer:
        answer = Answer(drive, cdb)
        return ScsiAnswer(
            data=answer.data[:length],
            sense=answer.sense,
            status=answer.status,
            host_status=0,
            driver_status=8 if answer.sense else 0,
        )

    def read_command(fd: int, cdb: bytes, length: int, timeout_ms: int = 0) -> bytes:
        answer = command(fd, cdb, length, timeout_ms)
        if answer.status:
            raise OSError(5, "refused")
        return answer.data

    monkeypatch.setattr(scsi, "scsi_command", command)
    monkeypatch.setattr(scsi, "scsi_read", read_command)


def test_facts_of_a_drive_that_has_just_got_power(monkeypatch: pytest.MonkeyPatch) -> None:
    medium = Store(BLOCKS)
    traits = ScsiTraits(
        vendor="LAB",
        product="DISK",
        serial="S1",
        wwn=0x5000C50000000001,
        sanitize=frozenset(("block", "crypto")),
    )
    plugged_in(monkeypatch, ScsiDisk(ManualClock(), medium, traits))
    assert scsi.scsi_facts(0) == ScsiFacts(
        protocol=scsi.SAS_PROTOCOL,
        block_bytes=512,
        rotation_rpm=0,
        sanitize=("block", "crypto"),
        zeros_after_erase=True,
        state="idle",
    )


def test_what_a_drive_does_not_tell_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    drive, _ = disk(protocol=None, vital=False, wwn=None, reads_zeros=False)
    plugged_in(monkeypatch, drive)
    facts = scsi.scsi_facts(0)
    assert (facts.protocol, facts.rotation_rpm, facts.sanitize) == (None, None, None)
    assert facts.block_bytes == 512 and not facts.zeros_after_erase


def test_the_state_of_a_sanitize_is_running_failed_or_idle(monkeypatch: pytest.MonkeyPatch) -> None:
    drive, clock = disk(sanitize=frozenset(("block",)), fails=frozenset(("block",)), sanitize_s=100)
    plugged_in(monkeypatch, drive)
    assert scsi.sanitize_state(0).state == "idle"
    sanitize(drive, 2)
    clock.advance(50)
    found = scsi.sanitize_state(0)
    assert found.state == "running" and found.progress == pytest.approx(0.5, abs=0.01)
    assert scsi.scsi_facts(0).state == "running"
    clock.advance(51)
    assert scsi.sanitize_state(0).state == "failed"
    sanitize(drive, 0x1F)
    assert scsi.sanitize_state(0).state == "idle"


def test_a_drive_that_is_not_ready_for_another_reason_gives_no_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drive, _ = disk()

    def spinning_up(cdb: bytes) -> None:
        if cdb[0] == 0x00:
            raise ScsiError((0x2, 0x04, 0x01))

    drive.before_command.append(spinning_up)
    plugged_in(monkeypatch, drive)
    with pytest.raises(OSError, match="not ready"):
        scsi.sanitize_state(0)


# --- behind USB


class Port:
    """A host on the bulk endpoints of a USB device."""

    def __init__(self, device: UsbDevice) -> None:
        self.device = device
        self._tag = 0

    def run(self, cdb: bytes, length: int = 0, data: bytes = b"") -> tuple[int, bytes, int]:
        """Status of the status block, data, and how much was left over."""
        self._tag += 1
        flags, size = (0, len(data)) if data else (0x80, length)
        block = struct.pack("<IIIBBB", 0x43425355, self._tag, size, flags, 0, len(cdb))
        self.device.receive((block + cdb).ljust(31, b"\0"))
        if data:
            self.device.receive(data)
        found = b""
        while not data and len(found) < length:
            part = self.device.take(512)
            assert part is not None
            found += part
            if len(part) < 512:
                break
        status = self.device.take(13)
        assert status is not None
        signature, tag, left, code = struct.unpack("<IIIB", status)
        assert (signature, tag) == (0x53425355, self._tag)
        assert self.device.take(512) is None
        return code, found, left


def stick(**traits: object) -> Port:
    clock = ManualClock()
    medium = Store(BLOCKS)
    medium.write(0, OLD * BLOCKS)
    known = {"vendor": "LAB", "product": "STICK", "serial": "", "protocol": None, "rpm": 0}
    unit = ScsiDisk(clock, medium, ScsiTraits(**{**known, **traits}))  # type: ignore[arg-type]
    ids = UsbTraits(vendor_id=1, product_id=2, maker="LAB", product="Stick", serial="U7")
    port = Port(UsbDevice(clock, unit, ids))
    assert port.run(bytes(6))[0] == 1
    return port


def test_the_serial_of_a_stick_stands_in_its_descriptor() -> None:
    port = stick()
    told = port.device.control(0x80, 6, 0x0100)
    assert told is not None and told[16] == 3
    assert port.device.control(0x80, 6, 0x0303) == b"\x06\x03U\x007\x00"
    assert port.device.control(0x80, 6, 0x0304) is None


def test_bulk_only_commands_move_data_and_end_in_a_status() -> None:
    port = stick()
    assert port.run(bytes((0x35,)) + bytes(9)) == (0, b"", 0)
    assert port.run(struct.pack(">BBIBHB", 0x2A, 0, 3, 0, 2, 0), data=NEW * 2) == (0, b"", 0)
    assert port.run(struct.pack(">BBIBHB", 0x28, 0, 3, 0, 3, 0), 1536) == (0, NEW * 2 + OLD, 0)
    code, found, left = port.run(bytes((0x12, 0, 0, 0, 96, 0)), 255)
    assert (code, len(found), left) == (0, 96, 159)
    # Asked for more than there is, by a whole number of packets: an empty packet ends it.
    code, found, left = port.run(struct.pack(">BBIBHB", 0x28, 0, 3, 0, 1, 0), 1024)
    assert (code, found, left) == (0, NEW, 512)


def test_a_refusal_is_asked_for_once() -> None:
    port = stick(vital=False)
    assert port.run(bytes((0x12, 1, 0x80, 0, 252, 0)), 252)[0] == 1
    first = port.run(bytes((0x03, 0, 0, 0, 18, 0)), 18)[1]
    assert (first[2], first[12]) == (5, 0x24)
    assert port.run(bytes((0x03, 0, 0, 0, 18, 0)), 18)[1][2] == 0


def test_bridges_refuse_ata_commands_or_eat_them() -> None:
    identify = bytes((0x85, 8, 0x0E, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0xEC, 0))
    assert stick().run(identify, 512)[0] == 1
    assert stick(eats_pass_through=True).run(identify, 512) == (0, bytes(512), 0)
