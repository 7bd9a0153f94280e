"""The images that lie on the stick and can be trusted, and why others cannot.

Looks into `images/PROFILE/` of the data partition. What comes out has a good signature and
a data file of the signed length; its frames are checked later, one by one, before they are
written. Nothing on that partition is believed without the signature.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from appliance.imaging.errors import ImageTrustError
from appliance.imaging.manifest import DATA_NAME, MANIFEST_NAME, SignedManifest, read_file
from appliance.model import ImageOffer, Reason

MAX_AGE = timedelta(days=60)
_GIB = 1 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """The trusted images, by name, and a reason for each one left out.

    `drivers`: by manifest digest, the patterns of hardware that the image has drivers for.
    """

    images: tuple[ImageOffer, ...] = ()
    reasons: tuple[Reason, ...] = ()
    drivers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def shelf(directory: Path, trusted: tuple[bytes, ...]) -> Shelf:
    """What lies below `directory`."""
    found: list[ImageOffer] = []
    reasons: list[Reason] = []
    drivers: dict[str, tuple[str, ...]] = {}
    places = sorted(directory.iterdir()) if directory.is_dir() else []
    for place in places:
        if not place.is_dir() or place.name.startswith("."):
            continue
        try:
            signed = read_file(place / MANIFEST_NAME, trusted)
            found.append(offer(place, signed))
            drivers[signed.digest] = signed.manifest.modaliases
        except ImageTrustError as error:
            reasons.append(Reason(code=error.code, facts={"image": place.name, **error.facts}))
    return Shelf(images=tuple(found), reasons=tuple(reasons), drivers=drivers)


def offer(place: Path, signed: SignedManifest) -> ImageOffer:
    """The offer for an image directory; ImageTrustError `image-truncated` where the data
    file is missing or has another length than the manifest says."""
    manifest = signed.manifest
    data = place / DATA_NAME
    length = data.stat().st_size if data.is_file() else -1
    if length != manifest.file_bytes:
        raise ImageTrustError("image-truncated", image=manifest.profile, frame=0, file=str(data))
    return ImageOffer(
        profile=manifest.profile,
        version=manifest.version,
        title_ar=manifest.title.ar,
        title_en=manifest.title.en,
        manifest_digest=signed.digest,
        path=str(place),
        disk_bytes=manifest.disk_bytes,
        needs_ram_mib=manifest.needs.ram_mib,
        needs_disk_bytes=manifest.needs.disk_gib * _GIB,
        built_at=manifest.built_at,
        support_until=manifest.support_until,
        sector_sizes=manifest.sector_sizes,
    )


def ages(images: Sequence[ImageOffer], now: datetime) -> tuple[Reason, ...]:
    """What to say about the age of all these images."""
    return tuple(reason for image in images for reason in age_reasons(image, now))


def age_reasons(image: ImageOffer, now: datetime) -> tuple[Reason, ...]:
    """What to say about an image's age: older than 60 days, or without updates by now."""
    reasons = []
    built = datetime.fromisoformat(image.built_at)
    if now - built > MAX_AGE:
        facts: dict[str, str | int | float] = {"image": image.profile, "days": (now - built).days}
        reasons.append(Reason(code="image-old", facts=facts))
    if datetime.fromisoformat(image.support_until) < now:
        facts = {"image": image.profile, "until": image.support_until[:10]}
        reasons.append(Reason(code="image-unsupported", facts=facts))
    return tuple(reasons)
