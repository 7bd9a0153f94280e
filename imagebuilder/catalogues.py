"""`catalogues`: compiles the translations beside their sources, for commands of this machine.

What is compiled is never committed; without it every text would silently be English.
"""

import argparse
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LOCALE = Path(__file__).resolve().parents[1] / "appliance/locale"


def compile_catalogues(locale: Path = LOCALE) -> None:
    """Compile every .po below `locale` to a .mo beside it that is older or missing.

    Raises babel's errors on a broken catalogue.
    """
    for source in sorted(locale.rglob("*.po")):
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
