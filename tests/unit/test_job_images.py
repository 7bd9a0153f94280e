"""Images of several sources: whose is taken, what the plan says, and the second stick."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from appliance import settings, texts
from appliance.errors import ConfigError
from appliance.hardware.holders import holder_tree
from appliance.imaging.remote import FOUND_NAME, Found, folder
from appliance.job.images import fetched, images, origin
from appliance.job.plan_command import explained, lines
from appliance.job.planning import job_plan
from appliance.job.secondsticks import SecondSticks
from appliance.job.store import Store
from appliance.model import Bus, Drive, Identity, Policy, Reason, to_json
from appliance.settings import Settings
from appliance.tools import blkid, run
from tests.unit.machines import disk, machine
from tests.unit.smallimage import SmallImage, small_image

SERVER = "https://images.example.org/tajdeed"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> SmallImage:
    return small_image(tmp_path_factory.mktemp("image"))


@pytest.fixture
def store(made: SmallImage, tmp_path: Path) -> Store:
    """A stick without images, that knows the office's image key."""
    store = Store(
        root=tmp_path / "state",
        run=tmp_path / "run",
        relay=tmp_path / "relay",
        second=tmp_path / "usb",
    )
    store.image_keys.mkdir(parents=True)
    (store.image_keys / "office.pem").write_bytes(made.key.public_pem)
    store.images.mkdir(parents=True)
    return store


def asked(*sources: str, **more: object) -> Settings:
    values = {**settings.defaults(), "image.sources": sources}
    return Settings({**values, **{key.replace("_", "."): value for key, value in more.items()}})


def on_the_stick(made: SmallImage, store: Store) -> Path:
    place = store.images / "small"
    shutil.copytree(made.place, place)
    return place


def fetch(made: SmallImage, store: Store, place: int = 0, **changes: object) -> None:
    """What the courier leaves for the engine when it has asked a server."""
    told = Found(source=SERVER, asking=False, lengths={"small": made.manifest.file_bytes})
    target = folder(store.relay, place)
    shutil.copytree(made.place, target / "small", ignore=shutil.ignore_patterns("*.zst"))
    found = replace(told, **changes)  # type: ignore[arg-type]
    (target / FOUND_NAME).write_text(json.dumps(to_json(found)))


def codes(reasons: tuple[Reason, ...]) -> list[str]:
    return [reason.code for reason in reasons]


def test_the_first_source_that_has_a_good_image_is_taken(made: SmallImage, store: Store) -> None:
    on_the_stick(made, store)
    fetch(made, store, 1)
    (image,) = images(asked("stick", SERVER), store).images
    assert image.source == "stick"
    fetch(made, store, 0)
    (image,) = images(asked(SERVER, "stick"), store).images
    assert image.source == SERVER
    assert origin(image, "en") == SERVER


def test_image_that_is_altered_on_the_stick_is_taken_from_the_server(
    made: SmallImage, store: Store
) -> None:
    place = on_the_stick(made, store)
    (place / "manifest.jws").write_text("e30.e30.c2ln")
    fetch(made, store, 1)
    shown = images(asked("stick", SERVER), store)
    assert [image.source for image in shown.images] == [SERVER]
    assert codes(shown.reasons) == ["image-manifest-unreadable"]


def test_without_a_network_the_sticks_own_image_is_there_and_the_plan_says_why_not_more(
    made: SmallImage, store: Store
) -> None:
    on_the_stick(made, store)
    away = Reason(code="image-source-unreachable", facts={"source": SERVER, "problem": "no route"})
    fetch(made, store, 1, lengths={}, reasons=(away,))
    shown = images(asked("stick", SERVER), store)
    assert [image.source for image in shown.images] == ["stick"]
    assert shown.reasons == (away,)
    assert shown.drivers.keys() == {shown.images[0].manifest_digest}


def test_server_that_has_not_answered_yet_is_said_and_looked_at_again(
    made: SmallImage, store: Store
) -> None:
    wanted = asked("stick", SERVER)
    before = fetched(wanted, store)
    assert codes(images(wanted, store).reasons) == ["image-source-asking"]
    fetch(made, store, 1)
    assert fetched(wanted, store) != before
    assert [image.profile for image in images(wanted, store).images] == ["small"]


def test_nothing_is_looked_for_where_no_image_is_wanted(store: Store) -> None:
    assert images(asked("stick", "usb", SERVER, image_choose="none"), store).reasons == ()


@pytest.mark.parametrize(
    "left",
    ["", "[]", "{", '{"source": "http://other.example.org", "asking": false, "lengths": {}}',
     json.dumps({"source": SERVER, "asking": False, "lengths": {"../../state": 1}})],
)  # fmt: skip
def test_files_of_the_courier_are_believed_in_nothing(store: Store, left: str) -> None:
    folder(store.relay, 0).mkdir(parents=True)
    (folder(store.relay, 0) / FOUND_NAME).write_text(left)
    shown = images(asked(SERVER), store)
    assert shown.images == ()
    assert codes(shown.reasons) == ["image-source-asking"]


def test_courier_that_left_a_pipe_or_a_link_does_not_hold_the_engine_up(
    made: SmallImage, store: Store
) -> None:
    fetch(made, store)
    manifest = folder(store.relay, 0) / "small/manifest.jws"
    for kind in ("link", "pipe"):
        manifest.unlink()
        os.mkfifo(manifest) if kind == "pipe" else manifest.symlink_to("/etc/passwd")
        shown = images(asked(SERVER), store)
        assert shown.images == ()
        assert codes(shown.reasons) == ["image-manifest-unreadable"]
        assert "root:x:" not in str(shown.reasons)
    said = folder(store.relay, 0) / FOUND_NAME
    said.unlink()
    os.mkfifo(said)
    assert codes(images(asked(SERVER), store).reasons) == ["image-source-asking"]


def test_plan_says_where_its_image_comes_from_and_how_much_that_is(
    made: SmallImage, store: Store
) -> None:
    fetch(made, store)
    found = images(asked(SERVER), store)
    plan = job_plan(machine(disk()), Policy(), found.images, found.reasons, found.drivers)
    (shown,) = (item["image"] for item in explained(plan)["plan"]["drives"])
    assert (shown["source"], shown["file_bytes"]) == (SERVER, made.manifest.file_bytes)
    for tongue, word in (("en", "0.01 GB from"), ("ar", "من")):
        (line,) = (line for line in lines(plan, tongue) if SERVER in line)
        assert word in line


@pytest.mark.parametrize(
    "wrong", ["[]", "[ftp://x]", "[stick, stick]", "https://x", "['https://a@b/']", "[disk]"]
)
def test_sources_that_are_none(wrong: str) -> None:
    with pytest.raises(ConfigError) as caught:
        settings.parsed(f"image: {{sources: {wrong}}}".encode(), "station.yaml")
    assert (caught.value.code, caught.value.facts["line"]) == ("config-wrong-value", 1)


def test_sources_of_every_kind() -> None:
    text = b"image: {sources: [stick, usb, 'http://10.0.2.2:8000', https://a.example.org/i/]}"
    assert len(settings.parsed(text, "station.yaml")["image.sources"]) == 4


# --- the second stick -----------------------------------------------------------------------


@pytest.fixture
def loop(made: SmallImage, tmp_path: Path) -> Iterator[str]:
    """A block device with a file system of ext4 named TAJDEED IMAGES, its journal left open."""
    tree = tmp_path / "tree"
    shutil.copytree(made.place.parent, tree / "images")
    file = tmp_path / "stick.img"
    words = ["mke2fs", "-q", "-t", "ext4", "-L", "TAJDEED IMAGES", "-d", str(tree), str(file)]
    subprocess.run([*words, "48M"], check=True, capture_output=True)
    subprocess.run(
        ["debugfs", "-w", "-R", "feature needs_recovery", str(file)],
        check=True,
        capture_output=True,
    )
    words = ["losetup", "--find", "--show", str(file)]
    name = subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()
    try:
        yield name
    finally:
        subprocess.run(["umount", "--lazy", name], check=False, capture_output=True)
        subprocess.run(["losetup", "--detach", name], check=True)


def second(path: str, **changes: object) -> Drive:
    plain = disk(
        path=path, bus=Bus.USB, identity=Identity(model="Second", serial="USB2"), ata=None,
        nodes=(path,), removable=True,
    )  # fmt: skip
    return replace(plain, **changes)  # type: ignore[arg-type]


def test_second_stick_is_read_never_written_and_never_a_target(
    made: SmallImage, store: Store, loop: str, tmp_path: Path
) -> None:
    before = (tmp_path / "stick.img").read_bytes()
    sticks = SecondSticks(store.second, run)
    assert blkid.file_system(loop).label == "TAJDEED IMAGES"
    assert sticks.look(machine(second(loop)))
    assert not sticks.look(machine(second(loop))), "nothing has changed since"
    (image,) = images(asked("stick", "usb"), store).images
    assert image.source == f"usb {loop}"
    assert origin(image, "en") == f"the second stick {loop}"
    (place,) = store.second.iterdir()
    with pytest.raises(OSError, match="Read-only"):
        (place / "images/x").write_text("")
    name = Path(loop).name
    held = replace(second(loop), holders=holder_tree(name))
    # The test's mount point is its own; on the stick it is /run/tajdeed-usb/NAME.
    (holder,) = held.holders
    assert holder.mountpoints == (str(place),)
    shown = replace(holder, mountpoints=(f"/run/tajdeed-usb/{name}",))
    policy = replace(Policy(), buses=(Bus.SATA, Bus.USB))
    plan = job_plan(machine(replace(held, holders=(shown,))), policy, (image,))
    assert [item.erases for item in plan.drives] == [False]
    assert codes(plan.drives[0].refusals) == ["holds-images"]
    assert sticks.look(machine()), "it was pulled out"
    assert images(asked("usb"), store).images == ()
    assert codes(images(asked("usb"), store).reasons) == ["image-usb-none"]
    subprocess.run(["sync"], check=True)
    assert (tmp_path / "stick.img").read_bytes() == before


def test_other_usb_disks_are_not_mounted(store: Store, loop: str) -> None:
    subprocess.run(["e2label", loop, "BACKUP"], check=True)
    sticks = SecondSticks(store.second, run)
    assert not sticks.look(machine(second(loop)))
    assert not sticks.look(machine(second(loop, is_stick=True)))
    assert not sticks.look(machine(second(loop, bus=Bus.SATA)))
    assert sticks.reasons == ()
    assert not store.second.exists()


def test_second_stick_that_cannot_be_mounted_is_said(store: Store, loop: str) -> None:
    def refuses(argv: object) -> None:
        run(("mount", "-t", "ext4", "--", "/dev/null", "/dev/null"))

    sticks = SecondSticks(store.second, refuses)
    assert not sticks.look(machine(second(loop)))
    (reason,) = sticks.reasons
    assert reason.code == "image-usb-unreadable"
    assert "Second USB2" in texts.short(reason, "en")


def test_labels_with_blanks_are_read_as_they_are() -> None:
    said = "DEVNAME=/dev/sdb1\nLABEL=TAJDEED\\ 2\nTYPE=vfat\n"
    assert blkid.parsed(said) == blkid.FileSystem(kind="vfat", label="TAJDEED 2")
    assert blkid.parsed("") == blkid.FileSystem(kind="", label="")
