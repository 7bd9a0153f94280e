"""Who is behind an opened device node: asked of the drive itself, through that descriptor.

Names such as /dev/sdb are given anew at every hot plug, so the identity is read from the
descriptor that the writes will go through: ATA IDENTIFY DEVICE by ATA PASS-THROUGH (SAT),
SCSI INQUIRY with VPD pages 80h and 83h (SPC), NVMe Identify by the admin ioctl, else the
kernel's own record for that device number. Never writes to the drive.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import struct
from dataclasses import dataclass
from pathlib import Path

from appliance.hardware.sysfs import SYS, printable, text
from appliance.model import Identity

BLKROSET, BLKROGET = 0x125D, 0x125E  # linux/fs.h
BLKFLSBUF = 0x1261
BLKRRPART = 0x125F
BLKGETSIZE64 = 0x80081272
BLKSSZGET = 0x1268
BLKGETDISKSEQ = 0x80081280
SG_IO = 0x2285  # scsi/sg.h
SG_DXFER_NONE, SG_DXFER_FROM_DEV = -1, -3
NVME_IOCTL_ADMIN_CMD = 0xC0484E41  # linux/nvme_ioctl.h
NVME_IOCTL_ID = 0x4E40


class _SgIoHdr(ctypes.Structure):
    """struct sg_io_hdr, version 3 (scsi/sg.h)."""

    # fmt: off
    _fields_ = (
        ("interface_id", ctypes.c_int), ("dxfer_direction", ctypes.c_int),
        ("cmd_len", ctypes.c_ubyte), ("mx_sb_len", ctypes.c_ubyte),
        ("iovec_count", ctypes.c_ushort), ("dxfer_len", ctypes.c_uint),
        ("dxferp", ctypes.c_void_p), ("cmdp", ctypes.c_void_p), ("sbp", ctypes.c_void_p),
        ("timeout", ctypes.c_uint), ("flags", ctypes.c_uint), ("pack_id", ctypes.c_int),
        ("usr_ptr", ctypes.c_void_p), ("status", ctypes.c_ubyte),
        ("masked_status", ctypes.c_ubyte), ("msg_status", ctypes.c_ubyte),
        ("sb_len_wr", ctypes.c_ubyte), ("host_status", ctypes.c_ushort),
        ("driver_status", ctypes.c_ushort), ("resid", ctypes.c_int),
        ("duration", ctypes.c_uint), ("info", ctypes.c_uint),
    )
    # fmt: on


class _NvmeAdminCmd(ctypes.Structure):
    """struct nvme_admin_cmd (linux/nvme_ioctl.h)."""

    # fmt: off
    _fields_ = (
        ("opcode", ctypes.c_uint8), ("flags", ctypes.c_uint8), ("rsvd1", ctypes.c_uint16),
        ("nsid", ctypes.c_uint32), ("cdw2", ctypes.c_uint32), ("cdw3", ctypes.c_uint32),
        ("metadata", ctypes.c_uint64), ("addr", ctypes.c_uint64),
        ("metadata_len", ctypes.c_uint32), ("data_len", ctypes.c_uint32),
        ("cdw10", ctypes.c_uint32), ("cdw11", ctypes.c_uint32), ("cdw12", ctypes.c_uint32),
        ("cdw13", ctypes.c_uint32), ("cdw14", ctypes.c_uint32), ("cdw15", ctypes.c_uint32),
        ("timeout_ms", ctypes.c_uint32), ("result", ctypes.c_uint32),
    )
    # fmt: on


@dataclass(frozen=True, slots=True, kw_only=True)
class ScsiAnswer:
    """How a SCSI command ended: its data, its sense bytes, and the three statuses of sg."""

    data: bytes
    sense: bytes
    status: int
    host_status: int
    driver_status: int


def scsi_command(fd: int, cdb: bytes, length: int = 0, timeout_ms: int = 15000) -> ScsiAnswer:
    """Run a SCSI command that reads `length` bytes or none; OSError where it cannot be sent."""
    data = ctypes.create_string_buffer(max(length, 1))
    sense = ctypes.create_string_buffer(64)
    command = ctypes.create_string_buffer(cdb, len(cdb))
    header = _SgIoHdr(
        interface_id=ord("S"),
        dxfer_direction=SG_DXFER_FROM_DEV if length else SG_DXFER_NONE,
        cmd_len=len(cdb),
        mx_sb_len=len(sense),
        dxfer_len=length,
        dxferp=ctypes.cast(data, ctypes.c_void_p),
        cmdp=ctypes.cast(command, ctypes.c_void_p),
        sbp=ctypes.cast(sense, ctypes.c_void_p),
        timeout=timeout_ms,
    )
    fcntl.ioctl(fd, SG_IO, header)
    return ScsiAnswer(
        data=data.raw[: length - max(header.resid, 0)],
        sense=sense.raw[: header.sb_len_wr],
        status=header.status,
        host_status=header.host_status,
        driver_status=header.driver_status,
    )


def scsi_read(fd: int, cdb: bytes, length: int, timeout_ms: int = 15000) -> bytes:
    """Run a SCSI command that reads `length` bytes; OSError where it is refused."""
    answer = scsi_command(fd, cdb, length, timeout_ms)
    # Driver status 8 (DRIVER_SENSE) alone accompanies good ATA results too.
    if answer.status or answer.host_status or answer.driver_status & ~8:
        raise OSError(
            5, f"SCSI status {answer.status:#x} host {answer.host_status:#x} cdb {cdb.hex()}"
        )
    return answer.data


def ata_identify(fd: int) -> tuple[int, ...]:
    """The 256 words of IDENTIFY DEVICE (ACS-5 7.13), fresh from the drive."""
    # ATA PASS-THROUGH(16) (SAT-5 12.2.2): protocol PIO data-in, T_DIR in, BYT_BLOK, count.
    cdb = bytes([0x85, 4 << 1, 0x0E, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0xEC, 0])
    raw = scsi_read(fd, cdb, 512)
    if len(raw) != 512:
        raise OSError(5, "IDENTIFY DEVICE gave a short answer")
    words = struct.unpack("<256H", raw)
    # Word 255 (integrity word): signature A5h means that the sum of all bytes is zero. A
    # bridge without SAT answers with an empty or foreign record and "succeeds".
    if not any(words) or (words[255] & 0xFF == 0xA5 and sum(raw) & 0xFF):
        raise OSError(5, "IDENTIFY DEVICE gave no valid record")
    return words


def ata_string(words: tuple[int, ...], first: int, last: int) -> str:
    """An ATA string: two characters in a word, the first in its high byte."""
    return printable(b"".join(struct.pack(">H", word) for word in words[first : last + 1]))


def ata_identity(words: tuple[int, ...]) -> Identity:
    """Model, serial and world wide name out of IDENTIFY DEVICE data."""
    wwn = "".join(f"{word:04x}" for word in words[108:112])
    # Word 87 bit 8: the world wide name is supported.
    has_wwn = words[87] & 0xC100 == 0x4100 and int(wwn, 16) != 0
    return Identity(
        model=ata_string(words, 27, 46),
        serial=ata_string(words, 10, 19),
        wwn=f"naa.{wwn}" if has_wwn else None,
    )


def nvme_admin_read(
    fd: int,
    opcode: int,
    length: int,
    *,
    nsid: int = 0,
    cdw10: int = 0,
    cdw11: int = 0,
    timeout_ms: int = 15000,
) -> bytes:
    """Run an NVMe admin command that reads `length` bytes; OSError where it is refused."""
    data = ctypes.create_string_buffer(length)
    command = _NvmeAdminCmd(
        opcode=opcode,
        nsid=nsid,
        addr=ctypes.addressof(data),
        data_len=length,
        cdw10=cdw10,
        cdw11=cdw11,
        timeout_ms=timeout_ms,
    )
    status = fcntl.ioctl(fd, NVME_IOCTL_ADMIN_CMD, command)
    if status:
        raise OSError(5, f"NVMe admin command {opcode:#x} ({cdw10:#x}): status {status:#x}")
    return data.raw


def nvme_identify(fd: int, cns: int, nsid: int = 0) -> bytes:
    """The 4096 bytes of an NVMe Identify data structure (NVM Express Base 5.1.13)."""
    return nvme_admin_read(fd, 0x06, 4096, nsid=nsid, cdw10=cns)


def nvme_name(namespace: bytes) -> str | None:
    """NGUID, else EUI-64, out of Identify Namespace data; None for a nameless one."""
    nguid, eui64 = namespace[104:120], namespace[120:128]
    if any(nguid):
        return f"nguid.{nguid.hex()}"
    return f"eui.{eui64.hex()}" if any(eui64) else None


def nvme_identity(fd: int, nsid: int) -> Identity:
    """Model and serial of the controller; NGUID or EUI-64 of the namespace as its name."""
    controller = nvme_identify(fd, 1)
    return Identity(
        model=printable(controller[24:64]),
        serial=printable(controller[4:24]),
        wwn=nvme_name(nvme_identify(fd, 0, nsid)),
    )


def scsi_identity(fd: int) -> Identity:
    """Vendor and product of INQUIRY, serial of VPD page 80h, NAA name of page 83h (SPC-5)."""
    inquiry = scsi_read(fd, bytes([0x12, 0, 0, 0, 96, 0]), 96)
    vendor, product = printable(inquiry[8:16]), printable(inquiry[16:32])
    serial = ""
    try:
        page = scsi_read(fd, bytes([0x12, 1, 0x80, 0, 252, 0]), 252)
        if page[1] == 0x80:
            serial = printable(page[4 : 4 + page[3]])
    except OSError:
        serial = ""
    return Identity(model=f"{vendor} {product}".strip(), serial=serial, wwn=_naa(fd))


def _naa(fd: int) -> str | None:
    try:
        page = scsi_read(fd, bytes([0x12, 1, 0x83, 0, 252, 0]), 252)
    except OSError:
        return None
    if len(page) < 4 or page[1] != 0x83:
        return None
    at, end = 4, min(len(page), 4 + int.from_bytes(page[2:4], "big"))
    while at + 4 <= end:
        kind, length = page[at + 1], page[at + 3]
        # Association 0 (logical unit), designator type 3 (NAA).
        if kind & 0x3F == 0x03 and length in (8, 16):
            return f"naa.{page[at + 4 : at + 4 + length].hex()}"
        at += 4 + length
    return None


def kernel_identity(sysfs: Path) -> Identity:
    """What the kernel keeps for a block device without a command set of its own here."""
    device = sysfs / "device"
    serial = text(sysfs / "serial") or text(device / "serial") or ""
    model = text(device / "model") or text(device / "name") or text(sysfs / "device/type") or ""
    if not model and (vendor := text(device / "vendor")):
        model = f"virtio {vendor}"
    return Identity(model=model or "???", serial=serial, wwn=text(sysfs / "wwid"))


def block_sysfs(fd: int) -> Path:
    """The sysfs directory of the block device behind a descriptor; OSError if it is none."""
    status = os.fstat(fd)
    if not os.path.exists(f"/sys/dev/block/{os.major(status.st_rdev)}:{os.minor(status.st_rdev)}"):
        raise OSError(19, "no block device behind this descriptor")
    return (SYS / "dev/block" / f"{os.major(status.st_rdev)}:{os.minor(status.st_rdev)}").resolve()


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """The device behind a descriptor, at this moment. `source` says who told the serial:
    `drive`, `bridge` (a USB adapter's own), or `none`."""

    identity: Identity
    size_bytes: int
    logical_block_bytes: int
    disk_sequence: int | None
    read_only: bool
    source: str
    ata_words: tuple[int, ...] | None = None


def opened(fd: int) -> Opened:
    """Ask the drive behind `fd` who it is; OSError where it does not answer."""
    sysfs = block_sysfs(fd)
    identity, words, source = _identity(fd, sysfs)
    size = struct.unpack("=Q", fcntl.ioctl(fd, BLKGETSIZE64, b"\0" * 8))[0]
    block = struct.unpack("=i", fcntl.ioctl(fd, BLKSSZGET, b"\0" * 4))[0]
    read_only = struct.unpack("=i", fcntl.ioctl(fd, BLKROGET, b"\0" * 4))[0]
    try:
        sequence = struct.unpack("=Q", fcntl.ioctl(fd, BLKGETDISKSEQ, b"\0" * 8))[0]
    except OSError:  # before Linux 5.15
        sequence = None
    return Opened(
        identity=identity,
        size_bytes=size,
        logical_block_bytes=block,
        disk_sequence=sequence,
        read_only=bool(read_only),
        source=source if identity.serial else "none",
        ata_words=words,
    )


def _identity(fd: int, sysfs: Path) -> tuple[Identity, tuple[int, ...] | None, str]:
    if sysfs.name.startswith("nvme"):
        return nvme_identity(fd, fcntl.ioctl(fd, NVME_IOCTL_ID)), None, "drive"
    if (sysfs / "device/scsi_level").exists():
        through_usb = "/usb" in str(sysfs)
        try:
            words = ata_identify(fd)
        except OSError:
            words = None
        if words is not None:
            identity = ata_identity(words)
            if identity.serial:
                return identity, words, "drive"
        identity = scsi_identity(fd)
        if through_usb and not identity.serial:
            identity = _usb_identity(sysfs, identity)
        return identity, words, "bridge" if through_usb else "drive"
    return kernel_identity(sysfs), None, "drive"


def _usb_identity(sysfs: Path, known: Identity) -> Identity:
    """A USB stick's serial lies in the USB device's descriptor (iSerialNumber)."""
    for parent in (sysfs / "device").resolve().parents:
        serial = text(parent / "serial")
        if serial and (parent / "idVendor").exists():
            return Identity(model=known.model, serial=serial, wwn=known.wwn)
    return known


def set_read_only(fd: int, read_only: bool) -> None:
    """Turn the kernel's write protection of a block device on or off (BLKROSET)."""
    fcntl.ioctl(fd, BLKROSET, struct.pack("=i", int(read_only)))
