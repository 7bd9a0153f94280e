"""The family's PC: laid down, started with 2 GiB under Secure Boot, its desktop in Arabic.

The picture goes to `dist/screens/family/`: a person looks at it (connected letters, direction,
nothing cut, no boxes). What a program can judge is judged here.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from imagebuilder.demo.screen import settled_picture
from imagebuilder.images.build import REPOSITORY
from imagebuilder.vm.drive import Drive
from imagebuilder.vm.machine import Machine, MachineSpec
from tests.vm.announcement import announcing
from tests.vm.test_image import GIB, image_for_tests, laid_down, told

SCREENS = REPOSITORY / "dist/screens/family"


@pytest.mark.full
@pytest.mark.timeout(3600)
def test_family_desktop_stands_in_arabic(tmp_path: Path) -> None:
    raw = tmp_path / "drive.raw"
    laid_down(image_for_tests("family-light"), raw, 8 * GIB, "TJ-0042-7", bios=False)
    spec = MachineSpec(
        name="family",
        firmware="secureboot",
        memory_mib=2048,
        drives=(Drive(name="disk", source=raw, bus="sata"),),
        extra=announcing(settle_s=45),
    )
    with Machine(spec, tmp_path / "vm") as machine:
        machine.wait_for("@family told", 1200)
        settled_picture(machine, SCREENS / "desktop.png", 300)
    log = (tmp_path / "vm/serial0.log").read_text(errors="replace")
    facts = {what: told(log, what, "family")[0] for what in ("failed", "language", "hostname")}
    assert facts == {"failed": "", "language": "LANG=ar_SA.UTF-8", "hostname": "tj-0042-7"}
    assert int(told(log, "root", "family")[0]) > 7 * GIB
    used_kb = int(told(log, "total-kb", "family")[0]) - int(told(log, "available-kb", "family")[0])
    assert used_kb < 700_000
