"""Papers from templates: a file with a name and a place before the first word is typed.

So saving is one key and asks nothing. A bill is a new file each time, by its day; a book (orders,
accounts, prices) is one file that is opened again. A template is never changed.
"""

from __future__ import annotations

import subprocess
import zipfile
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from familypc.tasks.session import today

TEMPLATES = Path("/usr/share/tajdeed/templates")
_FORMS = {".ots": ".ods", ".ott": ".odt"}


@dataclass(frozen=True, slots=True)
class Paper:
    """A template's papers. `folder`: where those of many days lie; None for a book, of one file."""

    ar: str
    en: str
    folder: tuple[str, str] | None = None


PAPERS = {
    "bill": Paper("فاتورة", "Bill", ("الفواتير", "Bills")),
    "quotation": Paper("عرض سعر", "Quotation", ("عروض الأسعار", "Quotations")),
    "price-list": Paper("قائمة أسعار", "Price list"),
    "order-book": Paper("دفتر الطلبات", "Order book"),
    "stock": Paper("المخزون", "Stock"),
    "accounts": Paper("حسابات المشروع", "Accounts"),
    "customers": Paper("قائمة العملاء", "Customers"),
    "labels": Paper("ملصقات المنتجات", "Product labels", ("الملصقات", "Labels")),
    "flyer": Paper("إعلان", "Flyer", ("الإعلانات", "Flyers")),
}


class NoTemplate(Exception):
    """There is no template of that name; the text is the name."""


def folder_of(paper: Paper, language: str) -> str:
    """Where below the documents such papers lie; empty for the documents themselves."""
    if paper.folder is None:
        return ""
    return paper.folder[0 if language == "ar" else 1]


def file_name(paper: Paper, language: str, ending: str, day: date, taken: Collection[str]) -> str:
    """What the paper of that day is called, when files of the names `taken` are there.

    A book has one name; the others carry the day, and a number from the day's second on.
    """
    title = paper.ar if language == "ar" else paper.en
    if paper.folder is None:
        return f"{title}{ending}"
    name, number = f"{title} {day.isoformat()}{ending}", 2
    while name in taken:
        name = f"{title} {day.isoformat()} ({number}){ending}"
        number += 1
    return name


def instance(template: Path, target: Path) -> None:
    """Make a document from an OpenDocument template: the same content, told as a document.

    The target must not exist; it is there whole or not at all.
    """
    fresh = target.with_name(f".{target.name}.new")
    with zipfile.ZipFile(template) as reading, zipfile.ZipFile(fresh, "w") as writing:
        for entry in reading.infolist():
            data = reading.read(entry)
            if entry.filename in ("mimetype", "META-INF/manifest.xml"):
                data = data.replace(b"-template", b"")
            writing.writestr(entry, data)
    fresh.rename(target)


def untouched(template: Path, paper: Path) -> bool:
    """Whether a paper still has the very content of its template."""
    content = _content(template)
    return content is not None and content == _content(paper)


def untouched_papers(papers: Iterable[Path], templates: Path) -> frozenset[Path]:
    """Which of the files are papers that were made and never written into.

    One that LibreOffice has open is not among them: it may be written into at any moment.
    """
    contents = {_content(template) for template in templates.glob("*/*.ot[st]")} - {None}
    return frozenset(
        paper
        for paper in papers
        if paper.suffix in _FORMS.values()
        and not paper.with_name(f".~lock.{paper.name}#").exists()
        and _content(paper) in contents
    )


def _content(paper: Path) -> bytes | None:
    try:
        with zipfile.ZipFile(paper) as package:
            return package.read("content.xml")
    except (OSError, KeyError, zipfile.BadZipFile):
        return None


def paper_file(name: str, language: str, documents: Path, day: date, templates: Path) -> Path:
    """The file to open for a paper of that day: a book, one begun but left empty, or a new one.

    `NoTemplate` where the system has none of that name.
    """
    paper = PAPERS.get(name)
    found = sorted((templates / language).glob(f"{name}.ot[st]"))
    if paper is None or not found:
        raise NoTemplate(name)
    template = found[0]
    ending = _FORMS[template.suffix]
    place = documents / folder_of(paper, language)
    place.mkdir(parents=True, exist_ok=True)
    taken: list[str] = []
    while True:
        target = place / file_name(paper, language, ending, day, taken)
        if not target.exists():
            instance(template, target)
            return target
        if paper.folder is None or untouched(template, target):
            return target
        taken.append(target.name)


def open_paper(name: str, language: str, documents: Path) -> None:
    """Open a paper of today in LibreOffice."""
    path = paper_file(name, language, documents, today(), TEMPLATES)
    subprocess.Popen(["libreoffice", "--nologo", str(path)], start_new_session=True)
