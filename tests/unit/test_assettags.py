"""Where a machine's asset tag comes from: the office's list, or the label at consent."""

from pathlib import Path

import pytest

from appliance import settings
from appliance.errors import ConfigError
from appliance.job import taglist
from appliance.job.assettag import asset_tag
from appliance.job.consent import ConsentError, scanned_tag
from appliance.job.eventlog import Writer
from appliance.job.record import JobRecord, take
from appliance.model import Consent, to_json
from tests.unit.test_settings import read, refusal

FIRST, SECOND = asset_tag(b"\x01\x02\x03\x04\x05"), asset_tag(b"\x06\x07\x08\x09\x0a")


def listed(tmp_path: Path, text: str) -> dict[str, str]:
    (tmp_path / "tags.csv").write_text(text, "utf-8")
    return taglist.read(tmp_path / "tags.csv")


def test_the_list_is_read_as_an_office_writes_it(tmp_path: Path) -> None:
    text = f"﻿Serial,Asset tag\r\n\r\n# second lot\r\nPC-0001 , {FIRST.lower()}\r\npc-2,{SECOND}\r\n"
    assert listed(tmp_path, text) == {"pc-0001": FIRST, "pc-2": SECOND}


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        (2, f"PC-2,{SECOND[:-1]}{'0' if SECOND[-1] != '0' else '1'}"),
        (2, f"PC-1,{SECOND}"),
        (2, f"PC-2,{FIRST}"),
        (2, "PC-2"),
        (2, f",{SECOND}"),
    ],
    ids=["misread", "serial-twice", "tag-twice", "no-tag", "no-serial"],
)
def test_a_wrong_line_is_named(tmp_path: Path, line: int, wrong: str) -> None:
    with pytest.raises(ConfigError) as caught:
        listed(tmp_path, f"PC-1,{FIRST}\n{wrong}\n")
    assert (caught.value.code, caught.value.facts["line"]) == ("tag-list-line", line)


def test_a_missing_list_stops_before_anything(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        taglist.read(tmp_path / "none.csv")
    assert caught.value.code == "tag-list-unreadable"


@pytest.mark.parametrize("value", ["scan", "generated", "list:tags.csv"])
def test_the_sources_are_settings(tmp_path: Path, value: str) -> None:
    assert read(tmp_path, f"asset_tag: {value}")["asset_tag"] == value


@pytest.mark.parametrize("value", ["list:", "list:../etc/passwd", "list:/etc/passwd", "random"])
def test_a_list_lies_on_the_stick_and_nowhere_else(tmp_path: Path, value: str) -> None:
    assert refusal(tmp_path, f"asset_tag: '{value}'").facts["key"] == "asset_tag"


def test_a_scanned_tag_becomes_the_machines_and_a_misread_one_is_refused(tmp_path: Path) -> None:
    consent = Consent(plan_digest="0", technician="Ali", asset_tag=f" {FIRST.lower()} ")
    assert scanned_tag(consent) == FIRST
    for typed in ("", "KFUPM-0042", FIRST[:-1]):
        with pytest.raises(ConsentError) as caught:
            scanned_tag(Consent(plan_digest="0", technician="Ali", asset_tag=typed))
        assert caught.value.code == "consent-tag-wrong"
    log = Writer(tmp_path / "job.jsonl")
    record = JobRecord()
    take(record, log.add("job", job="j", boot="b", asset_tag=SECOND))
    assert record.asset_tag == SECOND
    given = Consent(plan_digest="0", technician="Ali", asset_tag=FIRST)
    take(record, log.add("consent", consent=to_json(given)))
    log.close()
    assert record.asset_tag == FIRST


def test_the_default_asks_nothing() -> None:
    assert settings.defaults()["asset_tag"] == "generated"
