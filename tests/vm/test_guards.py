"""Given a doubt (ticket, settings, drives, server), then nothing is touched, and it is said."""

import json
import time
from pathlib import Path

import pytest

from imagebuilder.demo.donated import DECOY, NVME, SATA
from imagebuilder.demo.office import Office
from imagebuilder.demo.watch import Event, events
from imagebuilder.vm import Machine
from tests.vm.workshop import Workshop, digests, donated

pytestmark = pytest.mark.timeout(1800)


def refusals(said: list[Event]) -> list[str]:
    return [event["code"] for event in said if event["event"] == "refused"]


def test_unsigned_expired_and_foreign_tickets_touch_nothing(
    workshop: Workshop, tmp_path: Path
) -> None:
    """One boot: the unsigned ticket is the stick's; the others are shown by hand afterwards."""
    expired = workshop.office.ticket(tmp_path / "expired.jws", days=0.00002)
    foreign = Office(tmp_path / "foreign").ticket(tmp_path / "foreign.jws")
    header, body, _ = workshop.office.ticket(tmp_path / "good.jws").read_text().split(".")
    unsigned = tmp_path / "unsigned.jws"
    unsigned.write_text(f"{header}.{body}.")
    other_pc = tmp_path / "other-pc.jws"
    workshop.office.enroll(
        *("office-ticket", "--lot", "X", "--technician", "T", "--count", "1"),
        *("--machine", "Other/*", "--out", other_pc),
    )
    station = workshop.station()
    files = {f"{path.stem}.jws": path.read_bytes() for path in (expired, foreign, other_pc)}
    stick = workshop.stick(tmp_path, station=station, ticket=unsigned, files=files)
    drives = list(workshop.drives(tmp_path / "disks", SATA, NVME, DECOY).values())
    before = digests(drives)
    with Machine(donated("bios", stick, drives), tmp_path / "pc") as machine:
        said = list(events(machine, 600))
        assert said[-1]["exit"] == 2
        codes = {"unsigned": refusals(said)}
        for name in ("expired", "foreign", "other-pc"):
            machine.shell.check(
                f"mkdir -p /run/t && cp /run/tajdeed/data/station.yaml /run/t/ && "
                f"cp /run/tajdeed/data/{name}.jws /run/t/batch.jws"
            )
            status, text = machine.shell.run("tajdeed batch --json --data /run/t", 300)
            assert status == 2, text
            lines = [line.partition("@tajdeed ")[2] for line in text.splitlines()]
            codes[name] = refusals([json.loads(line) for line in lines if line])
        time.sleep(5)
        assert machine.shell.run("systemctl is-active 'tajdeed-worker-*'")[0]
    assert codes["unsigned"] and codes["unsigned"][0] != "still-searching"
    assert codes["expired"] == ["ticket-expired"]
    assert codes["foreign"] == ["ticket-foreign"]
    assert codes["other-pc"] == ["ticket-other-machine"]
    assert digests(drives) == before


def test_a_wrong_station_file_is_named_by_line_and_key_and_touches_nothing(
    workshop: Workshop, tmp_path: Path
) -> None:
    station = workshop.station().replace("verify: full", "verify: fully")
    line = next(n for n, text in enumerate(station.splitlines(), 1) if "fully" in text)
    ticket = workshop.office.ticket(tmp_path / "ticket.jws")
    stick = workshop.stick(tmp_path, station=station, ticket=ticket)
    drives = list(workshop.drives(tmp_path / "disks", SATA, NVME).values())
    before = digests(drives)
    with Machine(donated("bios", stick, drives), tmp_path / "pc") as machine:
        said = list(events(machine, 600))
        time.sleep(10)
        machine.screenshot(tmp_path / "screen.png")
    assert said[-1]["exit"] == 2
    (refused,) = (event for event in said if event["event"] == "refused")
    assert refused["facts"]["line"] == line
    assert refused["facts"]["key"] == "policy.verify"
    assert str(line) in refused["text"] and "policy.verify" in refused["text"]
    assert digests(drives) == before


def test_statements_wait_for_the_server_and_go_out_once_at_the_next_boot(
    workshop: Workshop, tmp_path: Path
) -> None:
    """The next boot is in a PC without drives: that is no success either."""
    office = Office(tmp_path / "office")
    with office:
        station = workshop.station(image="none", office=office)
        ticket = office.ticket(tmp_path / "ticket.jws")
    stick = workshop.stick(tmp_path, station=station, ticket=ticket, office=office)
    drives = list(workshop.drives(tmp_path / "disks", NVME).values())
    with Machine(donated("bios", stick, drives), tmp_path / "first") as machine:
        statements = finished(machine)
        assert [event["type"] for event in statements] == ["drive", "machine"]
        waiting = machine.shell.check("tajdeed outbox")
        assert all(event["id"][:8] in waiting for event in statements)
        machine.shell.check("sync; systemctl poweroff --no-block")
        machine.wait_off(180)
    with office, Machine(donated("bios", stick, []), tmp_path / "second") as machine:
        said = list(events(machine, 600))
        assert said[-1]["exit"] == 2, "a machine without drives is no success"
        assert refusals(said) == ["nothing-to-erase"]
        registered_once(office, machine, [event["id"] for event in statements])
        machine.screenshot(tmp_path / "no-drives.png")


def finished(machine: Machine) -> list[Event]:
    """The statements of a job, once it is over (its batch face then waits for the server)."""
    statements = []
    for event in events(machine, 900):
        if event["event"] == "statement":
            statements.append(event)
        if event["event"] == "finished":
            break
    return statements


def registered_once(office: Office, machine: Machine, ids: list[str]) -> None:
    """Each statement gets its receipt, and the server got each exactly once."""
    deadline = time.monotonic() + 300
    receipts = "/var/lib/tajdeed/courier/receipts"
    while machine.shell.run(" && ".join(f"test -e {receipts}/{name}.jws" for name in ids))[0]:
        assert time.monotonic() < deadline, machine.shell.run("tajdeed outbox")[1]
        time.sleep(1)
    for name in ids:
        assert office.get(f"/api/v1/receipts/{name}")
    page = json.loads(office.get("/api/v1/statements"))
    assert sorted(item["id"] for item in page["statements"]) == sorted(ids)
    listed = json.loads(machine.shell.check("tajdeed outbox --json"))
    assert {item["state"] for item in listed} == {"registered"}
