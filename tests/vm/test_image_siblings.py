"""Two machines from one image, started: nothing by which one could be taken for the other."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from imagebuilder.vm.drive import Drive
from imagebuilder.vm.machine import Machine, MachineSpec
from tests.vm.test_image import GIB, PROFILE, image_for_tests, laid_down, told

_ID = re.compile(r"\b(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9A-F]{4}-[0-9A-F]{4})\b")


def ids(directory: Path, tag: str) -> set[str]:
    """Every id that a machine of that asset tag tells of, when it was laid down and has started."""
    directory.mkdir()
    raw = directory / "drive.raw"
    laid_down(image_for_tests(PROFILE), raw, 2 * GIB, tag, bios=True)
    spec = MachineSpec(
        name=tag,
        memory_mib=512,
        drives=(Drive(name="disk", source=raw, bus="sata"),),
    )
    with Machine(spec, directory / "vm") as machine:
        machine.wait_for("@small started", 600)
    log = (directory / "vm/serial0.log").read_text(errors="replace")
    found = {*told(log, "machine-id"), *told(log, "hostname")}
    for said in told(log, "block"):
        line = said[13:]
        # On a busy host a serial line says a character twice; such a line does not count.
        if said.startswith(hashlib.sha256(line.encode()).hexdigest()[:12]):
            found |= set(_ID.findall(line))
    # machine-id, hostname; the disk's GUID, three partitions', two file systems'
    assert len(found) == 8
    return found


@pytest.mark.timeout(1800)
def test_two_machines_from_one_image_share_no_id(tmp_path: Path) -> None:
    one, other = ids(tmp_path / "one", "TJ-0042-7"), ids(tmp_path / "other", "TJ-0043-5")
    assert one & other == set()
