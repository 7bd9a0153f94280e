"""Compiled catalogues for every unit test, from the .po files of this tree.

The build compiles them into the stick; they are never committed, and a test that found
none would silently see English.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from appliance import i18n


@pytest.fixture(scope="session", autouse=True)
def catalogues(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder of compiled catalogues, in use."""
    compiled = tmp_path_factory.mktemp("locale")
    source = i18n.LOCALE_DIR
    for file in source.glob("*/LC_MESSAGES/*.po"):
        target = compiled / file.relative_to(source).with_suffix(".mo")
        target.parent.mkdir(parents=True, exist_ok=True)
        with file.open("rb") as stream, target.open("wb") as out:
            write_mo(out, read_po(stream, locale=file.parts[-3]))
    patch = pytest.MonkeyPatch()
    patch.setattr(i18n, "LOCALE_DIR", compiled)
    i18n.translator.cache_clear()
    yield compiled
    patch.undo()
    i18n.translator.cache_clear()


@pytest.fixture(autouse=True)
def language() -> Iterator[None]:
    """Each test begins and ends in the language that the product begins in."""
    i18n.use("ar")
    yield
    i18n.use("ar")
