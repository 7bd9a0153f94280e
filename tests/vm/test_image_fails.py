"""Given an image or a stick that fails, when it is to be laid down, then it is said which and why,
the drive does not start, and the proof of its erasure holds."""

import base64
import json
import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest

from appliance.imaging.manifest import DATA_NAME, FIRST_BYTES, MANIFEST_NAME, Frame, sign
from imagebuilder.demo.donated import NVME
from imagebuilder.demo.job import Target, run_job
from imagebuilder.demo.office import PC_DMI, tajdeed
from imagebuilder.demo.served import ServedDrive
from imagebuilder.demo.watch import Event, events
from imagebuilder.images.keys import image_key
from imagebuilder.vm import Machine, MachineSpec
from tests.vm import volatile
from tests.vm.test_demo import starts_alone
from tests.vm.workshop import Workshop, donated, small_nvme, statements

pytestmark = [pytest.mark.timeout(3600), pytest.mark.full]


# Arguments of QMP's block_set_io_throttle: 20 MB/s, no limit else.
OLD_DISK = {
    **{"device": "nvme", "bps": 0, "bps_rd": 0, "bps_wr": 20 << 20},
    **{"iops": 0, "iops_rd": 0, "iops_wr": 0},
}


def copied(image: Path, place: Path) -> Path:
    """A copy of an image's directory, to be spoiled."""
    shutil.copytree(image, place)
    return place


def altered_manifest(image: Path, place: Path) -> Path:
    """One that promises support for ever, by whoever had the stick in an office PC."""
    head, body, signature = (image / MANIFEST_NAME).read_text().strip().split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    claims["support_until"] = "2099-01-01T00:00:00Z"
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    place.mkdir(parents=True)
    (place / MANIFEST_NAME).write_text(f"{head}.{body}.{signature}")
    return place


def wrong_key(workshop: Workshop, place: Path) -> Path:
    """The same image, signed by a key that this office has never seen."""
    key = image_key(place.with_name("foreign-key.pem"))
    place.mkdir(parents=True)
    text = sign(workshop.manifest, key.private_pem, key.public_pem)
    (place / MANIFEST_NAME).write_text(text)
    return place


def truncated(image: Path, place: Path) -> Path:
    """Its copy onto the stick ended early."""
    place.mkdir(parents=True)
    shutil.copyfile(image / MANIFEST_NAME, place / MANIFEST_NAME)
    (place / DATA_NAME).write_bytes(bytes(1 << 20))
    return place


def altered_frame(workshop: Workshop, place: Path) -> tuple[Path, int]:
    """One bit of a frame in the middle; the frame's number."""
    copied(workshop.image, place)
    frames = workshop.manifest.frames
    number = max(range(len(frames)), key=lambda n: frames[n].length if n >= len(frames) // 2 else 0)
    frame: Frame = frames[number]
    with (place / DATA_NAME).open("r+b") as stream:
        stream.seek(frame.offset + frame.length // 2)
        byte = stream.read(1)[0]
        stream.seek(-1, 1)
        stream.write(bytes([byte ^ 1]))
    return place, number


def nothing_starts(target: Target, directory: Path) -> None:
    """The drive alone in a PC: its first MiB is empty, and the firmware finds nothing on it."""
    with target.raw.open("rb") as stream:
        assert stream.read(FIRST_BYTES) == bytes(FIRST_BYTES), "a half-written drive that boots"
    spec = MachineSpec(name="alone", firmware="uefi", drives=(target.drive,), dmi=PC_DMI)
    with Machine(spec, directory) as machine:
        machine.wait_for("No bootable option|Shell>", 300)
        assert "@small" not in machine.serial[0].text


def assert_proof_holds(workshop: Workshop, said: list[Event], directory: Path) -> None:
    """Erasure and machine are stated, nothing else, and `verify` finds all of it genuine."""
    assert sorted(event["type"] for event in said if event["event"] == "statement") == [
        "drive",
        "machine",
    ]
    for path in statements(workshop, said, directory):
        status, text = tajdeed("verify", path, "--trust", workshop.office.trust)
        assert status == 0, text


def test_images_that_are_not_ours_or_do_not_fit_are_named_and_the_drive_is_certified(
    workshop: Workshop, tmp_path: Path
) -> None:
    """One boot: manifest altered, foreign key, cut short; and the good one is too large."""
    images = [
        altered_manifest(workshop.image, tmp_path / "images/altered"),
        wrong_key(workshop, tmp_path / "images/foreign"),
        truncated(workshop.image, tmp_path / "images/short"),
        workshop.image,
    ]
    ticket = workshop.office.ticket(tmp_path / "ticket.jws")
    station = workshop.station(image="auto")
    stick = workshop.stick(tmp_path, station=station, ticket=ticket, images=images)
    drive = workshop.drives(tmp_path / "disks", NVME)[NVME]
    told = run_job(donated("bios", stick, [drive]), (drive,), workshop.manifest, tmp_path / "pc")
    reasons = told.machine["image_reasons"]
    named = {
        (item["code"], Path(str(item["facts"].get("file", ""))).parent.name) for item in reasons
    }
    assert named == {
        ("image-signature-bad", "altered"),
        ("image-key-unknown", "foreign"),
        ("image-truncated", "short"),
        ("image-needs-disk", ""),
    }
    assert told.exit == 0, "what was planned, an erasure, was done"
    assert told.drives[drive.serial]["image_outcome"] == ""
    said = [{"event": "statement", **event} for event in told.statements]
    assert_proof_holds(workshop, said, tmp_path / "papers")


def test_altered_frame_is_named_and_the_drive_does_not_start(
    workshop: Workshop, tmp_path: Path
) -> None:
    image, frame = altered_frame(workshop, tmp_path / "images/test-small")
    ticket = workshop.office.ticket(tmp_path / "ticket.jws")
    station = workshop.station(image="auto")
    stick = workshop.stick(tmp_path, station=station, ticket=ticket, images=[image])
    drive = small_nvme(tmp_path / "disks", "TESTFRAME006")
    told = run_job(donated("uefi", stick, [drive]), (drive,), workshop.manifest, tmp_path / "pc")
    end = told.drives[drive.serial]
    assert end["image_outcome"] == "failed"
    facts = {reason["code"]: reason["facts"] for reason in end["reasons"]}
    assert facts["image-frame-bad"]["frame"] == frame
    assert end["outcome"] in ("purged", "cleared"), "a failed image costs no proof"
    assert told.exit == 1
    said = [{"event": "statement", **event} for event in told.statements]
    assert_proof_holds(workshop, said, tmp_path / "papers")
    nothing_starts(drive, tmp_path / "alone")


@contextmanager
def with_a_cache(target: Target, armed: Path) -> Iterator[Target]:
    """The drive behind a cache that loses what was not flushed, once `armed` is there."""
    parameters = {"armed": str(armed), "seed": "7"}
    log = target.raw.with_suffix(".log")
    with ServedDrive(target.raw, Path(volatile.__file__), parameters, log) as served:
        yield replace(target, drive=replace(target.drive, source=served.source))


@pytest.mark.parametrize("how", ["power-cut", "stick-pulled"])
def test_lay_down_that_was_broken_off_leaves_nothing_that_starts_and_is_done_at_the_next_boot(
    workshop: Workshop, tmp_path: Path, how: Literal["power-cut", "stick-pulled"]
) -> None:
    ticket = workshop.office.ticket(tmp_path / "ticket.jws")
    stick = workshop.stick(tmp_path, station=workshop.station(), ticket=ticket)
    drive = small_nvme(tmp_path / "disks", "TESTBROKEN07")
    armed = tmp_path / "armed"
    with with_a_cache(drive, armed) as cached:
        first = broken_off(donated("uefi", stick, [cached]), tmp_path / "pc", armed, how)
    assert next(one["type"] for one in first if one["event"] == "statement") == "drive"
    nothing_starts(drive, tmp_path / "alone")
    told = run_job(donated("uefi", stick, [drive]), (drive,), workshop.manifest, tmp_path / "again")
    assert told.exit == 0
    assert told.drives[drive.serial]["image_outcome"] == "laid-down"
    # The machine's certificate waits for late drives: a quick job is broken off before it.
    said = [one for one in (*first, *told.statements) if one["event"] == "statement"]
    # The next boot tells of what the first one stated, too.
    said = list({one["id"]: one for one in said}.values())
    proofs = [(one["type"], one["outcome"]) for one in said if one["type"] != "deployment"]
    assert sorted(proofs) == [("drive", "cleared"), ("machine", "cleared")]
    for path in statements(workshop, said, tmp_path / "papers"):
        status, text = tajdeed("verify", path, "--trust", workshop.office.trust)
        assert status == 0, text
    assert "@small firmware uefi" in starts_alone("uefi", drive, tmp_path / "family")


def broken_off(spec: MachineSpec, directory: Path, armed: Path, how: str) -> list[Event]:
    """The job until it is in the middle of laying down, and then that."""
    said: list[Event] = []
    with Machine(spec, directory) as machine:
        for event in events(machine, 1800):
            said.append(event)
            if event["event"] == "drive" and event["phase"] == "laying-down":
                # As slow as an old hard disk, so that there is a middle.
                machine.qmp.execute({"execute": "block_set_io_throttle", "arguments": OLD_DISK})
                armed.touch()
            if event["event"] == "progress" and any(
                drive["phase"] == "laying-down" and drive["done_bytes"] > 64 << 20
                for drive in event["drives"]
            ):
                break
        if how == "stick-pulled":
            machine.unplug("stick")
            problem = next(event for event in events(machine, 300) if event["event"] == "problem")
            assert problem["code"] == "stick-gone"
            machine.screenshot(directory / "stick-pulled.png")
        # No farewell: QEMU's own end would flush the drive.
        os.kill(machine.pid, signal.SIGKILL)
    return said
