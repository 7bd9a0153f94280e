"""Hidden areas of an ATA drive: host protected area, device configuration overlay, accessible
maximum address. Asked raw, judged from numbers; nothing here changes the drive.

Three answers for each: none; present; could not be excluded, where the drive gave no sound
answer. Zero, one, or less than what can be seen already is no sound answer. A drive that does
not have the feature set cannot have the area.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from appliance.hardware import ata
from appliance.hardware.descriptor import scsi_read
from appliance.hardware.mmc import mmc_areas
from appliance.hardware.taskfile import no_data
from appliance.model import AtaFacts, Bus, Drive, HiddenArea, Level

NONE, REMOVED, PRESENT, UNSURE = "none", "removed", "present", "could-not-be-excluded"
KINDS = ("hpa", "dco", "ama")

_READ_NATIVE_MAX_EXT = 0x27  # ACS-2 7.32
_AMA, _GET_NATIVE_MAX = 0x78, 0x0000  # ACS-3 7.1.2
# DEVICE CONFIGURATION IDENTIFY (ACS-2 7.10.3) by ATA PASS-THROUGH(16): PIO in, one block.
_DCO_IDENTIFY = bytes([0x85, 4 << 1, 0x0E, 0, 0xC2, 0, 1, 0, 0, 0, 0, 0, 0, 0x40, 0xB1, 0])


def ata_with_hidden(fd: int, words: ata.Words) -> AtaFacts:
    """IDENTIFY's facts, and what the drive answers about each area that it can have."""
    facts = ata.ata_facts(words)
    native = dco = ama = None
    # A drive from before 48-bit addresses is not asked: it counts as not excluded.
    if facts.hpa_supported and ata.has_long_addresses(words):
        native = _asked(lambda: _address(fd, _READ_NATIVE_MAX_EXT))
    if facts.dco_supported:
        dco = _asked(lambda: dco_max_lba(scsi_read(fd, _DCO_IDENTIFY, 512)))
    if facts.ama_supported:
        ama = _asked(lambda: _address(fd, _AMA, _GET_NATIVE_MAX))
    return replace(facts, native_max_lba=native, dco_max_lba=dco, ama_max_lba=ama)


def _address(fd: int, command: int, feature: int = 0) -> int | None:
    """The 48-bit address that a command answers with; None where half of it is missing."""
    found = no_data(fd, command, feature=feature)
    return found.lba if found.whole and not found.failed else None


def _asked(question: Callable[[], int | None]) -> int | None:
    try:
        return question()
    except OSError:  # refused, frozen, or eaten by something on the way
        return None


def dco_max_lba(record: bytes) -> int | None:
    """The factory's last block in DEVICE CONFIGURATION IDENTIFY data; None if it is not sound.

    Words 3-6; word 255 holds the signature A5h and makes the sum of all bytes zero
    (ACS-2 table 34).
    """
    if len(record) != 512 or record[510] != 0xA5 or sum(record) & 0xFF:
        return None
    return int.from_bytes(record[6:14], "little")


def hidden_areas(drive: Drive) -> tuple[HiddenArea, ...]:
    """What is known of the drive's hidden areas: those of ATA, and those of an eMMC."""
    if drive.mmc is not None:
        return mmc_areas(drive.mmc)
    facts = drive.ata
    if facts is None:
        # A stick is one with its adapter; of what is behind another one nobody could ask.
        unasked = drive.bus == Bus.USB and drive.serial_source != "stick"
        return _unsure("behind an adapter") if unasked else _silent(drive)
    if drive.bus != Bus.SATA:
        beyond = beyond_adapter(drive)
        if not beyond:
            return _unsure("behind an adapter")
        shown = HiddenArea(kind="hpa", state=PRESENT, detail=f"{beyond} bytes beyond the adapter")
        return (shown, *_unsure("behind an adapter")[1:])
    seen = drive.size_bytes // drive.logical_block_bytes
    accessible, native = _accessible(drive, facts), _native(drive, facts)
    return (
        # What the drive lets us address and the kernel does not is as good as hidden.
        _judged(
            "hpa", facts.hpa_supported, facts.native_max_lba, min(seen, accessible), accessible
        ),
        _judged("dco", facts.dco_supported, facts.dco_max_lba, native),
        _judged("ama", facts.ama_supported, facts.ama_max_lba, accessible),
    )


def _unsure(detail: str) -> tuple[HiddenArea, ...]:
    return tuple(HiddenArea(kind=kind, state=UNSURE, detail=detail) for kind in KINDS)


def _silent(drive: Drive) -> tuple[HiddenArea, ...]:
    """A drive on SATA whose IDENTIFY is no sound answer may have any of them."""
    return _unsure("no answer") if drive.bus == Bus.SATA else ()


def beyond_adapter(drive: Drive) -> int:
    """Bytes that the drive names in IDENTIFY and its adapter does not show: an old dock counts
    blocks in 32 bits, another keeps some of them for itself."""
    facts = drive.ata
    if facts is None or facts.accessible_max_lba is None or drive.bus == Bus.SATA:
        return 0
    whole = (facts.accessible_max_lba + 1) * facts.logical_block_bytes
    return max(0, whole - drive.size_bytes)


def _accessible(drive: Drive, facts: AtaFacts) -> int:
    """Blocks that the drive itself lets us address."""
    if facts.accessible_max_lba is None:
        return drive.size_bytes // drive.logical_block_bytes
    return facts.accessible_max_lba + 1


def _native(drive: Drive, facts: AtaFacts) -> int:
    """Blocks that it would let us address without an HPA; never less than now."""
    return max(_accessible(drive, facts), (facts.native_max_lba or 0) + 1)


def _judged(
    kind: str, supported: bool, max_lba: int | None, seen: int, beyond: int = 0
) -> HiddenArea:
    """`seen` blocks against those up to `max_lba`; `beyond`: known of without asking."""
    if beyond > seen:
        return HiddenArea(kind=kind, state=PRESENT, detail=f"{beyond - seen} blocks")
    if not supported:
        return HiddenArea(kind=kind, state=NONE, detail="feature set not supported")
    if max_lba is None:
        return HiddenArea(kind=kind, state=UNSURE, detail="no answer")
    if max_lba + 1 <= 2 or max_lba + 1 < seen:
        return HiddenArea(kind=kind, state=UNSURE, detail=f"answered {max_lba + 1} blocks")
    if max_lba + 1 > seen:
        return HiddenArea(kind=kind, state=PRESENT, detail=f"{max_lba + 1 - seen} blocks")
    return HiddenArea(kind=kind, state=NONE)


def hidden_blocks(drive: Drive, kind: str) -> int:
    """How many blocks more could be addressed without a present area."""
    facts = drive.ata
    if facts is None:
        return 0
    accessible, native = _accessible(drive, facts), _native(drive, facts)
    match kind:
        case "dco":
            return max(0, (facts.dco_max_lba or 0) + 1 - native)
        case "ama":
            return max(0, (facts.ama_max_lba or 0) + 1 - accessible)
        case _:
            return native - accessible


def capped(areas: tuple[HiddenArea, ...]) -> Level:
    """The best level that a drive with these hidden areas can have.

    What lies in an area that is still there was not erased; where one could not be excluded,
    no purge of the whole drive can be claimed.
    """
    states = {area.state for area in areas}
    if PRESENT in states:
        return Level.NONE
    return Level.CLEAR if UNSURE in states else Level.DESTROY


def since(before: tuple[HiddenArea, ...], now: tuple[HiddenArea, ...]) -> tuple[HiddenArea, ...]:
    """The areas as they are now; one that was there and is gone was removed."""
    there = {area.kind: area for area in before if area.state == PRESENT}
    return tuple(
        replace(area, state=REMOVED, detail=there[area.kind].detail)
        if area.state == NONE and area.kind in there
        else area
        for area in now
    )
