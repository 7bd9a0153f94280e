"""Whether a lay-down that a power cut ended may go on at this boot: a pure function.

The person has consented to it, and the drive's erasure is stated. It goes on only in the same
machine, onto the same drive of the same size, with the very image that was begun; that nobody
has used the drive in between is checked on the drive itself, before anything is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from appliance.job.eventlog import Event
from appliance.model import Drive, DrivePlan, Facts, ImageOffer, Machine, Reason

# What may still turn up: a drive that is slow to start, an image on a server.
PASSING = ("resume-no-drive", "resume-no-image")
_ENDS = ("laid-down", "lay-down-failed")


def was_cut(events: Iterable[Event]) -> bool:
    """Whether a lay-down's log says that it was begun and not that it ended."""
    names = [event.event for event in events]
    return "lay-down-started" in names and not any(name in _ENDS for name in names)


def resumption(
    plan: DrivePlan,
    erased: Drive,
    planned_for: Machine,
    machine: Machine,
    images: Sequence[ImageOffer],
) -> DrivePlan | Reason:
    """The plan with drive and image where they are now, or why it cannot go on.

    `erased`: the drive as its erasure left it.
    """
    if _whose(machine) != _whose(planned_for):
        return Reason(code="resume-other-machine", facts={"machine": planned_for.serial})
    found = [drive for drive in machine.drives if drive.identity == erased.identity]
    facts: Facts = {"drive": erased.label}
    if len(found) != 1 or found[0].is_stick:
        return Reason(code="resume-no-drive", facts=facts)
    (drive,) = found
    if drive.size_bytes != erased.size_bytes or drive.holders:
        return Reason(code="resume-drive-changed", facts=facts)
    wanted = plan.image.manifest_digest if plan.image is not None else ""
    image = next((image for image in images if image.manifest_digest == wanted), None)
    if image is None:
        name = plan.image.profile if plan.image is not None else ""
        return Reason(code="resume-no-image", facts={"image": name})
    return replace(plan, drive=drive, image=image)


def _whose(machine: Machine) -> tuple[str, str, str, str]:
    return machine.maker, machine.model, machine.serial, machine.uuid
