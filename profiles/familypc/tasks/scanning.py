"""Scanning sheets with SANE, and what is made of them: PDF, picture, or text by OCR.

Pages are kept as JPEG until they are saved. Tesseract makes PDFs that can be searched, and text;
without it there are pictures.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path

# Network scanners take a while to answer; a sheet at 300 dpi takes up to a minute on old ones.
_LIST_TIMEOUT_S = 60
_PAGE_TIMEOUT_S = 240
_OCR_TIMEOUT_S = 600
# What OCR reads well, in dots per inch.
RESOLUTION = 300
_A4_MM = (210, 297)
# Tesseract 5.5 takes whole lines of Arabic for noise, for their many dots, and leaves them out
# without a word: of 236 clearly printed words it read 132, and 224 with this.
_KEEP_ROWS = ("-c", "textord_noise_rejrows=0")
_TITLES = {"ar": "ورقة", "en": "Sheet"}


class Kind(StrEnum):
    """What the sheets become."""

    PDF = "pdf"
    PICTURE = "picture"
    TEXT = "text"


_ENDINGS = {Kind.PDF: ".pdf", Kind.PICTURE: ".jpg", Kind.TEXT: ".txt"}


@dataclass(frozen=True, slots=True)
class Scanner:
    """A scanner by SANE's name, and as people know it."""

    name: str
    label: str


class ScanError(Exception):
    """A sheet was not scanned, or nothing was made of it; the text is what the program said."""


def kinds(ocr: bool) -> tuple[Kind, ...]:
    """What can be made here."""
    return (Kind.PDF, Kind.PICTURE, Kind.TEXT) if ocr else (Kind.PICTURE,)


def can_read() -> bool:
    """Whether OCR is installed."""
    return shutil.which("tesseract") is not None


def scanners_from(listed: str) -> tuple[Scanner, ...]:
    """From `scanimage -f '%d%t%v %m%n'`, fields parted by tabs; cameras are no scanners."""
    found = []
    for line in listed.splitlines():
        name, tab, label = line.partition("\t")
        if tab and not name.startswith("v4l:"):
            found.append(Scanner(name, re.sub(r"[\s_]+", " ", label).strip() or name))
    return tuple(found)


def scanners() -> tuple[Scanner, ...]:
    """All scanners that answer now; looking takes some seconds."""
    return scanners_from(_run(["scanimage", "-f", "%d\t%v %m%n"], _LIST_TIMEOUT_S).stdout)


def page_options(helped: str) -> list[str]:
    """Options of scanimage for one colour sheet, as far as the scanner has them.

    `helped`: what `scanimage -d NAME --help` says. A resolution that is not offered is the nearest
    one that is; the area is the scanner's, at most A4.
    """
    words: list[str] = []
    if (modes := _choices(helped, "--mode")) and "Color" in modes:
        words += ["--mode", "Color"]
    if "--resolution" in helped:
        offered = [
            int(value) for value in re.findall(r"\d+", " ".join(_choices(helped, "--resolution")))
        ]
        span = re.search(r"--resolution (\d+)\.\.(\d+)", helped)
        value = RESOLUTION
        if span:
            value = min(max(RESOLUTION, int(span[1])), int(span[2]))
        elif offered:
            value = min(offered, key=lambda one: abs(one - RESOLUTION))
        words += ["--resolution", str(value)]
    for letter, most in zip("xy", _A4_MM, strict=True):
        span = re.search(rf"^\s*-{letter} [\d.]+\.\.([\d.]+)mm", helped, re.MULTILINE)
        if span:
            words += [f"-{letter}", f"{min(most, float(span[1])):g}"]
    return words


def _choices(helped: str, option: str) -> list[str]:
    """The values of `--option A|B|C [A]` in scanimage's help."""
    line = re.search(rf"^\s*{option} ([^\s\[]+)", helped, re.MULTILINE)
    return line[1].split("|") if line and ".." not in line[1] else []


def scan_page(scanner: Scanner, target: Path) -> None:
    """One sheet from the scanner into a JPEG file. `ScanError`; takes up to minutes."""
    helped = _run(["scanimage", "-d", scanner.name, "--help"], _LIST_TIMEOUT_S).stdout
    words = ["scanimage", "-d", scanner.name, *page_options(helped), "--format=jpeg"]
    done = _run([*words, "-o", str(target)], _PAGE_TIMEOUT_S)
    if done.returncode or not target.is_file() or not target.stat().st_size:
        target.unlink(missing_ok=True)
        raise ScanError(_last_line(done.stderr))


def names_for(
    kind: Kind, pages: int, tongue: str, day: date, taken: Collection[str]
) -> tuple[str, ...]:
    """What the files are called that hold so many pages: one, or for pictures one for each."""
    title, ending = f"{_TITLES[tongue]} {day.isoformat()}", _ENDINGS[kind]
    wanted = pages if kind is Kind.PICTURE else 1
    found: list[str] = []
    number = 1
    while len(found) < wanted:
        name = f"{title}{ending}" if number == 1 else f"{title} ({number}){ending}"
        if name not in taken:
            found.append(name)
        number += 1
    return tuple(found)


def save(pages: Sequence[Path], kind: Kind, folder: Path, tongue: str, day: date) -> list[Path]:
    """Make the files from scanned pages; their paths. `ScanError`."""
    folder.mkdir(parents=True, exist_ok=True)
    taken = {path.name for path in folder.iterdir()}
    targets = [folder / name for name in names_for(kind, len(pages), tongue, day, taken)]
    if kind is Kind.PICTURE:
        for page, target in zip(pages, targets, strict=True):
            shutil.copyfile(page, target)
        return targets
    shutil.move(_read_pages(pages, kind), targets[0])
    return targets


def _read_pages(pages: Sequence[Path], kind: Kind) -> Path:
    """By tesseract: text, or a PDF of the pictures with their text below."""
    place = pages[0].parent
    listed, out = place / "pages.list", place / "out"
    listed.write_text("".join(f"{page}\n" for page in pages))
    form = "txt" if kind is Kind.TEXT else "pdf"
    words = ["tesseract", str(listed), str(out), "-l", "ara+eng", "--dpi", str(RESOLUTION)]
    done = _run([*words, *_KEEP_ROWS, form], _OCR_TIMEOUT_S)
    return _made(done, out.with_suffix(f".{form}"))


def _made(done: subprocess.CompletedProcess[str], target: Path) -> Path:
    if done.returncode or not target.is_file():
        raise ScanError(_last_line(done.stderr))
    return target


def _last_line(said: str) -> str:
    return (said.strip().splitlines() or [""])[-1]


def _run(words: list[str], timeout_s: float) -> subprocess.CompletedProcess[str]:
    # OMP: tesseract's threads on two old cores only get into each other's way.
    env = {**os.environ, "LC_ALL": "C.UTF-8", "OMP_THREAD_LIMIT": "1"}
    try:
        return subprocess.run(
            words, capture_output=True, text=True, env=env, timeout=timeout_s, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ScanError(str(error)) from error
