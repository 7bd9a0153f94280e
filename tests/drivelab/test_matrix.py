"""Given drives of every character, when the stick erases them, then each statement is true.

A few drives a boot. The matrix goes to the laboratory's README.
"""

from __future__ import annotations

import time

import pytest

from imagebuilder.catalogues import compile_catalogues
from tests.drivelab.boots import boot, in_boots
from tests.drivelab.guest import laboratory_stick
from tests.drivelab.matrix import Row, report
from tests.drivelab.personality import load, names
from tests.drivelab.readme import put

pytestmark = [pytest.mark.full, pytest.mark.timeout(3600)]


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Row]:
    """The whole matrix, by name."""
    compile_catalogues()
    directory = tmp_path_factory.mktemp("drivelab")
    stick = laboratory_stick(directory)
    everyone = [load(name) for name in names()]
    begun = time.monotonic()
    found: dict[str, Row] = {}
    boots = list(in_boots(everyone))
    for number, some in enumerate(boots):
        for one in boot(stick, some, directory / f"boot{number}"):
            found[one.name] = one
    put("matrix", report(list(found.values()), time.monotonic() - begun, len(boots)))
    return found


@pytest.mark.parametrize("name", names())
def test_the_statement_says_what_is_true_of_the_drive(name: str, rows: dict[str, Row]) -> None:
    assert rows[name].problems == ()


def test_no_false_certificate_and_no_false_failure(rows: dict[str, Row]) -> None:
    assert [one.name for one in rows.values() if one.false_certificate] == []
    assert [one.name for one in rows.values() if one.false_failure] == []
