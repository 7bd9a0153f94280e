"""The plan of a whole job: every drive's plan, the image and its drive, the blockers. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from appliance.erasure.planning import drive_plan, machine_blockers
from appliance.imaging.choice import choose
from appliance.model import DrivePlan, ImageOffer, JobPlan, Machine, Media, Policy, Reason


def job_plan(
    machine: Machine,
    policy: Policy,
    images: Sequence[ImageOffer],
    refused: tuple[Reason, ...] = (),
) -> JobPlan:
    """What would be done with this machine. The same input gives the same plan and digest."""
    plans = tuple(drive_plan(drive, machine, policy) for drive in machine.drives)
    placed, reasons = _with_image(plans, machine, policy, images)
    return JobPlan(
        machine=machine,
        policy=policy,
        drives=placed,
        blockers=machine_blockers(machine),
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
        choice = choose(images, policy, machine.ram_mib, plan.drive)
        if choice.image is not None:
            placed = replace(plan, image=choice.image)
            return tuple(placed if item is plan else item for item in plans), ()
        reasons += [item for item in choice.reasons if item not in reasons]
    return plans, tuple(reasons)
