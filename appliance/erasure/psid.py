"""Self-encrypting drives whose locks stand in the way, and the PSID that reverts them. Pure.

A revert destroys the keys and opens the drive; by itself it would be a Clear, and the maker's
word alone. So it is no method here but what is done first: then the drive's own methods and the
overwrite are possible, each with its canaries and its reading, and none is believed for less.
"""

from __future__ import annotations

import re

from appliance.model import Bus, Drive, DrivePlan, Reason, TcgFacts

LOCKED, SHADOWED, IN_USE = "revert-locked-drive", "revert-shadowed-drive", "revert-drive-in-use"
CODES = (LOCKED, SHADOWED, IN_USE)
PSID_CHARACTERS = 32
# Subsystem classes that sedutil can revert; every one of them encrypts, Pyrite does not.
_REVERTIBLE = ("opal1", "opal2", "enterprise")
_BUSES = (Bus.SATA, Bus.NVME, Bus.SAS)
_SHAPE = re.compile(rf"[A-Z0-9]{{{PSID_CHARACTERS}}}")
_PRINTED_BETWEEN = re.compile(r"[\s-]+")


def tcg_refusals(drive: Drive) -> list[Reason]:
    """A closed drive that no tool of ours opens."""
    if drive.tcg is None or not drive.tcg.closed or _revertible(drive):
        return []
    return [Reason(code="tcg-locked-for-us", facts={"ssc": _listed(drive.tcg)})]


def tcg_preparations(drive: Drive) -> list[Reason]:
    """What the PSID is needed for, or (a drive that is set up, but open) of use for."""
    tcg = drive.tcg
    if tcg is None or not _revertible(drive):
        return []
    for code, so in ((LOCKED, tcg.locked), (SHADOWED, tcg.shadowed), (IN_USE, tcg.locking_enabled)):
        if so:
            return [Reason(code=code, facts={"ssc": _listed(tcg)})]
    return []


def tcg_state(tcg: TcgFacts) -> Reason:
    """What a drive says of its own locks, in one line."""
    states = (
        ("tcg-locked", tcg.locked),
        ("tcg-shadowed", tcg.shadowed),
        ("tcg-in-use", tcg.locking_enabled),
    )
    code = next((code for code, so in states if so), "tcg-free")
    return Reason(code=code, facts={"ssc": _listed(tcg)})


def takes_psid(plan: DrivePlan) -> bool:
    """Whether the plan has a use for the drive's PSID."""
    return any(item.code in CODES for item in plan.preparations)


def needs_psid(plan: DrivePlan) -> bool:
    """Whether nothing can be done to the drive without its PSID."""
    return any(item.code in (LOCKED, SHADOWED) for item in plan.preparations)


def tidied(typed: str) -> str:
    """A PSID as it was typed or scanned, without the gaps that some labels print, in capitals."""
    return _PRINTED_BETWEEN.sub("", typed).upper()


def is_psid(text: str) -> bool:
    """32 capital letters and digits (TCG Opal PSID feature set 1.00, 4.2)."""
    return _SHAPE.fullmatch(text) is not None


def _revertible(drive: Drive) -> bool:
    return (
        drive.tcg is not None
        and drive.bus in _BUSES
        and any(name in _REVERTIBLE for name in drive.tcg.ssc)
    )


def _listed(tcg: TcgFacts) -> str:
    return ", ".join(tcg.ssc) or "???"
