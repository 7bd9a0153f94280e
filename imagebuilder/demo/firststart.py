"""Goes through the assistant of the family's first start by keyboard alone, as a family would.

No key is pressed before its page stands on the screen with its words: an Enter that comes too
early puts everything after it off by one page. Which page it is tells the bar of fields along the
screen's upper edge; that it is drawn, ink below the bar and a picture that no longer changes.
"""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from PIL import Image, ImageChops

from imagebuilder.console import say
from imagebuilder.demo.screen import changed
from imagebuilder.vm import Machine, MachineError
from imagebuilder.vm.keys import Layout

PAGES = ("language", "keyboard", "network", "account", "time", "ready")

# As the assistant's style sheet has them: a page that was reached, one to come, the paper.
_GONE, _TO_COME, _PAPER = (0x1F, 0x6F, 0x5C), (0xD9, 0xD3, 0xC5), (0xF4, 0xF1, 0xEA)
_NEAR = 24  # of 255: the most that a screen of 16 bits a pixel is off
_BAR_LINE = 2
# The emptiest page's heading and sentence, and its buttons, are more than this of their parts.
_INK = 0.002
# A cursor that blinks is less than this of any screen.
_STILL = 0.0005
_LOOK_EVERY_S = 0.5
# A busy machine without KVM gives its guest a fifth of a core.
_PAGE_S = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """What a family answers. `layout`: in which letters it begins to type; `zone`: the place's
    number in the list, from 0."""

    name: str
    password: str
    language: Literal["ar", "en"] = "ar"
    layout: Layout = "us"
    zone: int = 0

    @property
    def letters(self) -> Layout:
        """The layout on which the name can be typed."""
        return "us" if self.name.isascii() else "ara"


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstStart:
    """Seconds after power-on when the first page stood there and when the last was answered."""

    shown_s: float
    answered_s: float
    pictures: tuple[Path, ...]


def first_start(
    machine: Machine, family: Family, directory: Path, timeout_s: float = 1800
) -> FirstStart:
    """Answer every page; a picture of each goes to `directory` as `assistant-1-language.png` ...

    Raises MachineError when a page does not come, with the screen's picture where it stopped.
    """
    pictures = []
    shown_s = 0.0
    for number, page in enumerate(PAGES, 1):
        picture = directory / f"assistant-{number}-{page}.png"
        _wait_for_page(machine, number, picture, timeout_s if number == 1 else _PAGE_S)
        shown_s = shown_s or machine.elapsed_s
        if _answer(machine, page, family):
            _wait_for_page(machine, number, picture, _PAGE_S)
        pictures.append(picture)
        machine.press("ret")
    answered_s = machine.elapsed_s
    say(f"the assistant: {len(PAGES)} pages in {answered_s - shown_s:.0f} s")
    return FirstStart(shown_s=shown_s, answered_s=answered_s, pictures=tuple(pictures))


def _answer(machine: Machine, page: str, family: Family) -> bool:
    """Choose and type what the family answers here; whether the page looks other than before."""
    match page:
        case "language" if family.language == "en":
            machine.press("down")
        case "keyboard" if family.layout == "ara":
            machine.press("down")
        case "account":
            if family.letters != family.layout:
                machine.press("alt-shift")
            machine.type_text(family.name, family.letters)
            for _ in range(2):
                machine.press("tab")
                # The assistant turns the keyboard to Latin letters for a password.
                time.sleep(1)
                machine.type_text(family.password)
        case "time" if family.zone:
            machine.press(*["down"] * family.zone)
        case _:
            return False
    return True


def _wait_for_page(machine: Machine, number: int, target: Path, timeout_s: float) -> None:
    """Return when that page stands on the screen, drawn and still; its picture is at `target`."""
    deadline = time.monotonic() + timeout_s
    before = target.with_name(f"{target.stem}-before.png")
    wanted = (number, len(PAGES))
    try:
        machine.screenshot(target)
        while True:
            target.replace(before)
            time.sleep(_LOOK_EVERY_S)
            machine.check_alive()
            machine.screenshot(target)
            if (
                changed(before, target) < _STILL
                and steps_shown(target) == wanted
                and has_words(target)
            ):
                return
            if time.monotonic() > deadline:
                raise MachineError(
                    f"{machine.spec.name}: page {number} of the assistant did not come "
                    f"within {timeout_s:g} s: {target}"
                )
    finally:
        before.unlink(missing_ok=True)


def steps_shown(picture: Path) -> tuple[int, int]:
    """How many fields of the assistant's bar are coloured, and how many there are; else (0, 0)."""
    with Image.open(picture) as opened:
        line = opened.convert("RGB").crop((0, _BAR_LINE, opened.width, _BAR_LINE + 1))
    colours = iter(line.tobytes())
    kinds = [_kind(pixel) for pixel in zip(colours, colours, colours, strict=True)]
    fields = [
        kind
        for place, kind in enumerate(kinds)
        if kind in ("gone", "to-come") and (place == 0 or kinds[place - 1] != kind)
    ]
    if "other" in kinds or not fields:
        return 0, 0
    return fields.count("gone"), len(fields)


def has_words(picture: Path) -> bool:
    """Whether there is ink both where a page has its heading and where it has its buttons."""
    with Image.open(picture) as opened:
        image = opened.convert("RGB")
    cut = image.height * 3 // 4
    middle = image.crop((0, 20, image.width, cut))
    foot = image.crop((0, cut, image.width, image.height))
    return min(_ink(middle), _ink(foot)) > _INK


def _kind(pixel: tuple[int, int, int]) -> str:
    for name, colour in (("gone", _GONE), ("to-come", _TO_COME), ("paper", _PAPER)):
        if all(abs(a - b) <= _NEAR for a, b in zip(pixel, colour, strict=True)):
            return name
    return "other"


def _ink(image: Image.Image) -> float:
    """The share of pixels that are clearly other than the paper."""
    paper = Image.new("RGB", image.size, _PAPER)
    grey = ImageChops.difference(image, paper).convert("L")
    return sum(grey.histogram()[_NEAR + 1 :]) / (image.width * image.height)
