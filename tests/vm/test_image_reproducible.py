"""The same profile and lock give the same image, byte for byte."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from appliance.imaging.manifest import DATA_NAME, MANIFEST_NAME, read_file
from imagebuilder.images.build import LOCK_NAME, SBOM_NAME, build_image
from imagebuilder.images.keys import image_key
from imagebuilder.images.lock import read_lock

PROFILE = "test-small"


@pytest.mark.full
@pytest.mark.timeout(1800)
def test_the_same_lock_gives_the_same_image(tmp_path: Path) -> None:
    """Everything is made anew for the second one; only the package files are the same."""
    key = tmp_path / "key.pem"
    first = build_image(PROFILE, key_path=key, images=tmp_path / "1", trees=tmp_path / "trees-1")
    lock = read_lock(first / LOCK_NAME)
    assert lock is not None
    second = build_image(
        PROFILE, key_path=key, images=tmp_path / "2", trees=tmp_path / "trees-2", lock=lock
    )
    for name in (DATA_NAME, SBOM_NAME, LOCK_NAME):
        digests = [
            hashlib.sha256((place / name).read_bytes()).hexdigest() for place in (first, second)
        ]
        assert digests[0] == digests[1], name
        assert_signed(first, name, digests[0], key)
    public = (image_key(key).public_pem,)
    # An ECDSA signature is a different one each time; what is signed is not.
    assert (
        read_file(first / MANIFEST_NAME, public).digest
        == read_file(second / MANIFEST_NAME, public).digest
    )


def assert_signed(image: Path, name: str, digest: str, key: Path) -> None:
    """The manifest vouches for SBOM and lock, as it does for the disk by its frames."""
    manifest = read_file(image / MANIFEST_NAME, (image_key(key).public_pem,)).manifest
    companions = {item.name: item.sha256 for item in manifest.companions}
    assert companions.get(name, digest) == digest
    assert companions.keys() == {SBOM_NAME, LOCK_NAME}
