"""SCSI drives: facts and the state of a SANITIZE, from the bytes that the drive itself gives.

INQUIRY and its VPD pages, READ CAPACITY(16), REPORT SUPPORTED OPERATION CODES, REQUEST SENSE and
TEST UNIT READY (SPC-5, SBC-4). Asks only; nothing here changes a drive. What a drive does not
answer is None or left out, never taken as a no.
"""

from __future__ import annotations

from dataclasses import dataclass

from appliance.hardware.descriptor import ScsiAnswer, scsi_command, scsi_read
from appliance.model import ScsiFacts

SAS_PROTOCOL = 6
# SERVICE ACTION of SANITIZE (SBC-4 table 122).
ACTIONS = {"overwrite": 0x01, "block": 0x02, "crypto": 0x03}
_SANITIZE = 0x48
_SANITIZE_IN_PROGRESS = (0x04, 0x1B)
_SANITIZE_FAILED = (0x31, 0x03)
_UNIT_ATTENTION = 0x6
_CHECK_CONDITION = 2
_PAGE_BYTES = 252
# One event after another can stand before the answer (reset, capacity changed, sanitize ended).
_ATTENTIONS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Sense:
    """Sense key, additional sense code with qualifier; `progress` from 0 to 1 where it is told."""

    key: int
    code: tuple[int, int]
    progress: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SanitizeState:
    """`state`: `running`, `failed` (it is in the failure mode), or `idle`: ready for commands."""

    state: str
    progress: float | None = None


def parsed_sense(raw: bytes) -> Sense | None:
    """Sense data in fixed or descriptor format (SPC-5 4.4); None where it is neither."""
    kind = raw[0] & 0x7F if raw else 0
    if kind in (0x70, 0x71) and len(raw) >= 14:
        return Sense(
            key=raw[2] & 0x0F,
            code=(raw[12], raw[13]),
            progress=_progress(raw[15:18]) if len(raw) >= 18 else None,
        )
    if kind in (0x72, 0x73) and len(raw) >= 8:
        found, at = None, 8
        while at + 2 <= len(raw):
            length = raw[at + 1]
            # Sense key specific descriptor (type 02h): the three bytes lie from its byte 4 on.
            if raw[at] == 0x02 and length >= 6:
                found = _progress(raw[at + 4 : at + 7])
            at += 2 + length
        return Sense(key=raw[1] & 0x0F, code=(raw[2], raw[3]), progress=found)
    return None


def _progress(specific: bytes) -> float | None:
    """The progress indication among the sense key specific bytes (SPC-5 4.4.2.4.4)."""
    if len(specific) < 3 or not specific[0] & 0x80:
        return None
    return int.from_bytes(specific[1:3], "big") / 65536


def sanitize_state(fd: int) -> SanitizeState:
    """Whether a SANITIZE runs, has failed, or the drive is ready; OSError: it does not say.

    REQUEST SENSE gives the progress without being refused (SBC-4 4.11.2); TEST UNIT READY
    tells a drive that is ready from one that merely has nothing to say.
    """
    asked = scsi_read(fd, bytes((0x03, 0, 0, 0, 252, 0)), 252)
    told = _told(parsed_sense(asked))
    if told is not None:
        return told
    sense = None
    for _ in range(_ATTENTIONS):
        answer = _answered(fd, bytes(6))
        if answer.status == 0:
            return SanitizeState(state="idle")
        sense = parsed_sense(answer.sense)
        if sense is None or sense.key != _UNIT_ATTENTION:
            break
    told = _told(sense)
    if told is None:
        raise OSError(5, f"not ready: {sense}")
    return told


def _told(sense: Sense | None) -> SanitizeState | None:
    if sense is not None and sense.code == _SANITIZE_IN_PROGRESS:
        return SanitizeState(state="running", progress=sense.progress)
    if sense is not None and sense.code == _SANITIZE_FAILED:
        return SanitizeState(state="failed")
    return None


def scsi_facts(fd: int) -> ScsiFacts:
    """What a SCSI drive says of itself; never raises for what it refuses to say."""
    capacity = _asked(fd, bytes((0x9E, 0x10)) + bytes(8) + bytes((0, 0, 0, 32, 0, 0)), 32)
    characteristics = _vital(fd, 0xB1)
    try:
        state = sanitize_state(fd).state
    except OSError:
        state = "idle"
    return ScsiFacts(
        protocol=port_protocol(_vital(fd, 0x83)),
        block_bytes=block_bytes(capacity) or _short_block_bytes(fd),
        rotation_rpm=rotation_rpm(characteristics),
        sanitize=_sanitizes(fd),
        zeros_after_erase=len(capacity) >= 15 and capacity[14] & 0xC0 == 0xC0,
        needs_writing=needs_writing(characteristics),
        state=state,
    )


def block_bytes(capacity: bytes) -> int | None:
    """LOGICAL BLOCK LENGTH IN BYTES of READ CAPACITY(16) (SBC-4 5.21.2)."""
    return int.from_bytes(capacity[8:12], "big") or None if len(capacity) >= 12 else None


def rotation_rpm(page: bytes) -> int | None:
    """MEDIUM ROTATION RATE of VPD page B1h (SBC-4 6.6.2): 0 for a device that does not rotate."""
    rate = int.from_bytes(page[4:6], "big") if len(page) >= 6 else 0
    if rate == 1:
        return 0
    return rate if 0x0401 <= rate <= 0xFFFE else None


def needs_writing(page: bytes) -> tuple[str, ...]:
    """Sanitizes after which a read fails until the block is written (WABEREQ, WACEREQ of B1h)."""
    if len(page) < 8:
        return ()
    fields = (("block", page[7] >> 6 & 3), ("crypto", page[7] >> 4 & 3))
    # 10b: reads end in an error; 11b: in an error or not, as it happens.
    return tuple(name for name, value in fields if value >= 2)


def port_protocol(page: bytes) -> int | None:
    """PROTOCOL IDENTIFIER of the target port among the designators of VPD page 83h."""
    at, end = 4, min(len(page), 4 + int.from_bytes(page[2:4], "big"))
    while at + 4 <= end:
        # PIV, and association 1 (the target port).
        if page[at + 1] & 0xB0 == 0x90:
            return page[at] >> 4
        at += 4 + page[at + 3]
    return None


def is_supported(answer: bytes) -> bool | None:
    """SUPPORT of REPORT SUPPORTED OPERATION CODES for one command (SPC-5 6.31.3)."""
    if len(answer) < 2 or answer[1] & 7 == 0:
        return None
    # 3: as the standard has it; 1: not; 5: in the maker's own way.
    return answer[1] & 7 == 3


def _sanitizes(fd: int) -> tuple[str, ...] | None:
    found = []
    for name, action in ACTIONS.items():
        # Reporting option 010b: one command with its service action.
        order = bytes((0xA3, 0x0C, 0x02, _SANITIZE)) + action.to_bytes(2, "big")
        there = is_supported(_asked(fd, order + bytes((0, 0, 1, 0, 0, 0)), 256))
        if there is None:
            return None
        if there:
            found.append(name)
    return tuple(found)


def _short_block_bytes(fd: int) -> int | None:
    """The block length of READ CAPACITY(10), for drives older than the longer command."""
    short = _asked(fd, bytes((0x25,)) + bytes(9), 8)
    return int.from_bytes(short[4:8], "big") or None


def _answered(fd: int, cdb: bytes, length: int = 0) -> ScsiAnswer:
    """The drive's own answer, a refusal included; OSError where none came from it."""
    answer = scsi_command(fd, cdb, length)
    # Driver status 8 (DRIVER_SENSE) only says that there is sense data.
    if answer.host_status or answer.driver_status & ~8:
        raise OSError(5, f"SCSI host status {answer.host_status:#x} cdb {cdb.hex()}")
    return answer


def _vital(fd: int, page: int) -> bytes:
    found = _asked(fd, bytes((0x12, 1, page, 0, _PAGE_BYTES, 0)), _PAGE_BYTES)
    return found if len(found) >= 4 and found[1] == page else b""


def _asked(fd: int, cdb: bytes, length: int) -> bytes:
    """The answer to a question; empty where the drive refuses it."""
    try:
        answer = _answered(fd, cdb, length)
        if answer.status == _CHECK_CONDITION:  # a unit attention stands before the answer
            sense = parsed_sense(answer.sense)
            if sense is not None and sense.key == _UNIT_ATTENTION:
                answer = _answered(fd, cdb, length)
    except OSError:
        return b""
    return b"" if answer.status else answer.data
