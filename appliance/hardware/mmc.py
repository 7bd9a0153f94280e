"""eMMC and SD cards: what the device itself says in EXT_CSD and in its status register.

Read by MMC_IOC_CMD (linux/mmc/ioctl.h) through the opened node, after JESD84-B51. Sends nothing
but SEND_EXT_CSD and SEND_STATUS, which change nothing. An SD card has no EXT_CSD: the question
is not even asked, since the same command number means something else there.
"""

from __future__ import annotations

import ctypes
import fcntl
from pathlib import Path

from appliance.hardware.sysfs import text
from appliance.model import HiddenArea, MmcFacts

MMC_IOC_CMD = 0xC048B300
_SEND_EXT_CSD, _SEND_STATUS = 8, 13
# Response R1 (also of SPI), and a command with data from the card (linux/mmc/core.h).
_R1, _DATA_FROM_CARD = 0x95, 0x20
_TIMEOUT_MS = 5000
_EXT_CSD_BYTES = 512
# The kernel gives the one device of an eMMC bus this address.
_ADDRESS = 1 << 16
_UNIT_BYTES = 128 << 10
# Device status (JESD84-B51 6.13): its error bits. Not among them: DEVICE_IS_LOCKED, a state.
ERRORS = 0xFDF9_A080
_STATE_PROGRAMMING = 7


class _IocCmd(ctypes.Structure):
    """struct mmc_ioc_cmd."""

    # fmt: off
    _fields_ = (
        ("write_flag", ctypes.c_int), ("is_acmd", ctypes.c_int), ("opcode", ctypes.c_uint32),
        ("arg", ctypes.c_uint32), ("response", ctypes.c_uint32 * 4), ("flags", ctypes.c_uint),
        ("blksz", ctypes.c_uint), ("blocks", ctypes.c_uint), ("postsleep_min_us", ctypes.c_uint),
        ("postsleep_max_us", ctypes.c_uint), ("data_timeout_ns", ctypes.c_uint),
        ("cmd_timeout_ms", ctypes.c_uint), ("pad", ctypes.c_uint32), ("data_ptr", ctypes.c_uint64),
    )
    # fmt: on


def mmc_facts(fd: int, sysfs: Path) -> MmcFacts:
    """What an mmcblk device is and can do; OSError where an eMMC does not answer."""
    kind = text(sysfs / "device/type") or ""
    if kind != "MMC":
        return MmcFacts(kind=kind)
    return parsed_ext_csd(_extended(fd))


def parsed_ext_csd(raw: bytes) -> MmcFacts:
    """The facts out of the 512 bytes of EXT_CSD (JESD84-B51 7.4); OSError for a short record."""
    if len(raw) != _EXT_CSD_BYTES:
        raise OSError(5, f"EXT_CSD has {len(raw)} bytes")
    features = raw[231]
    return MmcFacts(
        kind="MMC",
        revision=raw[192],
        secure_erase=bool(features & 1 << 0),
        trim=bool(features & 1 << 4),
        # SANITIZE came with revision 6 (eMMC 4.5); the bit was reserved before.
        sanitize=raw[192] >= 6 and bool(features & 1 << 6),
        erased_byte=0xFF if raw[181] & 1 else 0x00,
        boot_bytes=raw[226] * _UNIT_BYTES,
        rpmb_bytes=raw[168] * _UNIT_BYTES,
    )


def mmc_areas(facts: MmcFacts) -> tuple[HiddenArea, ...]:
    """What an eMMC holds besides its user area, as it is before anything was done."""
    found = []
    if facts.boot_bytes:
        detail = f"{facts.boot_bytes} bytes"
        found = [
            HiddenArea(kind=f"boot{number}", state="present", detail=detail) for number in (0, 1)
        ]
    return (*found, *rpmb_area(facts))


def rpmb_area(facts: MmcFacts) -> tuple[HiddenArea, ...]:
    """The replay protected block: only the firmware that holds its key can write there."""
    if not facts.rpmb_bytes:
        return ()
    detail = f"{facts.rpmb_bytes} bytes; only who holds its key can write there"
    return (HiddenArea(kind="rpmb", state="could-not-be-excluded", detail=detail),)


def is_busy(status: int) -> bool:
    """Whether the device status says that it is programming or erasing."""
    return status >> 9 & 15 == _STATE_PROGRAMMING


def card_status(fd: int) -> int:
    """The device status register (SEND_STATUS); OSError where the device does not answer."""
    command = _IocCmd(opcode=_SEND_STATUS, arg=_ADDRESS, flags=_R1, cmd_timeout_ms=_TIMEOUT_MS)
    fcntl.ioctl(fd, MMC_IOC_CMD, command)
    return int(command.response[0])


def _extended(fd: int) -> bytes:
    data = ctypes.create_string_buffer(_EXT_CSD_BYTES)
    command = _IocCmd(
        opcode=_SEND_EXT_CSD,
        flags=_R1 | _DATA_FROM_CARD,
        blksz=_EXT_CSD_BYTES,
        blocks=1,
        data_ptr=ctypes.addressof(data),
    )
    fcntl.ioctl(fd, MMC_IOC_CMD, command)
    return data.raw
