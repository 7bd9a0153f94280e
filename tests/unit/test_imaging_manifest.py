"""Whose images are believed: signatures, keys, and numbers that contradict each other."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.imaging.btrfs import SUPERBLOCK_BYTES, SUPERBLOCKS
from appliance.imaging.errors import ImageTrustError
from appliance.imaging.manifest import (
    DATA_NAME,
    MANIFEST_NAME,
    SECTOR_BYTES,
    Slot,
    read,
    read_file,
    sign,
)
from appliance.imaging.shelf import Shelf, age_reasons, shelf
from appliance.model import ByteRange, canonical
from imagebuilder.images.keys import image_key
from tests.unit.smallimage import SmallImage, small_image


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> SmallImage:
    return small_image(tmp_path_factory.mktemp("image"))


def code_of(text: str, image: SmallImage) -> str:
    with pytest.raises(ImageTrustError) as caught:
        read(text, (image.key.public_pem,), "manifest.jws")
    return caught.value.code


def test_signed_manifest_is_read(made: SmallImage) -> None:
    signed = read_file(made.place / MANIFEST_NAME, (made.key.public_pem,))
    assert signed.manifest == made.manifest
    assert signed.key_id == made.key.id


def test_manifest_of_a_large_disk_is_read(made: SmallImage) -> None:
    patterns = tuple(f"pci:v00008086d0000{number:04X}sv*" for number in range(20_000))
    large = replace(made.manifest, modaliases=patterns)
    text = sign(large, made.key.private_pem, made.key.public_pem)
    assert len(text) > 500_000
    assert read(text, (made.key.public_pem,), "manifest.jws").manifest == large


def test_changed_at_any_place_it_is_refused(made: SmallImage) -> None:
    text = (made.place / MANIFEST_NAME).read_text()
    for place in range(0, len(text), 37):
        other = "A" if text[place] != "A" else "B"
        code_of(text[:place] + other + text[place + 1 :], made)


def test_key_that_the_stick_does_not_know(made: SmallImage, tmp_path: Path) -> None:
    stranger = image_key(tmp_path / "stranger.pem")
    text = sign(made.manifest, stranger.private_pem, stranger.public_pem)
    assert code_of(text, made) == "image-key-unknown"


def test_key_id_of_the_organisation_under_a_stranger_s_signature(
    made: SmallImage, tmp_path: Path
) -> None:
    stranger = image_key(tmp_path / "stranger.pem")
    text = sign(made.manifest, stranger.private_pem, made.key.public_pem)
    assert code_of(text, made) == "image-signature-bad"


@pytest.mark.parametrize("algorithm", ["none", "HS256", "RS256", "ES384"])
def test_no_other_algorithm(made: SmallImage, algorithm: str) -> None:
    header = {"alg": algorithm, "kid": made.key.id}
    words = [json.dumps(header).encode(), canonical(made.manifest), b""]
    text = ".".join(base64.urlsafe_b64encode(word).rstrip(b"=").decode() for word in words)
    assert code_of(text, made) == "image-manifest-unreadable"


@given(st.text(max_size=200))
def test_rubbish(text: str) -> None:
    with pytest.raises(ImageTrustError):
        read(text, (), "manifest.jws")


def test_manifests_that_contradict_themselves(made: SmallImage) -> None:
    good = made.manifest
    frame, part, slot = good.frames[1], good.partitions[2], good.slots[0]
    # A btrfs has two superblocks that hold its id.
    copy = Slot(
        kind="btrfs-superblock",
        offset=part.first_lba * SECTOR_BYTES + SUPERBLOCKS[0],
        length=SUPERBLOCK_BYTES,
    )
    changes: list[dict[str, Any]] = [
        {"schema": "tajdeed-image/9"},
        {"sector_bytes": 4096},
        {"frame_bytes": 4096},
        {"disk_bytes": good.disk_bytes + (64 << 20)},
        {"disk_bytes": good.disk_bytes + 1},
        {"file_bytes": good.file_bytes + 1},
        {"frames": good.frames[:-1]},
        {"frames": (good.frames[0], replace(frame, offset=frame.offset - 1), *good.frames[2:])},
        {"partitions": good.partitions[:2]},
        {"partitions": (*good.partitions[:2], replace(part, last_lba=part.last_lba + 2048))},
        {"partitions": (*good.partitions[:2], replace(part, first_lba=100))},
        {"slots": (replace(slot, offset=0),)},
        {"slots": (replace(slot, offset=good.disk_bytes),)},
        {"slots": (replace(slot, kind="machine-id"),)},
        {"slots": (*good.slots, copy)},
        {"root_file_system": "btrfs"},
        {"root_file_system": "btrfs", "slots": (*good.slots, copy)},
        {"extents": (ByteRange(offset=5, length=10), ByteRange(offset=10, length=10))},
    ]
    for change in changes:
        text = sign(replace(good, **change), made.key.private_pem, made.key.public_pem)
        assert code_of(text, made) == "image-manifest-inconsistent", change


def test_shelf_offers_only_what_is_whole_and_signed(made: SmallImage, tmp_path: Path) -> None:
    place = tmp_path / "images"
    (place / "unsigned").mkdir(parents=True)
    (place / "unsigned" / MANIFEST_NAME).write_text("not.a.jws")
    short = place / "short"
    short.mkdir()
    (short / MANIFEST_NAME).write_text((made.place / MANIFEST_NAME).read_text())
    (short / DATA_NAME).write_bytes(b"")
    (place / "whole").symlink_to(made.place)
    found = shelf(place, (made.key.public_pem,))
    assert [offer.profile for offer in found.images] == ["small"]
    assert {(reason.facts["image"], reason.code) for reason in found.reasons} == {
        ("unsigned", "image-manifest-unreadable"),
        ("small", "image-truncated"),
    }
    assert shelf(tmp_path / "nothing", (made.key.public_pem,)) == Shelf()
    assert shelf(made.place.parent, ()).images == ()


def test_old_image_is_told(made: SmallImage) -> None:
    (offer,) = shelf(made.place.parent, (made.key.public_pem,)).images
    assert age_reasons(offer, datetime(2027, 1, 20, tzinfo=UTC)) == ()
    (old,) = age_reasons(offer, datetime(2027, 2, 1, tzinfo=UTC))
    assert (old.code, old.facts["days"]) == ("image-old", 69)
    codes = [reason.code for reason in age_reasons(offer, datetime(2031, 1, 1, tzinfo=UTC))]
    assert codes == ["image-old", "image-unsupported"]
