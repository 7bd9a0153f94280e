"""Printing a file through CUPS: which printers there are, what can be printed, and handing it over.

Papers of LibreOffice become PDF first: CUPS does not read them. So does plain text: CUPS prints it
letter by letter from the left, and Arabic letters neither join nor stand in their order.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from familypc.tasks.plaintext import decoded, text_paper

_DIRECT = frozenset({".pdf", ".jpg", ".jpeg", ".png", ".gif", ".tif", ".tiff"})
_TEXT = ".txt"
_BY_OFFICE = frozenset(
    {".odt", ".ods", ".odp", ".odg", ".ott", ".ots", ".doc", ".docx", ".xls", ".xlsx", ".ppt",
     ".pptx", ".rtf", ".csv"}
)  # fmt: skip
# One with many pages on an old PC
_OFFICE_TIMEOUT_S = 300
_TIMEOUT_S = 30


@dataclass(frozen=True, slots=True)
class Printer:
    """A queue of CUPS, or a printer that announces itself: `lp` takes both by that name."""

    name: str
    is_default: bool = False

    @property
    def label(self) -> str:
        """As people read it: CUPS puts underscores where the maker had spaces."""
        return self.name.replace("_", " ").strip()


class PrintError(Exception):
    """The file was not handed over; the text is what the program said."""


def printable(path: Path) -> bool:
    """Whether a file of that name can be printed."""
    return path.suffix.lower() in _DIRECT | _BY_OFFICE | {_TEXT}


def printers_from(names: str, default: str) -> tuple[Printer, ...]:
    """From what `lpstat -e` and `lpstat -d` say; the default printer first."""
    chosen = default.rpartition(": ")[2].strip() if ": " in default else ""
    found = [Printer(name, name == chosen) for name in dict.fromkeys(names.split())]
    return tuple(sorted(found, key=lambda printer: (not printer.is_default, printer.name)))


def printers() -> tuple[Printer, ...]:
    """All printers that CUPS knows or hears on the network; none where it does not answer."""
    return printers_from(_said(["lpstat", "-e"]), _said(["lpstat", "-d"]))


def print_file(path: Path, printer: str, copies: int) -> str:
    """Hand a file over to a printer; the name of its job. `PrintError`. May take minutes."""
    with tempfile.TemporaryDirectory(prefix="print-") as place:
        ready = path if path.suffix.lower() in _DIRECT else _pdf_of(path, Path(place))
        words = ["lp", "-d", printer, "-n", str(copies), "-t", path.stem, "--", str(ready)]
        done = _run(words, _TIMEOUT_S)
    if done.returncode:
        raise PrintError(done.stderr.strip() or str(done.returncode))
    return job_from(done.stdout)


def job_from(said: str) -> str:
    """The job's name in lp's `request id is NAME (1 file(s))`."""
    words = said.split()
    return words[3] if words[:3] == ["request", "id", "is"] else ""


def is_waiting(job: str) -> bool:
    """Whether a job has not yet left for its printer."""
    return any(line.split()[:1] == [job] for line in _said(["lpstat", "-o"]).splitlines())


def _pdf_of(path: Path, place: Path) -> Path:
    if path.suffix.lower() == _TEXT:
        written = place / f"{path.stem}.fodt"
        written.write_text(text_paper(decoded(path.read_bytes())), encoding="utf-8")
        path = written
    words = ["libreoffice", "--headless", "--convert-to", "pdf", "--outdir", str(place), str(path)]
    done = _run(words, _OFFICE_TIMEOUT_S)
    made = place / f"{path.stem}.pdf"
    if not made.is_file():
        raise PrintError(done.stderr.strip() or path.name)
    return made


def _said(words: list[str]) -> str:
    try:
        return _run(words, _TIMEOUT_S).stdout
    except PrintError:
        return ""


def _run(words: list[str], timeout_s: float) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "LC_ALL": "C.UTF-8"}
    try:
        return subprocess.run(
            words, capture_output=True, text=True, env=env, timeout=timeout_s, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PrintError(str(error)) from error
