"""Level 0 Discovery: whether a drive encrypts by itself, and whether its locks are closed.

Asked by ATA TRUSTED RECEIVE, NVMe Security Receive or SCSI SECURITY PROTOCOL IN, only of a drive
that announces the command, and read from bytes that a hostile drive may have made. It opens no
session, needs no password and changes nothing. (libata lets TRUSTED commands through only with
`libata.allow_tpm=1`.)
"""

from __future__ import annotations

from appliance.hardware.descriptor import nvme_admin_read, nvme_identify, scsi_read
from appliance.hardware.scsi import is_supported
from appliance.model import Bus, Reason, TcgFacts

# Security protocol 01h with the ComID 0001h: Level 0 Discovery (TCG Storage Core 2.01, 3.3.6).
_PROTOCOL, _COMID = 0x01, 0x0001
_ANSWER_BYTES, _BLOCK_BYTES = 2048, 512
_HEADER_BYTES, _LENGTH_BYTES = 48, 4
_LOCKING, _BLOCK_SID = 0x0002, 0x0402
# Feature codes of the subsystem classes (TCG Storage Feature Registry).
SSC = {
    0x0100: "enterprise",
    0x0200: "opal1",
    0x0203: "opal2",
    0x0301: "opalite",
    0x0302: "pyrite1",
    0x0303: "pyrite2",
    0x0304: "ruby",
    0x0305: "key-per-io",
}
_TRUSTED_RECEIVE, _SECURITY_RECEIVE, _PROTOCOL_IN = 0x5C, 0x82, 0xA2
_OACS_SECURITY = 1 << 0


def parsed_discovery(raw: bytes) -> TcgFacts:
    """The answer's feature descriptors; OSError for an answer that is none.

    A descriptor that is cut short, or shorter than its fields, ends the reading: what came
    before it counts. Codes that we do not know are passed over.
    """
    length = int.from_bytes(raw[:_LENGTH_BYTES], "big")
    end = min(len(raw), _LENGTH_BYTES + length)
    if end < _HEADER_BYTES:
        raise OSError(5, f"Level 0 Discovery gave {end} bytes")
    ssc: list[str] = []
    locking, sid_blocked = 0, False
    at = _HEADER_BYTES
    while at + 4 <= end:
        code, data = int.from_bytes(raw[at : at + 2], "big"), raw[at + 4 : at + 4 + raw[at + 3]]
        at += 4 + raw[at + 3]
        if at > end:
            break
        if code in SSC and SSC[code] not in ssc:
            ssc.append(SSC[code])
        if code == _LOCKING and data:
            locking |= data[0]
        if code == _BLOCK_SID and data:
            sid_blocked = bool(data[0] & 1 << 1)
    return TcgFacts(
        ssc=tuple(ssc),
        locking_supported=bool(locking & 1 << 0),
        locking_enabled=bool(locking & 1 << 1),
        locked=bool(locking & 1 << 2),
        media_encryption=bool(locking & 1 << 3),
        mbr_enabled=bool(locking & 1 << 4),
        mbr_done=bool(locking & 1 << 5),
        sid_blocked=sid_blocked,
    )


def discovered(fd: int, bus: Bus) -> TcgFacts:
    """What the drive says now; OSError where it does not answer."""
    if bus == Bus.NVME:
        return parsed_discovery(_nvme_answer(fd))
    if bus == Bus.SATA:
        return parsed_discovery(_ata_answer(fd))
    return parsed_discovery(_scsi_answer(fd))


def tcg_facts(
    fd: int, bus: Bus, words: tuple[int, ...] | None
) -> tuple[TcgFacts | None, list[Reason]]:
    """What a self-encrypting drive says of its locks, with a warning where it does not answer.

    None for a drive that announces no such commands. A drive behind a USB bridge is never asked:
    the bridge may take the command for one of its own.
    """
    try:
        if not _announced(fd, bus, words):
            return None, []
        return discovered(fd, bus), []
    except OSError as error:
        return None, [Reason(code="tcg-silent", facts={"problem": error.strerror or str(error)})]


def _announced(fd: int, bus: Bus, words: tuple[int, ...] | None) -> bool:
    if bus == Bus.SATA:
        # Word 48, the Trusted Computing feature set: bit 0, valid by bits 15:14 (ACS-5 9.11).
        return words is not None and words[48] & 0xC001 == 0x4001
    if bus == Bus.NVME:
        return bool(int.from_bytes(nvme_identify(fd, 1)[256:258], "little") & _OACS_SECURITY)
    return bus == Bus.SAS and _takes_security_protocol(fd)


def _takes_security_protocol(fd: int) -> bool:
    """SECURITY PROTOCOL IN among the supported operation codes (SPC-5 6.31.3)."""
    order = bytes((0xA3, 0x0C, 0x01, _PROTOCOL_IN, 0, 0, 0, 0, 1, 0, 0, 0))
    try:
        return is_supported(scsi_read(fd, order, 256)) is True
    except OSError:
        return False


def _ata_answer(fd: int) -> bytes:
    """TRUSTED RECEIVE (ACS-5 7.52) by ATA PASS-THROUGH (16): PIO data-in, blocks in COUNT."""
    low, high = _COMID & 0xFF, _COMID >> 8
    blocks = _ANSWER_BYTES // _BLOCK_BYTES
    registers = (0, _PROTOCOL, 0, blocks, 0, 0, 0, low, 0, high)
    cdb = bytes((0x85, 4 << 1, 0x0E, *registers, 0x40, _TRUSTED_RECEIVE, 0))
    return scsi_read(fd, cdb, _ANSWER_BYTES)


def _nvme_answer(fd: int) -> bytes:
    """Security Receive (NVM Express Base 5.1.21): SECP, SPSP in dword 10, bytes in dword 11."""
    return nvme_admin_read(
        fd,
        _SECURITY_RECEIVE,
        _ANSWER_BYTES,
        cdw10=_PROTOCOL << 24 | _COMID << 8,
        cdw11=_ANSWER_BYTES,
    )


def _scsi_answer(fd: int) -> bytes:
    """SECURITY PROTOCOL IN (SPC-5 6.42), the length in units of 512 bytes (INC_512)."""
    blocks = _ANSWER_BYTES // _BLOCK_BYTES
    cdb = bytes((_PROTOCOL_IN, _PROTOCOL)) + _COMID.to_bytes(2, "big") + bytes((0x80, 0))
    return scsi_read(fd, cdb + blocks.to_bytes(4, "big") + bytes(2), _ANSWER_BYTES)
