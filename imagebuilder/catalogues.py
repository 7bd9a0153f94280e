"""`catalogues`: compiles the translations beside their sources, for commands of this machine.

What is compiled is never committed; without it every text would silently be English.
"""

import argparse
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

_REPOSITORY = Path(__file__).resolve().parents[1]
LOCALES = (_REPOSITORY / "appliance/locale", _REPOSITORY / "profiles/familypc/locale")


def compile_catalogues(*locales: Path) -> None:
    """Compile every .po below `locales` to a .mo beside it that is older or missing.

    Without any: those of the repository. Raises babel's errors on a broken catalogue.
    """
    for source in sorted(path for locale in locales or LOCALES for path in locale.rglob("*.po")):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
            continue
        with source.open("rb") as stream:
            catalogue = read_po(stream, locale=source.parts[-3], abort_invalid=True)
        fresh = target.with_suffix(".mo.new")
        with fresh.open("wb") as stream:
            write_mo(stream, catalogue)
        fresh.replace(target)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`catalogues` takes none."""


def command(args: argparse.Namespace) -> int:
    """Compile them in the repository."""
    compile_catalogues()
    return 0
