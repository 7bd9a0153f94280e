"""`usb DEVICE`: writes a personal stick to a real USB medium, whole.

It refuses whatever is not a whole removable or USB disk, or is in use; it shows what would be lost
and goes on only when the person types the device's name.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from appliance import texts
from appliance.errors import TrustError
from appliance.imaging.manifest import MANIFEST_NAME, read_file
from appliance.imaging.shelf import ages, offer
from appliance.model import Reason
from imagebuilder.console import say
from imagebuilder.images.keys import default_key_path, image_key
from imagebuilder.run import run
from imagebuilder.stick.application import REPOSITORY
from imagebuilder.stick.command import stick_parts
from imagebuilder.stick.writer import Personal, write_stick


class Refused(Exception):
    """The medium must not be written to; says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Medium:
    """A medium that may be written to, as the person should recognise it."""

    path: Path
    model: str
    size_bytes: int

    def __str__(self) -> str:
        return f"{self.path}: {self.model or 'unknown model'}, {self.size_bytes / 1e9:.1f} GB"


def medium(path: Path, sysfs: Path = Path("/sys/class/block")) -> Medium:
    """The medium behind a device node; raises `Refused` with the reason."""
    if not path.is_block_device():
        raise Refused(f"{path} is not a block device")
    real = path.resolve()
    entry = sysfs / real.name
    if (entry / "partition").exists():
        raise Refused(f"{real} is a partition: name the whole medium")
    removable = (entry / "removable").read_text().strip() == "1"
    if not removable and "/usb" not in str(entry.resolve()):
        raise Refused(f"{real} is neither removable nor on USB: an internal drive is never written")
    mounted = {line.split(" ")[0] for line in Path("/proc/self/mounts").read_text().splitlines()}
    names = [real.name, *[child.name for child in entry.glob(f"{real.name}*")]]
    for name in names:
        if f"/dev/{name}" in mounted:
            raise Refused(f"/dev/{name} is mounted: unmount it first")
        if any((sysfs / name / "holders").iterdir()):
            raise Refused(f"/dev/{name} is in use (LVM, RAID or encryption)")
    model = entry / "device/model"
    size_bytes = int((entry / "size").read_text()) * 512
    if size_bytes == 0:
        raise Refused(f"{real}: no medium in it")
    name = model.read_text().strip() if model.exists() else ""
    return Medium(path=real, model=name, size_bytes=size_bytes)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`usb DEVICE [--config ...] [--image PROFILE]... [--trust PEM]... [--image-key PEM]...`."""
    parser.add_argument("device", type=Path, help="the whole medium, such as /dev/sdx")
    parser.add_argument("--config", type=Path, help="station.yaml, or a directory that holds it")
    parser.add_argument(
        "--image", action="append", default=[], help="profile built below dist/images (repeatable)"
    )
    parser.add_argument(
        "--trust", action="append", default=[], type=Path, help="CA certificate, PEM (repeatable)"
    )
    parser.add_argument(
        "--image-key",
        action="append",
        default=[],
        type=Path,
        help="public key of images, PEM (repeatable); else the one of this machine's image key",
    )
    parser.add_argument("--yes", action="store_true", help="do not ask")


def command(args: argparse.Namespace) -> int:
    """Check, show, ask, write. 2 when nothing was written."""
    given = [*args.trust, *args.image_key, *([args.config] if args.config else [])]
    for path in given:
        if not path.exists():
            say(f"{path}: not there")
            return 2
    images = [REPOSITORY / "dist/images" / name for name in args.image]
    for image in images:
        if not (image / "manifest.jws").exists():
            say(f"{image}: no image; build it with `./build.sh image {image.name}`")
            return 2
    image_keys = args.image_key or ([_own_key()] if images else [])
    try:
        for warning in image_warnings(images, image_keys, datetime.now(UTC)):
            say(warning)
        target = medium(args.device)
    except Refused as refusal:
        say(str(refusal))
        return 2
    say(f"Everything on this medium will be lost:\n  {target}")
    if not args.yes:
        say(f"Type {target.path.name} to go on:")
        if sys.stdin.readline().strip() != target.path.name:
            say("Nothing was written.")
            return 2
    personal = Personal(
        config=args.config,
        images=images,
        trust=args.trust,
        image_keys=image_keys,
    )
    try:
        write_stick(target.path, stick_parts(), personal)
    except ValueError as error:
        say(str(error))
        return 2
    run(["blockdev", "--flushbufs", target.path])
    say("The stick is ready. Pull it out and start a PC from it.")
    return 0


def image_warnings(images: Sequence[Path], keys: Sequence[Path], now: datetime) -> list[str]:
    """What to say about images that go onto a stick with these public keys: old, no updates.

    `Refused` for one that such a stick would not use.
    """
    trusted = tuple(key.read_bytes() for key in keys)
    found = []
    for place in images:
        try:
            found.append(offer(place, read_file(place / MANIFEST_NAME, trusted)))
        except TrustError as error:
            reason = Reason(code=error.code, facts={"image": place.name, **error.facts})
            raise Refused(texts.short(reason, "en")) from error
    return [texts.short(reason, "en") for reason in ages(found, now)]


def _own_key() -> Path:
    """The public half of the image key that `./build.sh image` signs with here, as a file."""
    path = REPOSITORY / "build/image-key.pub.pem"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(image_key(default_key_path()).public_pem)
    return path
