"""Given a stick that carries no image, when a server and a second stick have it, then a donated PC
gets it from there, and a power cut in between costs neither proof nor system."""

import hashlib
import os
import shutil
import signal
from pathlib import Path

import pytest

from appliance.imaging.manifest import FIRST_BYTES
from imagebuilder.demo.findings import payload
from imagebuilder.demo.job import Target, run_job
from imagebuilder.demo.office import GUEST_HOST, PC_DMI, tajdeed
from imagebuilder.demo.watch import Event, events
from imagebuilder.toolsroot import run_tool
from imagebuilder.vm import Drive, Machine, MachineSpec, stick_drive
from tests.unit.imageserver import image_server
from tests.vm.test_demo import starts_alone
from tests.vm.workshop import Workshop

pytestmark = [pytest.mark.timeout(3600), pytest.mark.full]

MIB = 1 << 20
SERIAL, SECOND = "TESTSOURCE01", "TESTSOURCE02"


def donated_drive(directory: Path) -> Target:
    """An NVMe drive, as small as can take the small image, full of a donor's data."""
    raw = directory / "nvme.raw"
    with raw.open("wb") as stream:
        for _ in range(1152):
            stream.write(b"donor's data\0\x5a\xa5\x0f" * (MIB // 16))
    return Target(
        serial=SERIAL, raw=raw, drive=Drive(name="nvme", source=raw, bus="nvme", serial=SERIAL)
    )


def second_stick(image: Path, directory: Path) -> Drive:
    """A USB stick as any office makes it: one FAT32 partition, named so that it is looked at."""
    raw, content = directory / "second.raw", directory / "second"
    (content / "images").mkdir(parents=True)
    shutil.copytree(image, content / "images" / image.name)
    with raw.open("wb") as stream:
        stream.truncate(1024 * MIB)
    table = b"label: dos\nstart=2048, type=c\n"
    words = ["sfdisk", "--quiet", "--no-reread", "--no-tell-kernel", str(raw)]
    run_tool(words, stdin=table)
    blocks = str(1023 * 1024)
    make = ["mkfs.fat", "-F", "32", "-n", "TAJDEED 2", "--offset", "2048", "-h", "2048"]
    run_tool([*make, str(raw), blocks])
    target = f"{raw}@@{MIB}"
    run_tool(
        ["mcopy", "-s", "-Q", "-i", target, content / "images", "::"],
        env={"MTOOLS_SKIP_CHECK": "1"},
    )
    return Drive(name="second", source=raw, bus="usb", serial=SECOND, removable=True)


def digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def until_power_cut(spec: MachineSpec, directory: Path) -> list[Event]:
    """The job until a part of the image is on the drive, and no farther."""
    said: list[Event] = []
    with Machine(spec, directory) as machine:
        for event in events(machine, 1800):
            said.append(event)
            if event["event"] == "progress" and any(
                drive["phase"] in ("laying-down", "checking-image")
                and drive["done_bytes"] > 64 * MIB
                for drive in event["drives"]
            ):
                break
        os.kill(machine.pid, signal.SIGKILL)
    return said


def test_image_from_a_server_and_after_a_power_cut_from_a_second_stick(
    workshop: Workshop, tmp_path: Path
) -> None:
    target = donated_drive(tmp_path)
    second = second_stick(workshop.image, tmp_path)
    before = digest(tmp_path / "second.raw")
    with image_server(workshop.image.parent) as server:
        port = server.url.rpartition(":")[2]
        station = workshop.station(image="auto").replace(
            "choose: auto", f'choose: auto, sources: [stick, "http://{GUEST_HOST}:{port}/", usb]'
        )
        station = station.replace("[sata, nvme]", "[sata, nvme, usb]")
        ticket = workshop.office.ticket(tmp_path / "ticket.jws")
        stick = workshop.stick(tmp_path, station=station, ticket=ticket, images=[])
        spec = MachineSpec(
            name="donated",
            firmware="uefi",
            drives=(stick_drive(stick, persistent=True), target.drive, second),
            memory_mib=1536,
            network=True,
            dmi=PC_DMI,
        )
        first = until_power_cut(spec, tmp_path / "pc")
        assert server.asked[0][0] == 0, "the image did not come from the server"
        assert server.sent > 0
    (plan, *_) = reversed([event for event in first if event["event"] == "machine"])
    planned = {drive["serial"]: drive for drive in plan["drives"]}
    assert planned[SERIAL]["erases"]
    assert not planned[SECOND]["erases"], "a stick that images are read from is no target"
    (erased,) = (e for e in first if e["event"] == "statement" and e["type"] == "drive")
    with target.raw.open("rb") as stream:
        assert stream.read(FIRST_BYTES) == bytes(FIRST_BYTES), "a half-written drive that boots"

    told = run_job(spec, (target,), workshop.manifest, tmp_path / "again")
    assert told.exit == 0
    assert told.drives[SERIAL]["image_outcome"] == "laid-down"
    assert told.statement("drive") == erased["id"], "erased and stated once"
    paper = tmp_path / "deployment.jws"
    ident = told.statement("deployment")
    paper.write_bytes(workshop.office.get(f"/api/v1/statements/{ident}.jws"))
    status, text = tajdeed("verify", paper, "--trust", workshop.office.trust)
    assert status == 0, text
    body = payload(paper)["body"]
    assert body["erasure"] == erased["id"]
    assert any(check.startswith("resumed-from-frame:") for check in body["checks"])
    assert digest(tmp_path / "second.raw") == before
    said = starts_alone("uefi", target, tmp_path / "family")
    assert f"@small hostname {body['hostname']}" in said
