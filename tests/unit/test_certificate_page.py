"""The certificate's pages, as the printer gives them to the donor."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from appliance.model import Reason
from appliance.statement import render
from appliance.statement.build import build_drive
from appliance.statement.certificate import LeftAlone, build_machine
from imagebuilder.toolsroot import run_tool
from tests.unit.office import HEAD, JOB, PAPERS, TOOL, Office, drive, machine, result


def pages(tmp_path: Path, count: int) -> list[str]:
    """The words of each page of a machine's certificate, of so many erased drives and a stick that
    was left alone."""
    station = Office(tmp_path / "office").station()
    drives = [drive(f"SERIAL-{number}") for number in range(count)]
    statements = [station.sign(build_drive(result(one), job=JOB, tool=TOOL)) for one in drives]
    stick = LeftAlone(
        drive=drive("STICK"), reasons=(Reason(code="bus-not-allowed", facts={"bus": "usb"}),)
    )
    draft = build_machine(
        machine(*drives, stick.drive), statements, [stick],
        papers=PAPERS, job=JOB, log_head=HEAD, tool=TOOL,
    )  # fmt: skip
    file = tmp_path / "certificate.pdf"
    file.write_bytes(render.pdf(station.sign(draft).data, url="https://office.example:8443"))
    return run_tool(["pdftotext", "-layout", file, "-"]).text.split("\f")[:-1]


def test_a_pc_with_two_drives_has_its_certificate_on_one_page(tmp_path: Path) -> None:
    (page,) = pages(tmp_path, 2)
    assert re.search(r"\b1 ?/ ?1\b", page)
    assert "SERIAL-0" in page
    assert "SERIAL-1" in page


@pytest.mark.parametrize("count", [3, 4, 5, 6])
def test_pages_are_numbered_and_what_proves_them_stands_together(
    tmp_path: Path, count: int
) -> None:
    told = pages(tmp_path, count)
    for number, page in enumerate(told, 1):
        assert re.search(rf"\b{number} ?/ ?{len(told)}\b", page)
    # Its heading, its first line and its last one.
    for word in ("Signed", "Station", "office.example"):
        assert [word in page for page in told] == [False] * (len(told) - 1) + [True], word
