"""The files of people who used the PC before: names, documents and pictures that hold markers.

Writes ordinary directory trees; what becomes of them on which file system is `donated`'s business.
Everything follows from the seed in the call, so two builds hold the same files.
"""

import random
from dataclasses import dataclass
from pathlib import Path

from imagebuilder.demo.markers import Mint

_BLOCK = 4096
_TOPICS = ("Budget", "Invoice", "Exam", "Passport", "Salary", "Holiday", "Letter", "Contract")
_FOLDERS = ("Documents", "Pictures", "Desktop", "Downloads", "Mail", "Projects", "Old PC")


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """How much there is: texts of a few hundred bytes, pictures of `picture_bytes` each."""

    texts: int
    pictures: int
    picture_bytes: int


def write_tree(root: Path, mint: Mint, family: Family) -> None:
    """A home directory with folders, as ext4 and FAT hold it; all markers ASCII."""
    rng = random.Random(f"tree {root.name}")  # noqa: S311 - filler, no secret
    folders = [root / "home" / "family" / name for name in _FOLDERS]
    for folder in folders:
        folder.mkdir(parents=True)
    for number in range(family.texts):
        name = f"{rng.choice(_TOPICS)} {2004 + number % 17} {number}.txt"
        (folders[number % len(folders)] / name).write_bytes(_letter(rng, mint, utf16=False))
    for number in range(family.pictures):
        data = picture(rng, mint, family.picture_bytes, utf16=False)
        (folders[1] / f"IMG_{number:04}.jpg").write_bytes(data)


def write_flat(root: Path, mint: Mint, family: Family) -> dict[str, Path]:
    """The same for a volume without folders: name on the volume -> file.

    Names hold a marker, too (NTFS keeps them as UTF-16 in its records and its index); every other
    file holds UTF-16.
    """
    rng = random.Random(f"flat {root.name}")  # noqa: S311 - filler, no secret
    root.mkdir(parents=True)
    files: dict[str, Path] = {}
    for number in range(family.texts + family.pictures):
        utf16 = number % 2 == 0
        path = root / f"{number}"
        if number < family.texts:
            path.write_bytes(_letter(rng, mint, utf16=utf16))
            files[f"{rng.choice(_TOPICS)} {number} {mint.marker()}.docx"] = path
        else:
            path.write_bytes(picture(rng, mint, family.picture_bytes, utf16=utf16))
            files[f"IMG {number} {mint.marker()}.jpg"] = path
    return files


def picture(rng: random.Random, mint: Mint, size_bytes: int, *, utf16: bool) -> bytes:
    """Bytes without meaning, with a marker in each 4 KiB."""
    data = bytearray(rng.randbytes(size_bytes))
    for begin in range(64, size_bytes - 256, _BLOCK):
        text = mint.text(utf16=utf16)
        data[begin : begin + len(text)] = text
    return bytes(data)


def _letter(rng: random.Random, mint: Mint, *, utf16: bool) -> bytes:
    words = " ".join(rng.choice(_TOPICS).lower() for _ in range(rng.randrange(4, 20)))
    head = f"{words}\n"
    return head.encode("utf-16-le" if utf16 else "ascii") + mint.text(utf16=utf16)
