"""What a picture of a virtual PC's screen shows, in numbers: dark or drawn, moving or settled.

Enough to take a picture when a desktop has been drawn to its end; never a proof that it is the
right one: that a person looks at.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageChops

from imagebuilder.vm import Machine, MachineError

_DARK = 40  # of 255: a pixel that is not more than this in any channel counts as dark


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A picture in numbers: size in pixels, share of dark pixels, number of different colours."""

    width: int
    height: int
    dark: float
    colours: int

    @property
    def drawn(self) -> bool:
        """Whether this can be a desktop: big, not mostly black, more than a few flat colours."""
        return self.height >= 600 and self.dark < 0.6 and self.colours > 64


def look(picture: Path) -> Look:
    """Read a picture file."""
    with Image.open(picture) as opened:
        image = opened.convert("RGB")
    brightest = ImageChops.lighter(
        ImageChops.lighter(image.getchannel("R"), image.getchannel("G")), image.getchannel("B")
    )
    dark = sum(brightest.histogram()[: _DARK + 1]) / (image.width * image.height)
    colours = image.getcolors(maxcolors=1 << 24) or []
    return Look(width=image.width, height=image.height, dark=dark, colours=len(colours))


def changed(one: Path, other: Path) -> float:
    """The share of pixels that differ between two pictures; 1.0 for different sizes."""
    with Image.open(one) as opened:
        first = opened.convert("RGB")
    with Image.open(other) as opened:
        second = opened.convert("RGB")
    if first.size != second.size:
        return 1.0
    same = ImageChops.difference(first, second).convert("L").histogram()[0]
    return 1.0 - same / (first.width * first.height)


def share_of(picture: Path, colour: tuple[int, int, int], near: int) -> float:
    """The share of pixels of which no channel is more than `near` from a colour's."""
    with Image.open(picture) as opened:
        image = opened.convert("RGB")
    difference = ImageChops.difference(image, Image.new("RGB", image.size, colour))
    red, green, blue = difference.split()
    furthest = ImageChops.lighter(ImageChops.lighter(red, green), blue)
    return sum(furthest.histogram()[: near + 1]) / (image.width * image.height)


def settled_picture(
    machine: Machine,
    target: Path,
    timeout_s: float,
    pause_s: float = 5,
    shows: Callable[[Path], bool] = lambda picture: look(picture).drawn,
) -> Path:
    """Wait until the screen shows what it is to show and stands still for `pause_s`; keep that.

    Raises MachineError at the timeout; the last picture is at `target` then, too.
    """
    deadline = time.monotonic() + timeout_s
    before = target.with_name(f"{target.stem}-before.png")
    machine.screenshot(before)
    try:
        while True:
            time.sleep(pause_s)
            machine.check_alive()
            machine.screenshot(target)
            if shows(target) and changed(before, target) < 0.01:
                return target
            if time.monotonic() > deadline:
                raise MachineError(f"{machine.spec.name}: no settled picture in {timeout_s:g} s")
            target.replace(before)
    finally:
        before.unlink(missing_ok=True)
