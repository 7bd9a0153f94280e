"""Images on the stick: those that are signed by the organisation's key, and the others by name."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.errors import TrustError
from appliance.imaging.manifest import DATA_NAME, MANIFEST_NAME, read_file
from appliance.job.store import Store
from appliance.model import ImageOffer, Reason

_GIB = 1 << 30


@dataclass(frozen=True, slots=True)
class Offers:
    """`refused`: folders that hold an image which is unsigned, altered or incomplete."""

    images: tuple[ImageOffer, ...]
    refused: tuple[Reason, ...]


def offers(store: Store) -> Offers:
    """What lies in the stick's images folder; reads manifests only."""
    trusted = [file.read_bytes() for file in sorted(store.image_keys.glob("*.pem"))]
    images: list[ImageOffer] = []
    refused: list[Reason] = []
    for folder in sorted(item for item in store.images.glob("*") if item.is_dir()):
        try:
            signed = read_file(folder / MANIFEST_NAME, trusted)
        except TrustError as error:
            refused.append(Reason(code=error.code, facts=error.facts))
            continue
        manifest = signed.manifest
        data = folder / DATA_NAME
        have = data.stat().st_size if data.exists() else 0
        if have != manifest.file_bytes:
            facts = {"file": str(data), "needs": manifest.file_bytes, "has": have}
            refused.append(Reason(code="image-incomplete", facts=facts))
            continue
        images.append(
            ImageOffer(
                profile=manifest.profile,
                version=manifest.version,
                title_ar=manifest.title.ar,
                title_en=manifest.title.en,
                manifest_digest=signed.digest,
                path=str(folder),
                disk_bytes=manifest.disk_bytes,
                needs_ram_mib=manifest.needs.ram_mib,
                needs_disk_bytes=max(manifest.needs.disk_gib * _GIB, manifest.disk_bytes),
                built_at=manifest.built_at,
                support_until=manifest.support_until,
            )
        )
    return Offers(tuple(images), tuple(refused))
