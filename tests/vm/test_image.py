"""Whole machines: an image laid down by the appliance's code, started by each firmware.

`test-small` goes onto loop devices (real block devices, O_DIRECT), and the system that starts
tells over its serial line what it found itself to be.
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest

from appliance.imaging.deploy import Order, deploy
from appliance.imaging.shelf import shelf
from appliance.model import Deployment, Identity
from imagebuilder.images.build import REPOSITORY, build_image
from imagebuilder.images.keys import image_key
from imagebuilder.vm.drive import Drive
from imagebuilder.vm.machine import Firmware, Machine, MachineSpec

GIB = 1 << 30
PROFILE = "test-small"
BUILD = REPOSITORY / "build/tests"


def image_for_tests(profile: str) -> tuple[Path, bytes]:
    """The directory of an image and the public half of the key that signed it.

    Built below `build/tests`, by a key of the tests' own; the next run finds it up to date.
    """
    key = BUILD / "image-key.pem"
    place = build_image(profile, key_path=key, images=BUILD / "images")
    return place, image_key(key).public_pem


@pytest.fixture(scope="module")
def small() -> tuple[Path, bytes]:
    return image_for_tests(PROFILE)


@contextlib.contextmanager
def loop_device(path: Path, sector_bytes: int) -> Iterator[str]:
    words = ["losetup", "--find", "--show", "--direct-io=on"]
    words += ["--sector-size", str(sector_bytes), str(path)]
    name = subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()
    try:
        yield name
    finally:
        subprocess.run(["losetup", "--detach", name], check=True)


def laid_down(
    image: tuple[Path, bytes],
    raw: Path,
    size_bytes: int,
    tag: str,
    *,
    bios: bool,
    sector_bytes: int = 512,
) -> Deployment:
    """Lay the image down on a sparse file of that size, by its loop device."""
    place, public = image
    found = shelf(place.parent, (public,))
    assert found.reasons == ()
    # Other tests' images lie beside it.
    (offer,) = (one for one in found.images if one.path == str(place))
    with raw.open("wb") as stream:
        stream.truncate(size_bytes)
    with loop_device(raw, sector_bytes) as device:
        order = Order(
            drive=Identity(model="Loop", serial=tag),
            path=device,
            drive_bytes=size_bytes,
            open_drive=lambda: os.open(device, os.O_RDWR | os.O_DIRECT | os.O_EXCL),
            image=offer,
            trusted=(public,),
            asset_tag=tag,
            bios=bios,
        )
        return deploy(order, lambda progress: None)


def told(log: str, what: str, who: str = "small") -> list[str]:
    """What the started system said about `what`, one item for each line."""
    return [said.strip() for said in re.findall(rf"@{who} {what}\b([^\r\n]*)", log)]


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("firmware", "bus", "size_bytes", "sector_bytes"),
    [
        ("bios", "sata", 3 * GIB, 512),
        ("secureboot", "nvme", 2 * GIB + 512 * 7, 512),
        ("secureboot", "nvme", 2 * GIB + 4096 * 7, 4096),
        ("uefi", "sata", 40 * GIB, 512),
    ],
    ids=["bios-sata", "secureboot-nvme", "secureboot-nvme-4kn", "uefi-sata"],
)
def test_laid_down_system_starts_grown_and_unique(
    small: tuple[Path, bytes],
    tmp_path: Path,
    firmware: Firmware,
    bus: Literal["sata", "nvme"],
    size_bytes: int,
    sector_bytes: int,
) -> None:
    raw, bios = tmp_path / "drive.raw", firmware == "bios"
    deployment = laid_down(
        small, raw, size_bytes, "TJ-0042-7", bios=bios, sector_bytes=sector_bytes
    )
    spec = MachineSpec(
        name="laid",
        firmware=firmware,
        memory_mib=512,
        drives=(Drive(name="disk", source=raw, bus=bus, block_bytes=sector_bytes),),
    )
    with Machine(spec, tmp_path / "vm") as machine:
        machine.wait_for("@small started", 600)
    log = (tmp_path / "vm/serial0.log").read_text(errors="replace")
    assert told(log, "failed") == [""]
    assert told(log, "hostname") == ["tj-0042-7"]
    assert told(log, "firmware") == ["bios" if bios else "uefi"]
    (machine_id,) = told(log, "machine-id")
    assert re.fullmatch("[0-9a-f]{32}", machine_id)
    (root,) = told(log, "root")
    source, uuid, kind, size = root.split()
    assert kind == "ext4"
    assert int(size) > (size_bytes - 300 * 2**20) * 0.9
    assert f"root=UUID={uuid}" in told(log, "kernel-line")[0]
    (esp,) = told(log, "esp")
    assert esp.split()[0] == source[:-1] + "2"
    disks = [line for line in told(log, "block") if 'TYPE="disk"' in line]
    assert any(f'PTUUID="{deployment.disk_guid}"' in line for line in disks), disks
