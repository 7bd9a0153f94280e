"""The images that a job may choose from: of every source of the settings, in their order.

An image of one name that several sources have is taken from the first of them whose own is
good. A source that gives nothing is a reason in the plan, and the others' images remain.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from appliance.i18n import N_, translator
from appliance.imaging import relay
from appliance.imaging.remote import FOUND_NAME, folder, found
from appliance.imaging.shelf import Shelf, shelf
from appliance.job.secondsticks import places
from appliance.job.store import Store
from appliance.model import ImageOffer, Reason
from appliance.settings import Settings

STICK, USB = "stick", "usb"
_STICK_WORDS = N_("this stick")
_USB_WORDS = N_("the second stick")


def images(settings: Settings, store: Store) -> Shelf:
    """What all sources offer now, as far as the settings want an image at all."""
    wanted: Sequence[str] = settings["image.sources"]
    if settings["image.choose"] == "none":
        wanted = [source for source in wanted if source == STICK]
    taken: dict[str, ImageOffer] = {}
    reasons: list[Reason] = []
    drivers: dict[str, tuple[str, ...]] = {}
    for place, source in enumerate(wanted):
        for one in _shelves(place, source, store):
            for image in one.images:
                taken.setdefault(image.profile, image)
            reasons += one.reasons
            drivers |= one.drivers
    return Shelf(images=tuple(taken.values()), reasons=tuple(reasons), drivers=drivers)


def _shelves(place: int, source: str, store: Store) -> Iterator[Shelf]:
    keys = store.trusted_image_keys()
    if source == STICK:
        yield shelf(store.images, keys)
    elif source == USB:
        sticks = places(store.second)
        for images_dir in sticks:
            node = f"/dev/{images_dir.parent.name}"
            yield shelf(images_dir, keys, source=f"{USB} {node}")
        if not sticks:
            yield Shelf(reasons=(Reason(code="image-usb-none"),))
    else:
        said = found(store.relay, place, source)
        if said.asking:
            yield Shelf(reasons=(Reason(code="image-source-asking", facts={"source": source}),))
            return
        yield Shelf(reasons=said.reasons)
        yield shelf(folder(store.relay, place), keys, source=source, lengths=said.lengths)


def fetched(settings: Settings, store: Store) -> tuple[int, ...]:
    """Changes when the courier has said something new about the servers of the settings."""
    return tuple(
        _changed(store.relay, place)
        for place, source in enumerate(settings["image.sources"])
        if relay.is_remote(source)
    )


def _changed(root: Path, place: int) -> int:
    try:
        return (folder(root, place) / FOUND_NAME).stat().st_mtime_ns
    except OSError:
        return 0


def origin(image: ImageOffer, language: str) -> str:
    """Where an image comes from, for a person."""
    say = translator(language)
    if image.source == STICK:
        return say(_STICK_WORDS)
    kind, _, node = image.source.partition(" ")
    return f"{say(_USB_WORDS)} {node}" if kind == USB else image.source
