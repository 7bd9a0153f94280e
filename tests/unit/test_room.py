"""A stick that fills up: only what is elsewhere for certain is taken away, no machine is begun
that could not be recorded, and what waits for the server is never out of its reach."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.delivery.outbox import Outbox, State
from appliance.job import room
from appliance.job.issuing import Issuer
from appliance.job.state import JobPhase
from appliance.job.store import Store
from appliance.settings import Settings, defaults
from appliance.statement import verify
from appliance.statement.build import build_drive
from appliance.statement.document import Statement
from tests.unit import test_resuming as boots
from tests.unit.office import TOOL, Office, drive, result
from tests.unit.test_resuming import JOB, Pc, lays_down, systemd_of
from tests.unit.test_setaside import spoil_trust, until, without_image
from tests.unit.test_statement import receipt_for
from tests.unit.test_tui_views import face, screen

made, loop, pc = boots.made, boots.loop, boots.pc
MEDIA = (
    Path(__file__).parents[2] / "imagebuilder/stick/rootfs/usr/lib/tajdeed/boot/media"
).resolve()
SERVERS = ({"url": "https://first.example"}, {"url": "https://second.example"})


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path / "office")


def finished(pc: Pc, office: Office, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A job of one drive, over; the ids of its two statements."""
    (pc.store.trust / "ca.pem").write_bytes((office.trust_dir / "ca.pem").read_bytes())
    without_image(pc)
    systemd_of(pc, monkeypatch, lays_down)
    running, board = pc.boot()
    running.run_to_end(0.05)
    outbox_of(pc.store).notes.make()
    return [ref.id for ref in board.state.statements]


def outbox_of(store: Store) -> Outbox:
    return Outbox(store.outbox, store.courier)


def register(pc: Pc, office: Office, ids: Sequence[str], signed_by: Office | None = None) -> None:
    """What the courier brings back from the server."""
    for ident in ids:
        data = (pc.store.statements / f"{ident}.jws").read_bytes()
        receipt = receipt_for(signed_by or office, verify.statement(data, office.trust))
        outbox_of(pc.store).notes.registered(ident, receipt)


def tidy(pc: Pc, *, free: int = room.ENOUGH_BYTES, servers: Sequence[dict[str, str]] = ()) -> None:
    """What the engine does at a start, with so much room."""
    issuer = Issuer(pc.store, Settings({**defaults(), "servers": servers}), None)
    room.make_room(pc.store, issuer.is_registered, lambda store: free)


def kept(pc: Pc) -> tuple[int, int, bool]:
    """Statements in the outbox, statements beside it, and whether the job's logs are there."""
    return (
        len(list(pc.store.outbox.glob("*.jws"))),
        len(list(pc.store.statements.glob("*.jws"))),
        pc.store.job_log(JOB).exists(),
    )


def test_the_outbox_loses_what_is_registered_and_nothing_else(
    pc: Pc, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = finished(pc, office, monkeypatch)
    tidy(pc, free=0)
    assert kept(pc) == (2, 2, True), "nothing of it is anywhere else"
    register(pc, office, [first])
    tidy(pc)
    assert outbox_of(pc.store).ids() == (second,)
    outbox_of(pc.store).notes.refuse(second, {"problem": {}})
    tidy(pc, free=0)
    assert [entry.state for entry in outbox_of(pc.store).entries()] == [State.REFUSED]
    assert kept(pc) == (1, 2, True)


def test_a_receipt_of_a_stranger_takes_nothing_away(
    pc: Pc, office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = finished(pc, office, monkeypatch)
    register(pc, office, ids, signed_by=Office(tmp_path / "stranger"))
    tidy(pc, free=0)
    assert kept(pc) == (2, 2, True)
    outbox_of(pc.store).notes.registered(ids[0], b"")
    tidy(pc, free=0)
    assert kept(pc) == (2, 2, True)


def test_what_a_second_server_has_not_yet_stays(
    pc: Pc, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = finished(pc, office, monkeypatch)
    register(pc, office, ids)
    tidy(pc, free=0, servers=SERVERS)
    assert kept(pc) == (2, 2, True)
    mirror = outbox_of(pc.store).mirror(SERVERS[1]["url"])
    mirror.make()
    for ident in ids:
        mirror.registered(ident, b"receipt")
    tidy(pc, servers=SERVERS)
    assert kept(pc) == (0, 2, True)


def test_logs_are_kept_as_long_as_there_is_room(
    pc: Pc, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = finished(pc, office, monkeypatch)
    register(pc, office, ids)
    tidy(pc, free=room.ENOUGH_BYTES)
    assert kept(pc) == (0, 2, True)
    tidy(pc, free=room.ENOUGH_BYTES - 1)
    assert kept(pc) == (0, 0, False)
    assert len(list(outbox_of(pc.store).notes.receipts.iterdir())) == 2
    engine = boots.engine_of_next_boot(pc, pc.machine, monkeypatch)
    _log, record = engine._begin()
    assert record.job != JOB
    assert engine.board.state.problems == ()
    again = engine.issuer._made(build_drive(result(drive()), job="another", tool=TOOL))
    assert isinstance(again, Statement)
    assert again.payload["seq"] == 3, "the station's chain goes on"


def test_what_is_unsigned_or_set_aside_is_never_taken_away(
    pc: Pc, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = spoil_trust(pc)
    finished(pc, office, monkeypatch)
    bad.unlink()
    tidy(pc, free=0)
    assert kept(pc) == (0, 0, True)
    broken = pc.store.broken_job("other")
    broken.mkdir()
    (broken / "job.log").write_bytes(b"?")
    tidy(pc, free=0)
    assert (broken / "job.log").exists()


def test_reading_copies_go_once_they_are_on_the_office_s_partition(pc: Pc) -> None:
    pc.store.copies.mkdir()
    pc.store.certificates.mkdir(parents=True)
    for name in ("same.pdf", "cut short.pdf", "not yet.pdf"):
        (pc.store.copies / name).write_bytes(b"%PDF " * 1000)
    (pc.store.certificates / "same.pdf").write_bytes(b"%PDF " * 1000)
    (pc.store.certificates / "cut short.pdf").write_bytes(b"%PDF " * 900)
    tidy(pc)
    assert {file.name for file in pc.store.copies.iterdir()} == {"cut short.pdf", "not yet.pdf"}


def test_a_full_stick_begins_no_job_and_goes_on_when_the_server_has_made_room(
    pc: Pc, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = finished(pc, office, monkeypatch)
    monkeypatch.setattr(room, "LEAST_BYTES", 1 << 62)
    monkeypatch.setattr("appliance.job.engine._ROOM_EVERY_S", 0.05)
    engine = boots.engine_of_next_boot(pc, pc.machine, monkeypatch)
    begins = threading.Thread(target=engine._begin, daemon=True)
    begins.start()
    until(lambda: engine.board.state.phase is JobPhase.BLOCKED)
    state = engine.board.state
    (problem,) = state.problems
    assert (problem.code, problem.facts["waiting"]) == ("state-full", 2)
    assert pc.store.job_ids() == (JOB,)
    said = " ".join(" ".join(screen(face(replace(state, language="en"), "en"), 150, 30)).split())
    assert "Connect the network" in said and "No drive has been touched" in said
    register(pc, office, ids)
    until(lambda: not outbox_of(pc.store).ids())
    monkeypatch.setattr(room, "LEAST_BYTES", 0)
    begins.join(30)
    assert not begins.is_alive()
    assert (engine.board.state.phase, engine.board.state.problems) == (JobPhase.DETECTING, ())
    assert len(pc.store.job_ids()) == 2


# --- the mounting at the start ------------------------------------------------------------------


@pytest.fixture
def state_partition(tmp_path: Path) -> Iterator[Path]:
    """A stick's ext4 partition with one statement that waits, as `p4` of a disk."""
    content = tmp_path / "content"
    for name in ("station", "jobs", "outbox", "statements", "copies", "trust", "courier/refused"):
        (content / name).mkdir(parents=True)
    (content / "outbox" / f"{'a' * 64}.jws").write_bytes(b"waits")
    image = tmp_path / "state.ext4"
    words = ["mke2fs", "-q", "-F", "-t", "ext4", "-m", "0", "-d", str(content), str(image), "8m"]
    subprocess.run(words, check=True)
    words = ["losetup", "--find", "--show", str(image)]
    name = subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()
    try:
        (tmp_path / "disk4").symlink_to(name)
        yield tmp_path / "disk4"
    finally:
        subprocess.run(["losetup", "--detach", name], check=True)


def started(partition: Path, before: str = "") -> dict[str, str]:
    """What stands after the stick's own script has run, in a mount namespace of its own."""
    script = f"""
set -e
mount --make-rprivate /
mount -t tmpfs run /run
mount -t tmpfs lib /var/lib
mkdir /run/tajdeed /var/lib/tajdeed
{before}
echo '{{"partition": "{partition.parent}/disk2", "unsigned_reason": null}}' >/run/tajdeed/booted
sh {MEDIA} >/dev/null 2>&1 || true
echo outbox=$(ls /var/lib/tajdeed/outbox)
echo kind=$(stat -f -c %T /var/lib/tajdeed)
echo reason=$(cat /run/tajdeed/booted)
"""
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", script], check=True, capture_output=True, text=True
    )
    return dict(line.split("=", 1) for line in done.stdout.splitlines())


def filled(partition: Path) -> str:
    return (
        f"mount {partition} /mnt && "
        "{ dd if=/dev/zero of=/mnt/jobs/fill bs=1k 2>/dev/null || true; } && umount /mnt"
    )


def test_a_full_state_partition_stays_in_the_couriers_reach(state_partition: Path) -> None:
    found = started(state_partition, filled(state_partition))
    assert found["outbox"] == f"{'a' * 64}.jws"
    assert found["kind"] == "ext2/ext3"
    assert "null" in found["reason"], "there is a key, and the engine says what is lacking"


def test_a_sound_one_is_mounted_and_a_damaged_one_is_said_to_be(state_partition: Path) -> None:
    assert started(state_partition)["outbox"] == f"{'a' * 64}.jws"
    with open(os.path.realpath(state_partition), "rb+") as device:
        device.seek(1024)
        device.write(bytes(4 << 20))
    found = started(state_partition)
    assert (found["kind"], found["outbox"]) == ("tmpfs", "")
    assert "the state partition" in found["reason"]
