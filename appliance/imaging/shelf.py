"""The images of one place that can be trusted, and why others cannot.

Looks into `images/PROFILE/` of a stick, or at the manifests that were fetched from a server.
What comes out has a good signature and data of the signed length; its frames are checked
later, one by one, before they are written. Nothing there is believed without the signature.
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


def shelf(
    directory: Path,
    trusted: tuple[bytes, ...],
    *,
    source: str = "stick",
    lengths: Mapping[str, int] | None = None,
) -> Shelf:
    """What lies below `directory`. `lengths`: how long a server says that each image's data is
    (-1: it does not say); without it the data lies beside the manifest."""
    found: list[ImageOffer] = []
    reasons: list[Reason] = []
    drivers: dict[str, tuple[str, ...]] = {}
    places = sorted(directory.iterdir()) if directory.is_dir() else []
    for place in places:
        if not place.is_dir() or place.name.startswith("."):
            continue
        if lengths is not None and place.name not in lengths:
            continue
        try:
            signed = read_file(place / MANIFEST_NAME, trusted)
            length = None if lengths is None else lengths[place.name]
            found.append(offer(place, signed, source=source, length=length))
            drivers[signed.digest] = signed.manifest.modaliases
        except ImageTrustError as error:
            reasons.append(Reason(code=error.code, facts={"image": place.name, **error.facts}))
    return Shelf(images=tuple(found), reasons=tuple(reasons), drivers=drivers)


def offer(
    place: Path, signed: SignedManifest, *, source: str = "stick", length: int | None = None
) -> ImageOffer:
    """The offer for an image directory. `length`: of its data, -1 where a server did not say.

    ImageTrustError where it differs from what was signed: `image-truncated` with the frame that
    is the first to lack bytes, `image-too-long`.
    """
    manifest = signed.manifest
    data = place / DATA_NAME
    if length is None:
        length = data.stat().st_size if data.is_file() else 0
    if 0 <= length < manifest.file_bytes:
        frame = manifest.frame_at(length)
        raise ImageTrustError(
            "image-truncated", image=manifest.profile, frame=frame, file=str(data)
        )
    if length > manifest.file_bytes:
        raise ImageTrustError("image-too-long", image=manifest.profile, file=str(data))
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
        source=source,
        file_bytes=manifest.file_bytes,
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
