"""The plan of a whole job: every drive's plan, the image and its drive, the blockers. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from appliance.erasure.planning import drive_plan, machine_blockers
from appliance.imaging.choice import choose
from appliance.imaging.forecast import driver_forecast
from appliance.imaging.upgrade import memory_advice
from appliance.job.attendance import unaccounted
from appliance.model import (
    DrivePlan,
    ImageOffer,
    JobPlan,
    Machine,
    Media,
    Policy,
    Reason,
    Sighting,
)

# What keeps an image off a machine whatever its memory.
_OTHER_NEEDS = frozenset(
    ("image-not-allowed", "image-needs-disk", "image-sector-size", "image-needs-uefi")
)


def job_plan(
    machine: Machine,
    policy: Policy,
    images: Sequence[ImageOffer],
    refused: tuple[Reason, ...] = (),
    drivers: Mapping[str, tuple[str, ...]] | None = None,
    seen: Sequence[Sighting] = (),
) -> JobPlan:
    """What would be done with this machine. The same input gives the same plan and digest.

    `refused`: what is to be said about images anyway; `drivers`: by an image's manifest digest,
    the patterns of hardware that it can drive; `seen`: all drives since the stick was started.
    """
    plans = tuple(drive_plan(drive, machine, policy) for drive in machine.drives)
    placed, reasons = _with_image(plans, machine, policy, images)
    for image in (item.image for item in placed if item.image is not None):
        covered = (drivers or {}).get(image.manifest_digest, ())
        reasons += driver_forecast(machine.modaliases, covered, image.profile)
    return JobPlan(
        machine=machine,
        policy=policy,
        drives=placed,
        blockers=machine_blockers(machine) + unaccounted(machine.drives, policy, seen),
        image_reasons=refused + reasons,
        cipher="aes-256-ctr" if machine.cpu_aes else "chacha20",
    )


def _with_image(
    plans: tuple[DrivePlan, ...],
    machine: Machine,
    policy: Policy,
    images: Sequence[ImageOffer],
) -> tuple[tuple[DrivePlan, ...], tuple[Reason, ...]]:
    """The image goes onto the first drive that it fits: flash before disks, small before big."""
    reasons: list[Reason] = []
    candidates = sorted(
        (plan for plan in plans if plan.erases),
        key=lambda plan: (plan.drive.media != Media.FLASH, plan.drive.size_bytes, plan.drive.path),
    )
    for plan in candidates:
        choice = choose(
            images,
            policy,
            machine.ram_mib,
            plan.drive,
            bios=machine.firmware_kind == "bios",
        )
        if choice.image is not None:
            placed = replace(plan, image=choice.image)
            return tuple(placed if item is plan else item for item in plans), ()
        reasons += [item for item in choice.reasons if item not in reasons]
    return plans, tuple(reasons) + _lacking_memory(machine, reasons)


def _lacking_memory(machine: Machine, reasons: Sequence[Reason]) -> tuple[Reason, ...]:
    """What to buy for the most modest image, where memory alone keeps it off this machine."""
    out = {str(item.facts["image"]) for item in reasons if item.code in _OTHER_NEEDS}
    wants = [
        (int(item.facts["needs_mib"]), str(item.facts["image"]))
        for item in reasons
        if item.code == "image-needs-memory" and item.facts["image"] not in out
    ]
    if not wants:
        return ()
    needs_mib, image = min(wants)
    return memory_advice(machine, image, needs_mib)
