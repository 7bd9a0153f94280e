"""Which image for this machine and this drive: pure, and with the reasons why others not.

A machine that can carry no image is still erased and certified; the reasons then say what
it lacks ("this image needs 2048 MiB of memory, the machine has 1024").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from appliance.imaging.manifest import SECTOR_BYTES
from appliance.model import Drive, ImageOffer, Policy, Reason

# What firmware and graphics keep for themselves of a machine sold with "2 GB".
_RAM_TOLERANCE_PERCENT = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The image to lay down, or None; `reasons` tell why others, or all, are out."""

    image: ImageOffer | None
    reasons: tuple[Reason, ...] = ()


def choose(
    offers: Sequence[ImageOffer], policy: Policy, ram_mib: int, drive: Drive, *, bios: bool = False
) -> Choice:
    """The image for a drive by `policy.image_choose` (auto, none or a profile's name).

    `auto` takes, among the allowed images that fit, the first of `policy.image_allow`, or
    with an empty list the one that asks for most: it is meant for the better machine.
    `bios`: the machine starts its disks by a BIOS, which can read 512-byte sectors only.
    """
    if policy.image_choose == "none":
        return Choice(image=None)
    if not offers:
        return Choice(image=None, reasons=(Reason(code="image-none"),))
    reasons: list[Reason] = []
    fitting: list[ImageOffer] = []
    for image in offers:
        missing = unmet(image, policy, ram_mib, drive, bios=bios)
        reasons.extend(missing)
        if not missing:
            fitting.append(image)
    if policy.image_choose != "auto" and policy.image_choose not in {o.profile for o in offers}:
        reasons.append(Reason(code="image-not-there", facts={"image": policy.image_choose}))
    if not fitting:
        return Choice(image=None, reasons=tuple(reasons))
    order = {name: place for place, name in enumerate(policy.image_allow)}
    best = min(
        fitting,
        key=lambda image: (
            order.get(image.profile, len(order)),
            -image.needs_ram_mib,
            -image.needs_disk_bytes,
            image.profile,
        ),
    )
    return Choice(image=best, reasons=tuple(reasons))


def unmet(
    image: ImageOffer, policy: Policy, ram_mib: int, drive: Drive, *, bios: bool = False
) -> tuple[Reason, ...]:
    """Why this image cannot go onto this drive of this machine; empty where it can."""
    reasons: list[Reason] = []

    def add(code: str, **facts: str | int | float) -> None:
        reasons.append(Reason(code=code, facts={"image": image.profile, **facts}))

    if policy.image_choose not in ("auto", image.profile) or (
        policy.image_allow and image.profile not in policy.image_allow
    ):
        add("image-not-allowed")
    if ram_mib * (100 + _RAM_TOLERANCE_PERCENT) < image.needs_ram_mib * 100:
        add("image-needs-memory", needs_mib=image.needs_ram_mib, has_mib=ram_mib)
    needs = max(image.needs_disk_bytes, image.disk_bytes)
    # A "16 GB" drive has 16e9 bytes, a need of 15 GiB is stated in powers of two: no tolerance.
    # Of several namespaces the first gets the image.
    has = drive.parts[0].size_bytes
    if has < needs:
        add("image-needs-disk", needs_bytes=needs, has_bytes=has, drive=drive.label)
    if drive.logical_block_bytes not in image.sector_sizes:
        add("image-sector-size", has=drive.logical_block_bytes, drive=drive.label)
    elif drive.logical_block_bytes != SECTOR_BYTES and bios:
        add("image-needs-uefi", has=drive.logical_block_bytes, drive=drive.label)
    return tuple(reasons)
