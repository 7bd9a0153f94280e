"""Facts out of ATA IDENTIFY DEVICE words; pure functions, after ACS-5 (INCITS 558)."""

from __future__ import annotations

from appliance.model import AtaFacts, Media

Words = tuple[int, ...]
_CFA = 0x848A


def ata_facts(words: Words) -> AtaFacts:
    """What the words say of security, sanitize and hidden areas.

    Words 82-83/128: security; 89, 90: erase times; 92: master password identifier; 59: sanitize
    (ACS-5 9.11.7.7); 82 bit 10: HPA, 83 bit 11: DCO (ACS-2 7.16.7.37), 119 bit 8: AMA (ACS-3
    7.12.7.57); 60-61 and 100-103: accessible capacity; 69 bits 14 and 5: trimmed blocks read as
    zeros, always.
    """
    security, sanitize = words[128], words[59]
    return AtaFacts(
        security_supported=bool(security & 1) and _valid(words[82]),
        security_enabled=bool(security & 1 << 1),
        security_locked=bool(security & 1 << 2),
        security_frozen=bool(security & 1 << 3),
        enhanced_erase_supported=bool(security & 1 << 5),
        sanitize_supported=bool(sanitize & 1 << 12),
        sanitize_crypto=bool(sanitize & 1 << 13),
        sanitize_overwrite=bool(sanitize & 1 << 14),
        sanitize_block=bool(sanitize & 1 << 15),
        hpa_supported=_valid(words[82]) and bool(words[82] & 1 << 10),
        accessible_max_lba=accessible_lbas(words) - 1,
        security_tries_over=bool(security & 1 << 4),
        erase_minutes=erase_minutes(words[89]),
        enhanced_erase_minutes=erase_minutes(words[90]),
        master_password_id=words[92] if _valid(words[92]) else None,
        zeros_after_trim=words[69] & 0x4020 == 0x4020,
        dco_supported=_marked(words[83]) and bool(words[83] & 1 << 11),
        ama_supported=_marked(words[119]) and bool(words[119] & 1 << 8),
        logical_block_bytes=logical_block_bytes(words),
    )


def logical_block_bytes(words: Words) -> int:
    """Word 106 bit 12: logical blocks longer than 256 words, whose length words 117-118 give."""
    if _marked(words[106]) and words[106] & 1 << 12:
        return 2 * (words[117] | words[118] << 16)
    return 512


def erase_minutes(word: int) -> int | None:
    """An estimate for SECURITY ERASE UNIT, in minutes (ACS-5 9.11.7.9); None: the drive says none.

    In units of two minutes, in 8 bits or, with bit 15 set, in 15; the greatest value means
    "longer than that".
    """
    count = word & 0x7FFF if word & 0x8000 else word & 0xFF
    return 2 * count or None


def _valid(word: int) -> bool:
    """0000h and FFFFh mean: this word was never filled in."""
    return word not in (0, 0xFFFF)


def _marked(word: int) -> bool:
    """Bits 15:14 of such words are 01b where the word holds anything."""
    return word & 0xC000 == 0x4000


def has_long_addresses(words: Words) -> bool:
    """The 48-bit Address feature set (word 83 bit 10)."""
    return words[83] & 0xC400 == 0x4400


def accessible_lbas(words: Words) -> int:
    """Logical blocks that can be addressed (words 100-103 with 48-bit addressing)."""
    if has_long_addresses(words) and (
        long := words[100] | words[101] << 16 | words[102] << 32 | words[103] << 48
    ):
        return long
    return words[60] | words[61] << 16


def medium(words: Words) -> Media:
    """What the words tell of the medium; unknown where they tell nothing.

    Word 217 first. A drive from before it was defined (ATA8-ACS, 2008) may still have what only
    one kind has: flash the CFA feature set (word 0 = 848Ah, 83 bit 2), TRIM (169 bit 0), a block
    erase (59 bit 15) or a card's form factor (168: mSATA to CFast, ACS-4); a disk a level of noise
    (83 bit 9) or a motor that starts on demand (83 bits 5, 6).
    """
    rate = rotation_rpm(words)
    if rate is not None:
        return Media.MAGNETIC if rate else Media.FLASH
    sets = words[83] if _marked(words[83]) else 0
    card = words[0] == _CFA or bool(sets & 1 << 2)
    shape = _valid(words[168]) and 6 <= words[168] & 15 <= 9
    trims = _valid(words[169]) and bool(words[169] & 1)
    erases = words[59] & (1 << 12 | 1 << 15) == 1 << 12 | 1 << 15
    if card or shape or trims or erases:
        return Media.FLASH
    return Media.MAGNETIC if sets & (1 << 9 | 1 << 6 | 1 << 5) else Media.UNKNOWN


def rotation_rpm(words: Words) -> int | None:
    """Word 217: 1 is a device without rotating media (0 here), 0401h-FFFEh is a rate."""
    rate = words[217]
    if rate == 1:
        return 0
    return rate if 0x0401 <= rate <= 0xFFFE else None
