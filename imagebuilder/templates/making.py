"""Templates into an image: written, converted by its own LibreOffice, made the same each time.

They come to `usr/share/tajdeed/templates/LANGUAGE/NAME.ots`, each with an entry in the menu that
begins a new document from it. Runs inside the tree, without network.
"""

from __future__ import annotations

import re
import shutil
import time
import zipfile
from pathlib import Path

from imagebuilder.images.chroot import in_tree
from imagebuilder.run import ProgramError
from imagebuilder.templates.table import TEMPLATES
from imagebuilder.templates.words import TONGUES

PLACE = "usr/share/tajdeed/templates"
_WORK = "tmp/templates"
# LibreOffice keeps a picture of the page, who made it when, and random numbers of the editing
# session (rsid): not the same twice, of no use.
_LEFT_OUT = ("Thumbnails/", "Configurations2/")
_MOVING = re.compile(
    rb"<meta:creation-date>[^<]*</meta:creation-date>|<dc:date>[^<]*</dc:date>"
    rb"|<meta:editing-duration>[^<]*</meta:editing-duration>"
    rb"|<meta:editing-cycles>[^<]*</meta:editing-cycles>"
    rb"|<meta:generator>[^<]*</meta:generator>"
)
_SESSION = re.compile(
    rb'<config:config-item config:name="Rsid(?:Root)?"[^>]*>[^<]*</config:config-item>'
    rb'| officeooo:(?:paragraph-)?rsid="[0-9a-f]*"'
)
_ENTRY = re.compile(rb'\s*<manifest:file-entry [^>]*"(?:Thumbnails|Configurations2)/[^>]*/>')


def make_templates(tree: Path, epoch: int) -> None:
    """All templates in both languages; `ProgramError` when one did not come out."""
    work = tree / _WORK
    shutil.rmtree(work, ignore_errors=True)
    for tongue in TONGUES:
        for form in sorted({template.form for template in TEMPLATES}):
            _convert(tree, tongue.code, form, epoch)
    shutil.rmtree(work)
    _launchers(tree)


def _launchers(tree: Path) -> None:
    """An entry of the menu for each template; `family-task` takes the session's language."""
    place = tree / "usr/local/share/applications"
    place.mkdir(parents=True, exist_ok=True)
    for template in TEMPLATES:
        icon = {"ots": "x-office-spreadsheet", "ott": "x-office-document"}[template.form]
        (place / f"tajdeed-paper-{template.name}.desktop").write_text(
            f"[Desktop Entry]\nType=Application\nName={template.en}\nName[ar]={template.ar}\n"
            f"Exec=family-task paper {template.name}\nIcon={icon}\nCategories=Office;\n"
        )


def _convert(tree: Path, code: str, form: str, epoch: int) -> None:
    """One run of LibreOffice for all templates of a language and a form."""
    (tongue,) = (tongue for tongue in TONGUES if tongue.code == code)
    chosen = [template for template in TEMPLATES if template.form == form]
    sources = tree / _WORK / code / form
    sources.mkdir(parents=True)
    for template in chosen:
        path = sources / f"{template.name}.{template.flat_form}"
        path.write_text(template.source(tongue), encoding="utf-8")
    inside = f"/{_WORK}/{code}/{form}"
    words = ["soffice", f"-env:UserInstallation=file:///{_WORK}/profile", "--headless"]
    files = [f"{inside}/{template.name}.{template.flat_form}" for template in chosen]
    said = in_tree(
        tree, [*words, "--convert-to", form, "--outdir", f"{inside}/out", *files], epoch=epoch
    )
    target = tree / PLACE / code
    target.mkdir(parents=True, exist_ok=True)
    for template in chosen:
        made = sources / "out" / f"{template.name}.{form}"
        if not made.is_file():
            raise ProgramError(["soffice", "--convert-to", form], f"no {made.name} came out", said)
        settle(made, target / made.name, epoch)


def settle(source: Path, target: Path, epoch: int) -> None:
    """Rewrite an OpenDocument package so that the same content gives the same bytes.

    The kind first and uncompressed, as the standard has it; the rest by name, at one time.
    """
    moment = time.gmtime(epoch)[:6]
    with zipfile.ZipFile(source) as reading, zipfile.ZipFile(target, "w") as writing:
        names = [
            name
            for name in sorted(reading.namelist())
            if not name.startswith(_LEFT_OUT) and not name.endswith("/") and name != "mimetype"
        ]
        for name in ("mimetype", *names):
            data = reading.read(name)
            if name == "meta.xml":
                data = _MOVING.sub(b"", data)
            elif name == "META-INF/manifest.xml":
                data = _ENTRY.sub(b"", data)
            elif name.endswith(".xml"):
                data = _SESSION.sub(b"", data)
            entry = zipfile.ZipInfo(name, moment)
            entry.external_attr = 0o644 << 16
            entry.create_system = 3
            stored = name == "mimetype"
            entry.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
            writing.writestr(entry, data)
