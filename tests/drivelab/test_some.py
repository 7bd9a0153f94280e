"""One boot of drives in the default run: the worst liars, the odd ones, honest ones beside them.

The whole matrix is `test_matrix`. The same boot's honest disk is then read again by the script
that shares nothing with the product.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from appliance.statement import recheck_standalone
from imagebuilder.catalogues import compile_catalogues
from tests.drivelab.boots import boot
from tests.drivelab.guest import laboratory_stick
from tests.drivelab.matrix import Row
from tests.drivelab.personality import load

pytestmark = pytest.mark.timeout(1500)

SOME = (
    *("honest-ssd", "honest-hdd", "honest-nvme"),
    *("hpa", "dco", "hpa-keeps-the-rest"),
    *("ignores-writes", "identity-changes", "nvme-format-ignores-ses"),
)
_SECTOR = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    rows: dict[str, Row]
    drives: Path


@pytest.fixture(scope="module")
def erased(tmp_path_factory: pytest.TempPathFactory) -> Erased:
    compile_catalogues()
    directory = tmp_path_factory.mktemp("some")
    rows = boot(laboratory_stick(directory), [load(name) for name in SOME], directory / "boot")
    return Erased(rows={one.name: one for one in rows}, drives=directory / "boot/drives")


@pytest.mark.parametrize("name", SOME)
def test_the_statement_says_what_is_true_of_the_drive(name: str, erased: Erased) -> None:
    assert erased.rows[name].problems == ()


def test_the_script_of_forty_lines_finds_a_single_changed_sector(erased: Erased) -> None:
    name = "dco"  # the one that is overwritten by us
    statement, medium = erased.drives / f"{name}.jws", erased.drives / f"{name}.0.medium"
    before = _rechecked(statement, medium)
    assert before.returncode == 0, before.stdout + before.stderr
    offset = medium.stat().st_size // _SECTOR // 3 * _SECTOR
    with medium.open("r+b") as disk:
        disk.seek(offset + 99)
        byte = disk.read(1)
        disk.seek(offset + 99)
        disk.write(bytes((byte[0] ^ 0x10,)))
    after = _rechecked(statement, medium)
    assert after.returncode == 1
    assert str(offset) in after.stdout


def _rechecked(statement: Path, medium: Path) -> subprocess.CompletedProcess[str]:
    script = str(recheck_standalone.__file__)
    return subprocess.run(
        [sys.executable, "-I", script, str(statement), str(medium)],
        check=False,
        capture_output=True,
        text=True,
    )
