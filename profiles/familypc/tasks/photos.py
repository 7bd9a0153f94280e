"""Pictures of products, made ready to be shown: turned, cut square, lighter or darker, small.

A picture is never changed: what comes out is a copy beside it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

_ENDINGS = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"})
# What shops and WhatsApp take without making it smaller themselves, in pixels of the longer side.
LONGEST = 1600
_STEPS = 4
_STEP = 1.2
_REMARK = {"ar": "معدّلة", "en": "edited"}


@dataclass(frozen=True, slots=True)
class Edit:
    """What is done to a picture. `turns`: quarters to the right; `light`: steps, darker below 0."""

    turns: int = 0
    square: bool = False
    light: int = 0


def turned(edit: Edit) -> Edit:
    """One quarter more to the right."""
    return replace(edit, turns=(edit.turns + 1) % 4)


def lit(edit: Edit, steps: int) -> Edit:
    """Lighter by some steps, or darker; never beyond what still shows something."""
    return replace(edit, light=max(-_STEPS, min(_STEPS, edit.light + steps)))


def square_box(width: int, height: int) -> tuple[int, int, int]:
    """Left, top and side of the largest square in the middle of a picture of that size."""
    side = min(width, height)
    return (width - side) // 2, (height - side) // 2, side


def fitted(width: int, height: int, longest: int) -> tuple[int, int]:
    """The size of a picture whose longer side is at most that; a small one stays as it is."""
    if max(width, height) <= longest:
        return width, height
    share = longest / max(width, height)
    return max(1, round(width * share)), max(1, round(height * share))


def tones(light: int) -> bytes:
    """For each of the 256 tones the one that it becomes: black and white stay what they are."""
    return bytes(round(255 * (tone / 255) ** (_STEP**-light)) for tone in range(256))


def copy_name(name: str, tongue: str, taken: Collection[str]) -> str:
    """What the copy of a picture is called, as JPEG, when files of the names `taken` are there."""
    stem = f"{Path(name).stem} ({_REMARK[tongue]}"
    made, number = f"{stem}).jpg", 2
    while made in taken:
        made = f"{stem} {number}).jpg"
        number += 1
    return made


def is_picture(path: Path) -> bool:
    """Whether a file of that name is a picture that can be opened."""
    return path.suffix.lower() in _ENDINGS
