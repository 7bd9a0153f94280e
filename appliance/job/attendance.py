"""Drives that were seen in this machine and stand in no plan: pure functions of sightings.

A slow or dying drive may come after the consent, or fall off its bus before it. Its data goes
out of the house with the machine all the same, so the machine is not certified then. A drive
that comes back, under another name or at another place, is the one that it was.
"""

from __future__ import annotations

from collections.abc import Sequence

from appliance.model import Bus, Drive, Policy, Reason, Sighting


def first_seen(seen: Sequence[Sighting], found: Sequence[Sighting]) -> tuple[Sighting, ...]:
    """Those of `found` that are not among `seen` yet, or not by the key that they have now."""
    return tuple(
        one
        for one in found
        if not any(_alike(one, other) and one.key in ("", other.key) for other in seen)
    )


def unaccounted(
    drives: Sequence[Drive],
    policy: Policy,
    seen: Sequence[Sighting],
    here: Sequence[Sighting] = (),
) -> tuple[Reason, ...]:
    """Why a machine with these planned `drives` cannot be certified.

    `seen`: all of this start of the stick; `here`: what is there at this moment, after consent.
    A medium that people take out may go, but not stay without being planned.
    """
    left = list(drives)
    late = []
    for one in here:
        drive = next((drive for drive in left if _is(one, drive, seen)), None)
        if drive is not None:
            # Two drives with one serial are still two.
            left.remove(drive)
        elif _counts(one, policy):
            late.append(one)
    gone = [
        one
        for one in seen
        if _counts(one, policy)
        and not one.removable
        and not any(_is(one, drive, seen) for drive in drives)
        and not any(_alike(one, other) for other in here)
    ]
    return (
        *(Reason(code="drive-came-late", facts={"drive": one.label}) for one in late),
        *(Reason(code="drive-went-missing", facts={"drive": one.label}) for one in gone),
    )


def _counts(one: Sighting, policy: Policy) -> bool:
    """Whether it is the machine's: what hangs on USB comes and goes, unless it is to be erased."""
    return not one.usb or (Bus.USB in policy.buses and not one.removable)


def _is(one: Sighting, drive: Drive, seen: Sequence[Sighting]) -> bool:
    """Whether a sighting is of that drive: by its serial, else where it stands.

    The kernel shortens an ATA drive's model and leaves out a SCSI drive's maker. A drive whose
    own word for itself is another one than the kernel's was seen beside it once: `Sighting.key`.
    """
    if any(other.key == drive.key and _alike(one, other) for other in seen):
        return True
    name = drive.identity
    if one.identity.serial and name.serial:
        models = one.identity.model, name.model
        alike = "???" in models or models[0] in models[1] or models[1] in models[0]
        return one.identity.serial == name.serial and alike
    if one.identity.wwn and one.identity.wwn == name.wwn:
        return True
    return drive.sysfs.rpartition("/")[0] == one.place


def _alike(one: Sighting, other: Sighting) -> bool:
    """Whether two sightings are of one drive."""
    if one.identity.serial and other.identity.serial:
        mine, theirs = one.identity, other.identity
        return (mine.model, mine.serial) == (theirs.model, theirs.serial)
    if one.identity.wwn and one.identity.wwn == other.identity.wwn:
        return True
    return one.place == other.place
