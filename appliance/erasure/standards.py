"""Which method counts as what: one row for each method. Code asks it; paper prints it.

Levels follow the IEEE 2883-2022 mapping under NIST SP 800-88 Rev. 2; where public sources
differ, the stricter reading is taken (an enhanced ATA erase on flash is Clear; an NVMe
Format is Clear whatever its SES). `readback` says what reading the drive afterwards can
show, and the statement claims no more than that.
"""

from __future__ import annotations

from dataclasses import dataclass

from appliance.i18n import N_
from appliance.model import Bus, Level, Media

STANDARD = "NIST SP 800-88 Rev. 2"
MAPPING = "IEEE 2883-2022"


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """One way to sanitize. `levels` gives the level for each kind of medium that it fits.

    `needs`: features of the drive (`planning.features`), all of them. `orders`: how many firmware
    commands must have been seen to succeed. `owes`: the kinds of check without which it proves
    nothing; the last one reads the whole drive. `vendors_word`: what it does to the data can only
    be believed, so it counts where the policy accepts that by name. `built` is False for a method
    that this version knows of but cannot perform: it then stands among the methods ruled out,
    with that reason, and is never chosen.
    """

    id: str
    title: str
    technique: str
    buses: frozenset[Bus]
    levels: dict[Media, Level]
    clause: str
    needs: tuple[str, ...]
    readback: str
    owes: tuple[str, ...]
    orders: int = 0
    vendors_word: bool = False
    built: bool = False


_ATA = frozenset((Bus.SATA,))
_NVME = frozenset((Bus.NVME,))
_SAS = frozenset((Bus.SAS,))
_MMC = frozenset((Bus.MMC,))
_ANY = frozenset(Bus)
_DISK, _FLASH, _UNSURE = Media.MAGNETIC, Media.FLASH, Media.UNKNOWN

# What a firmware command owes, by what can be read afterwards: `after-erase` reads all of the
# drive as it declares to read then, `pattern` all of it as the pattern that was asked for.
_MARKS = ("canaries", "old-samples")
_DECLARED = (*_MARKS, "after-erase")
_PATTERN = (*_MARKS, "pattern")
_STREAM = ("keyed-stream",)

_GONE = N_("canaries and old samples are gone; blocks read as the drive declares")
_WORD = N_("canaries and old samples are gone; the rest is the maker's word")
_HOLDS = N_("every addressable block holds the pattern")
_KEYED = N_("every addressable block holds this job's stream at this position")

# Within a level, in order of preference.
# fmt: off
METHODS: tuple[Method, ...] = (
    # ATA: flash
    Method(
        id="ata-sanitize-crypto-block", title=N_("ATA SANITIZE: crypto scramble, then block erase"),
        technique="cryptographic and block erase", buses=_ATA, levels={_FLASH: Level.PURGE},
        clause="ACS-5 CRYPTO SCRAMBLE EXT, BLOCK ERASE EXT; IEEE 2883 ATA",
        needs=("ata-sanitize-crypto", "ata-sanitize-block"), orders=2, owes=_DECLARED, readback=_GONE, built=True,
    ),
    Method(
        id="ata-sanitize-block", title=N_("ATA SANITIZE: block erase"), technique="block erase",
        buses=_ATA, levels={_FLASH: Level.PURGE}, clause="ACS-5 BLOCK ERASE EXT; IEEE 2883 ATA",
        needs=("ata-sanitize-block",), orders=1, owes=_DECLARED, readback=_GONE, built=True,
    ),
    Method(
        id="ata-sanitize-crypto", title=N_("ATA SANITIZE: crypto scramble"), technique="cryptographic erase",
        buses=_ATA, levels={_FLASH: Level.PURGE}, clause="ACS-5 CRYPTO SCRAMBLE EXT; IEEE 2883 ATA",
        needs=("ata-sanitize-crypto",), orders=1, owes=_DECLARED, readback=_WORD, vendors_word=True, built=True,
    ),
    # ATA: hard disks (and the Clear commands of both)
    Method(
        id="ata-sanitize-overwrite", title=N_("ATA SANITIZE: overwrite"), technique="overwrite by the firmware",
        buses=_ATA, levels={_DISK: Level.PURGE}, clause="ACS-5 OVERWRITE EXT; IEEE 2883 ATA",
        needs=("ata-sanitize-overwrite",), orders=1, owes=_PATTERN, readback=_HOLDS, built=True,
    ),
    Method(
        id="ata-sanitize-crypto-overwrite", title=N_("ATA SANITIZE: crypto scramble, then overwrite with a keyed stream"),
        technique="cryptographic erase and overwrite", buses=_ATA, levels={_DISK: Level.PURGE},
        clause="ACS-5 CRYPTO SCRAMBLE EXT; IEEE 2883 ATA",
        needs=("ata-sanitize-crypto",), orders=1, owes=(*_MARKS, *_STREAM), readback=_KEYED, built=True,
    ),
    Method(
        id="ata-erase-enhanced", title=N_("ATA SECURITY ERASE UNIT, enhanced"), technique="firmware erase",
        buses=_ATA, levels={_DISK: Level.PURGE, _FLASH: Level.CLEAR, _UNSURE: Level.CLEAR},
        clause="ACS-5 SECURITY ERASE UNIT; IEEE 2883 ATA",
        needs=("ata-erase-enhanced",), orders=1, owes=_DECLARED, readback=_GONE, built=True,
    ),
    Method(
        id="ata-erase", title=N_("ATA SECURITY ERASE UNIT"), technique="firmware erase",
        buses=_ATA, levels={_DISK: Level.CLEAR, _FLASH: Level.CLEAR, _UNSURE: Level.CLEAR},
        clause="ACS-5 SECURITY ERASE UNIT; IEEE 2883 ATA: Clear",
        needs=("ata-erase",), orders=1, owes=_DECLARED, readback=_GONE, built=True,
    ),
    # NVMe
    Method(
        id="nvme-sanitize-crypto-block", title=N_("NVMe Sanitize: crypto erase, then block erase"),
        technique="cryptographic and block erase", buses=_NVME, levels={_FLASH: Level.PURGE},
        clause="NVM Express Base 5.1.22 SANACT 100b, 010b; IEEE 2883 NVMe",
        needs=("nvme-sanitize-crypto", "nvme-sanitize-block"), orders=2, owes=_DECLARED, readback=_GONE, built=True,
    ),
    Method(
        id="nvme-sanitize-block", title=N_("NVMe Sanitize: block erase"), technique="block erase",
        buses=_NVME, levels={_FLASH: Level.PURGE}, clause="NVM Express Base 5.1.22 SANACT 010b; IEEE 2883 NVMe",
        needs=("nvme-sanitize-block",), orders=1, owes=_DECLARED, readback=_GONE, built=True,
    ),
    Method(
        id="nvme-sanitize-crypto", title=N_("NVMe Sanitize: crypto erase"), technique="cryptographic erase",
        buses=_NVME, levels={_FLASH: Level.PURGE}, clause="NVM Express Base 5.1.22 SANACT 100b; IEEE 2883 NVMe",
        needs=("nvme-sanitize-crypto",), orders=1, owes=_DECLARED, readback=_WORD, vendors_word=True, built=True,
    ),
    Method(
        id="nvme-format-crypto", title=N_("NVMe Format, cryptographic erase (SES=2)"), technique="cryptographic erase",
        buses=_NVME, levels={_FLASH: Level.CLEAR}, clause="NVM Express Base 5.1.10 SES 010b; IEEE 2883 NVMe: Clear",
        needs=("nvme-format-crypto",), orders=1, owes=_DECLARED, readback=_WORD, built=True,
    ),
    Method(
        id="nvme-format-user-data", title=N_("NVMe Format, user data erase (SES=1)"), technique="firmware erase",
        buses=_NVME, levels={_FLASH: Level.CLEAR}, clause="NVM Express Base 5.1.10 SES 001b; IEEE 2883 NVMe: Clear",
        needs=("nvme-format",), orders=1, owes=_DECLARED, built=True,
        readback=N_("canaries and old samples are gone; every block reads as zeros or ones"),
    ),
    # SAS and SCSI
    Method(
        id="scsi-sanitize-block", title=N_("SCSI SANITIZE: block erase"), technique="block erase",
        buses=_SAS, levels={_FLASH: Level.PURGE}, clause="SBC-4 SANITIZE, BLOCK ERASE; IEEE 2883 SCSI",
        needs=("scsi-sanitize-block",), orders=1, owes=_DECLARED, readback=_GONE, built=True,
    ),
    Method(
        id="scsi-sanitize-crypto-overwrite", title=N_("SCSI SANITIZE: cryptographic erase, then overwrite with a keyed stream"),
        technique="cryptographic erase and overwrite", buses=_SAS, levels={_DISK: Level.PURGE, _FLASH: Level.PURGE},
        clause="SBC-4 SANITIZE, CRYPTOGRAPHIC ERASE; IEEE 2883 SCSI",
        needs=("scsi-sanitize-crypto",), orders=1, owes=(*_MARKS, *_STREAM), readback=_KEYED, built=True,
    ),
    Method(
        id="scsi-sanitize-overwrite", title=N_("SCSI SANITIZE: overwrite"), technique="overwrite by the firmware",
        buses=_SAS, levels={_DISK: Level.PURGE}, clause="SBC-4 SANITIZE, OVERWRITE; IEEE 2883 SCSI",
        needs=("scsi-sanitize-overwrite",), orders=1, owes=_PATTERN, readback=_HOLDS, built=True,
    ),
    # eMMC and SD
    Method(
        id="mmc-erase-sanitize", title=N_("eMMC secure erase or trim, then SANITIZE, boot partitions included"),
        technique="firmware erase", buses=_MMC, levels={_FLASH: Level.CLEAR}, clause="JESD84-B51 6.6.10-6.6.12; IEEE 2883: Clear",
        needs=("mmc-sanitize",), orders=1, owes=_DECLARED, readback=_GONE, built=True,
    ),
    # any
    Method(
        id="overwrite", title=N_("Overwrite of every addressable block with a keyed stream"), technique="overwrite",
        buses=_ANY, levels={_DISK: Level.CLEAR, _FLASH: Level.CLEAR, _UNSURE: Level.CLEAR},
        clause="NIST SP 800-88 Rev. 2 Clear; IEEE 2883 Clear",
        needs=(), owes=_STREAM, readback=_KEYED, built=True,
    ),
)
# fmt: on

BY_ID = {method.id: method for method in METHODS}
