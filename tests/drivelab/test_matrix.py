"""Given drives of every character, when the stick erases them, then each statement is true.

A few drives a boot. The matrix goes to the laboratory's README.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import pytest

from imagebuilder.catalogues import compile_catalogues
from tests.drivelab.boots import LOST, boot, in_boots
from tests.drivelab.guest import laboratory_stick
from tests.drivelab.matrix import Row, report
from tests.drivelab.personality import load, names
from tests.drivelab.readme import put

pytestmark = [pytest.mark.full, pytest.mark.timeout(4 * 3600)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """The rows by name, and for drives of a boot that was lost, how."""

    rows: dict[str, Row]
    lost: dict[str, str]


@pytest.fixture(scope="module")
def matrix(tmp_path_factory: pytest.TempPathFactory) -> Matrix:
    """The whole matrix. A boot that is lost leaves the others their rows."""
    compile_catalogues()
    directory = tmp_path_factory.mktemp("drivelab")
    stick = laboratory_stick(directory)
    begun = time.monotonic()
    found = Matrix(rows={}, lost={})
    boots = list(in_boots([load(name) for name in names()]))
    for number, some in enumerate(boots):
        try:
            rows = boot(stick, some, directory / f"boot{number}")
        except LOST as error:
            found.lost.update({one.name: str(error)[:2000] for one in some})
        else:
            found.rows.update({one.name: one for one in rows})
    put("matrix", report(list(found.rows.values()), time.monotonic() - begun, len(boots)))
    return found


@pytest.mark.parametrize("name", names())
def test_the_statement_says_what_is_true_of_the_drive(name: str, matrix: Matrix) -> None:
    assert name not in matrix.lost
    assert matrix.rows[name].problems == ()


def test_no_false_certificate_and_no_false_failure(matrix: Matrix) -> None:
    assert [one.name for one in matrix.rows.values() if one.false_certificate] == []
    assert [one.name for one in matrix.rows.values() if one.false_failure] == []
