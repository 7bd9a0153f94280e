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

    `built` is False for a method that this version knows of but cannot perform: it then
    stands among the methods ruled out, with that reason, and is never chosen.
    """

    id: str
    title: str
    technique: str
    buses: frozenset[Bus]
    levels: dict[Media, Level]
    clause: str
    needs: str
    readback: str
    built: bool = False


_ATA = frozenset((Bus.SATA,))
_NVME = frozenset((Bus.NVME,))
_ANY = frozenset(Bus)
_DISK, _FLASH, _UNSURE = Media.MAGNETIC, Media.FLASH, Media.UNKNOWN

# fmt: off
METHODS: tuple[Method, ...] = (
    Method(
        id="ata-sanitize-block", title=N_("ATA SANITIZE: block erase"), technique="block erase",
        buses=_ATA, levels={_FLASH: Level.PURGE}, clause="ACS-5 BLOCK ERASE EXT; IEEE 2883 ATA",
        needs="sanitize_block", readback=N_("canaries and old samples are gone; blocks read as the drive declares"),
    ),
    Method(
        id="ata-sanitize-overwrite", title=N_("ATA SANITIZE: overwrite"), technique="overwrite",
        buses=_ATA, levels={_DISK: Level.PURGE}, clause="ACS-5 OVERWRITE EXT; IEEE 2883 ATA",
        needs="sanitize_overwrite", readback=N_("every addressable block holds the pattern"),
    ),
    Method(
        id="ata-erase-enhanced", title=N_("ATA SECURITY ERASE UNIT, enhanced"), technique="firmware erase",
        buses=_ATA, levels={_DISK: Level.PURGE, _FLASH: Level.CLEAR}, clause="ACS-5 SECURITY ERASE UNIT; IEEE 2883 ATA",
        needs="enhanced_erase_supported", readback=N_("canaries and old samples are gone"),
    ),
    Method(
        id="nvme-sanitize-block", title=N_("NVMe Sanitize: block erase"), technique="block erase",
        buses=_NVME, levels={_FLASH: Level.PURGE}, clause="NVM Express Base 5.1.22 SANACT 010b; IEEE 2883 NVMe",
        needs="sanicap-block", readback=N_("canaries and old samples are gone; blocks read as the drive declares"),
    ),
    Method(
        id="nvme-format-crypto", title=N_("NVMe Format, cryptographic erase (SES=2)"), technique="cryptographic erase",
        buses=_NVME, levels={_FLASH: Level.CLEAR}, clause="NVM Express Base 5.1.10 SES 010b; IEEE 2883 NVMe: Clear",
        needs="format-crypto", readback=N_("canaries and old samples are gone; the rest is the maker's word"),
    ),
    Method(
        id="nvme-format-user-data", title=N_("NVMe Format, user data erase (SES=1)"), technique="firmware erase",
        buses=_NVME, levels={_FLASH: Level.CLEAR}, clause="NVM Express Base 5.1.10 SES 001b; IEEE 2883 NVMe: Clear",
        needs="format", readback=N_("canaries and old samples are gone; every block reads as zeros or ones"), built=True,
    ),
    Method(
        id="overwrite", title=N_("Overwrite of every addressable block with a keyed stream"), technique="overwrite",
        buses=_ANY, levels={_DISK: Level.CLEAR, _FLASH: Level.CLEAR, _UNSURE: Level.CLEAR},
        clause="NIST SP 800-88 Rev. 2 Clear; IEEE 2883 Clear",
        needs="", readback=N_("every addressable block holds this job's stream at this position"), built=True,
    ),
)
# fmt: on

BY_ID = {method.id: method for method in METHODS}
