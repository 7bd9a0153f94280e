"""The handover sheet: what a family finds on it, on one A5 page."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import pytest

from appliance.errors import TajdeedError
from appliance.model import ByteRange
from appliance.statement import render, render_command
from appliance.statement.build import build_deployment
from appliance.statement.document import Statement
from appliance.statement.paper.handover import FIRST_STEPS, Told
from imagebuilder.toolsroot import run_tool
from tests.unit.office import HEAD, JOB, TOOL, Office, deployment, drive

TOLD = Told(
    organisation="جمعية تجديد الخيرية بالدمام",
    phone="+966 13 555 0142",
    hours="الأحد إلى الخميس، 9:00-16:00",
    warranty="ستة أشهر على القطع، ولا يشمل الكسر والماء.",
    machine="LENOVO ThinkCentre M73",
)
DIRECTIONS = re.compile("[\u2066-\u2069]")


@pytest.fixture
def laid_down(tmp_path: Path) -> tuple[Office, Statement]:
    office = Office(tmp_path / "office")
    station = office.station()
    erasure = office.drive_statement(station)
    written = ByteRange(offset=0, length=1 << 20)
    draft = build_deployment(
        deployment(drive(), written), erasure, job=JOB, log_head=HEAD, tool=TOOL
    )
    return office, station.sign(draft)


def page(statement: Statement, told: Told) -> str:
    return DIRECTIONS.sub("", render.handover_html(statement.data, told))


def test_a_family_finds_whom_to_call_what_is_warranted_and_until_when(
    laid_down: tuple[Office, Statement],
) -> None:
    text = page(laid_down[1], TOLD)
    for value in (TOLD.organisation, TOLD.phone, TOLD.hours, TOLD.warranty, TOLD.machine):
        assert value in text
    assert "TJD-00042-7" in text
    assert "tjd-00042-7" in text
    assert "نظام العائلة" in text
    assert "حتى 2030-06-30" in text
    assert text.count("<li>") == len(FIRST_STEPS)
    assert "التوقيع" in text


def test_what_nobody_told_leaves_no_empty_line(laid_down: tuple[Office, Statement]) -> None:
    text = page(laid_down[1], Told())
    assert "اتصل على" not in text
    assert "الضمان" not in text
    assert 'class="org"' not in text


def test_values_cannot_break_out_of_the_page(laid_down: tuple[Office, Statement]) -> None:
    text = page(laid_down[1], Told(phone="<script>1</script>", machine="<img src=x>"))
    assert "<script>" not in text
    assert "<img" not in text


@pytest.mark.parametrize("told", [TOLD, Told(), Told(warranty="كلام طويل " * 19, phone="1" * 60)])
def test_it_is_one_a5_page(laid_down: tuple[Office, Statement], tmp_path: Path, told: Told) -> None:
    file = tmp_path / "sheet.pdf"
    file.write_bytes(render.handover(laid_down[1].data, told))
    said = run_tool(["pdfinfo", file]).text
    assert re.search(r"Pages:\s+1\n", said)
    width, height = re.search(r"Page size:\s+([\d.]+) x ([\d.]+)", said).groups()  # type: ignore[union-attr]
    assert (round(float(width)), round(float(height))) == (420, 595)


def test_the_stick_writes_it_beside_the_copies_of_a_deployment_only(
    laid_down: tuple[Office, Statement], tmp_path: Path
) -> None:
    office, statement = laid_down
    config = tmp_path / "station.yaml"
    config.write_text(
        f'station: {{organisation: {{ar: "{TOLD.organisation}"}}}}\n'
        f'handover: {{phone: "{TOLD.phone}", warranty: "{TOLD.warranty}"}}\n'
    )
    erasure = office.certificate(office.station("other"))
    files = []
    for item in (statement, erasure):
        files.append(tmp_path / f"{item.id}.jws")
        files[-1].write_bytes(item.data)
    words = ["--into", str(tmp_path), "--trust", str(office.trust_dir), "--config", str(config)]
    parser = argparse.ArgumentParser()
    render_command.add_arguments(parser)
    assert render_command.run(parser.parse_args([*map(str, files), *words])) == 0
    (sheet,) = tmp_path.glob("handover-*.pdf")
    assert sheet.name == f"handover-{statement.id[:16]}.pdf"
    said = run_tool(["pdftotext", sheet, "-"]).text
    assert TOLD.phone in DIRECTIONS.sub("", said)


def test_other_statements_have_none(tmp_path: Path) -> None:
    office = Office(tmp_path / "office")
    with pytest.raises(TajdeedError) as caught:
        render.handover(office.certificate().data, Told())
    assert caught.value.code == "not-on-paper"
