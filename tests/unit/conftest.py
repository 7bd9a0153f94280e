"""Compiled catalogues for every unit test, also for programs that a test starts.

They are never committed, and a test that found none would silently see English.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import settings

from appliance import i18n
from imagebuilder.catalogues import compile_catalogues

# How long an example takes says more of what else the machine does than of the product.
settings.register_profile("house", deadline=None)
settings.load_profile("house")


@pytest.fixture(scope="session", autouse=True)
def catalogues() -> None:
    """The tree's own catalogues, compiled beside their sources."""
    compile_catalogues()
    i18n.translator.cache_clear()


@pytest.fixture(autouse=True)
def language() -> Iterator[None]:
    """Each test begins and ends in the language that the product begins in."""
    i18n.use("ar")
    yield
    i18n.use("ar")
