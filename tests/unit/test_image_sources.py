"""Images from a server: a real HTTP server with its faults, the courier's passage, a drive."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from appliance.delivery.download import Directory
from appliance.delivery.images import Passage, Seeker
from appliance.imaging import gpt, relay
from appliance.imaging.deploy import Order, deploy
from appliance.imaging.errors import ImageSourceError, ImageTrustError, LayDownError
from appliance.imaging.manifest import DATA_NAME, FIRST_BYTES
from appliance.imaging.relay import SOCKET_NAME
from appliance.imaging.remote import folder, found
from appliance.imaging.shelf import Shelf, shelf
from appliance.imaging.source import RelaySource
from appliance.model import Deployment, Identity, Reason
from tests.unit.imageserver import Faults, Server, image_server, private_ca
from tests.unit.smallimage import MIB, SmallImage, small_image

DRIVE_BYTES = 40 * MIB


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> SmallImage:
    image = small_image(tmp_path_factory.mktemp("image"))
    (image.place.parent / "index.txt").write_text("small\n../etc\n\n")
    return image


@pytest.fixture
def drive(tmp_path: Path) -> Path:
    """A disk with a pattern in every block."""
    path = tmp_path / "drive"
    path.write_bytes(b"\xa5\x5adonors data\0" * (DRIVE_BYTES // 13) + b"\xa5" * (DRIVE_BYTES % 13))
    return path


@pytest.fixture
def faults() -> Faults:
    return Faults()


@pytest.fixture
def server(made: SmallImage, faults: Faults) -> Iterator[Server]:
    with image_server(made.place.parent, faults) as running:
        yield running


class Courier:
    """What the courier does with images, in this process."""

    def __init__(self, url: str, root: Path, *, pinned: str = "", patience_s: float = 20.0) -> None:
        self.url, self.root, self.patience_s = url, root, patience_s
        self.directory = Directory(url, pinned=pinned, timeout_s=5.0)
        root.mkdir(exist_ok=True)
        self._passage: Passage | None = None

    def __enter__(self) -> Courier:
        self._passage = Passage(
            self.root / SOCKET_NAME,
            [self.directory],
            patience_s=self.patience_s,
            first_wait_s=0.05,
        )
        self._passage.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._passage is not None:
            self._passage.close()

    def seek(self, *names: str, hope_s: float = 0.0) -> None:
        Seeker(self.directory, names, folder(self.root, 0), hope_s=hope_s).round()

    def shelf(self, image: SmallImage) -> Shelf:
        """What the engine makes of the files that were left for it."""
        said = found(self.root, 0, self.url)
        keys = (image.key.public_pem,)
        return shelf(folder(self.root, 0), keys, source=self.url, lengths=said.lengths)

    def order(self, image: SmallImage, drive: Path) -> Order:
        self.seek()
        (offer,) = self.shelf(image).images
        assert offer.source == self.url
        assert offer.file_bytes == image.manifest.file_bytes
        return Order(
            drive=Identity(model="Small", serial="S1"),
            path=str(drive),
            drive_bytes=DRIVE_BYTES,
            open_drive=lambda: os.open(drive, os.O_RDWR | os.O_DIRECT),
            image=offer,
            trusted=(image.key.public_pem,),
            asset_tag="TJ-0042-7",
            bios=False,
            relay=self.root / SOCKET_NAME,
        )


def laid(server: Server, made: SmallImage, drive: Path, **changes: object) -> Deployment:
    with Courier(server.url, drive.parent / "relay") as courier:
        order = replace(courier.order(made, drive), **changes)  # type: ignore[arg-type]
        return deploy(order, lambda progress: None)


def assert_laid(made: SmallImage, drive: Path, deployment: Deployment) -> None:
    """Read back against the signed digests, and it has a partition table of its own."""
    assert f"read-back-sha256:{len(made.manifest.frames)}" in deployment.checks
    after = drive.read_bytes()
    size = made.manifest.disk_bytes
    own = [
        n for n in range(FIRST_BYTES, size, 4096) if after[n : n + 4096] != made.raw[n : n + 4096]
    ]
    assert len(own) < 12, "more than slots, superblocks and the backup GPT differ"
    assert str(gpt.parse(after).disk_guid) == deployment.disk_guid


def refused(server: Server, made: SmallImage, drive: Path, **changes: object) -> Exception:
    with pytest.raises((ImageSourceError, ImageTrustError, LayDownError)) as caught:
        laid(server, made, drive, **changes)
    return caught.value


def test_image_from_a_server_is_fetched_once_and_laid_down(
    made: SmallImage, drive: Path, server: Server
) -> None:
    assert_laid(made, drive, laid(server, made, drive))
    assert server.asked == [(0, made.manifest.file_bytes)]
    assert server.sent == made.manifest.file_bytes


def test_no_byte_is_fetched_twice_over_a_line_that_breaks_again_and_again(
    made: SmallImage, drive: Path, server: Server, faults: Faults
) -> None:
    faults.cuts = [1_000_001, 0, 2_000_000, 17, 3 * MIB]
    assert_laid(made, drive, laid(server, made, drive))
    assert len(server.asked) == 6
    assert server.sent == made.manifest.file_bytes


def test_server_without_ranges_sends_all_again_and_what_is_known_is_skipped(
    made: SmallImage, drive: Path, server: Server, faults: Faults
) -> None:
    faults.ranges, faults.cuts = False, [3 * MIB, 5 * MIB]
    assert_laid(made, drive, laid(server, made, drive))
    assert server.sent == 8 * MIB + made.manifest.file_bytes


def test_server_that_is_busy_for_a_while(
    made: SmallImage, drive: Path, server: Server, faults: Faults
) -> None:
    faults.status = [503, 429, 500]
    said: list[Reason | None] = []
    assert_laid(made, drive, laid(server, made, drive, waits=said.append))
    assert [reason and reason.facts["status"] for reason in said] == [503, 429, 500, None]


def test_slow_server_is_no_fault(
    made: SmallImage, drive: Path, server: Server, faults: Faults
) -> None:
    faults.piece_s = 0.01
    assert_laid(made, drive, laid(server, made, drive))
    assert len(server.asked) == 1


def test_resumed_run_fetches_only_the_first_frame_and_what_is_missing(
    made: SmallImage, drive: Path, server: Server
) -> None:
    with drive.open("r+b") as disk:
        disk.write(bytes(FIRST_BYTES) + made.raw[FIRST_BYTES : made.manifest.frame_range(3).offset])
    deployment = laid(server, made, drive, resume=True)
    assert "resumed-from-frame:3" in deployment.checks
    frames = made.manifest.frames
    assert server.asked == [(0, frames[0].length), (frames[3].offset, made.manifest.file_bytes)]


@pytest.mark.parametrize("frame", [0, 2])
def test_altered_byte_is_not_written_and_its_frame_is_named(
    made: SmallImage, drive: Path, server: Server, faults: Faults, frame: int
) -> None:
    part = made.manifest.frames[frame]
    faults.flip = part.offset + part.length // 2
    before = drive.read_bytes()
    error = refused(server, made, drive)
    assert isinstance(error, ImageTrustError)
    assert (error.code, error.facts["frame"]) == ("image-frame-bad", frame)
    after = drive.read_bytes()
    assert after[:FIRST_BYTES] == bytes(FIRST_BYTES)
    start = max(made.manifest.frame_range(frame).offset, FIRST_BYTES)
    assert after[start:] == before[start:]


def test_image_that_is_shorter_or_longer_than_signed_is_no_offer(
    made: SmallImage, tmp_path: Path, server: Server, faults: Faults
) -> None:
    courier = Courier(server.url, tmp_path / "relay")
    faults.more_bytes = -10
    courier.seek()
    (short,) = courier.shelf(made).reasons
    last = len(made.manifest.frames) - 1
    assert (short.code, short.facts["frame"]) == ("image-truncated", last)
    faults.more_bytes = 10
    courier.seek()
    (long,) = courier.shelf(made).reasons
    assert long.code == "image-too-long"


def test_image_that_was_exchanged_after_planning(
    made: SmallImage, drive: Path, server: Server, faults: Faults
) -> None:
    with Courier(server.url, drive.parent / "relay") as courier:
        order = courier.order(made, drive)
        faults.more_bytes = -10
        with pytest.raises(ImageSourceError) as caught:
            deploy(order, lambda progress: None)
    assert caught.value.code == "image-other-length"
    assert caught.value.facts["needs"] == made.manifest.file_bytes
    assert drive.read_bytes()[:FIRST_BYTES] == bytes(FIRST_BYTES)


def test_manifest_by_another_key_is_no_offer(
    made: SmallImage, tmp_path: Path, server: Server
) -> None:
    other = small_image(tmp_path / "other")
    courier = Courier(server.url, tmp_path / "relay")
    courier.seek()
    shown = courier.shelf(other)
    assert shown.images == ()
    assert [reason.code for reason in shown.reasons] == ["image-key-unknown"]


def test_only_the_names_that_the_settings_ask_for(
    made: SmallImage, tmp_path: Path, server: Server
) -> None:
    courier = Courier(server.url, tmp_path / "relay")
    courier.seek("absent", "small")
    said = found(courier.root, 0, server.url)
    assert said.lengths == {"small": made.manifest.file_bytes}
    assert (said.asking, said.reasons) == (False, ())
    courier.seek("absent")
    (reason,) = found(courier.root, 0, server.url).reasons
    assert (reason.code, reason.facts["image"]) == ("image-not-at-source", "absent")


def test_server_that_cannot_be_reached_is_news_only_after_a_while(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        courier = Courier(url, tmp_path / "relay")
        assert found(courier.root, 0, url).asking
        courier.seek(hope_s=60.0)
        assert found(courier.root, 0, url).asking
        courier.seek()
    said = found(courier.root, 0, url)
    assert not said.asking
    assert [reason.code for reason in said.reasons] == ["image-source-unreachable"]


def test_server_that_never_comes_back_is_an_error_that_names_it(
    made: SmallImage, drive: Path, server: Server, faults: Faults
) -> None:
    with Courier(server.url, drive.parent / "relay", patience_s=0.3) as courier:
        order = courier.order(made, drive)
        faults.cuts = [MIB] + [0] * 50
        with pytest.raises(ImageSourceError) as caught:
            deploy(order, lambda progress: None)
    assert caught.value.code == "image-source-unreachable"
    assert caught.value.facts["source"] == server.url
    assert drive.read_bytes()[:FIRST_BYTES] == bytes(FIRST_BYTES)


def test_redirects_are_followed_but_not_without_end(
    made: SmallImage, tmp_path: Path, drive: Path, server: Server
) -> None:
    with image_server(tmp_path, Faults(lead_to=server.url)) as first:
        assert_laid(made, drive, laid(first, made, drive))
    with image_server(tmp_path) as loop:
        loop.faults.lead_to = loop.url
        courier = Courier(loop.url, tmp_path / "looping")
        courier.seek()
        (reason,) = found(courier.root, 0, loop.url).reasons
        assert reason.code == "image-source-redirects"


def test_server_with_an_authority_of_its_own(
    made: SmallImage, drive: Path, tmp_path: Path, server: Server
) -> None:
    pem, chain = private_ca(tmp_path)
    with image_server(made.place.parent, chain=chain) as safe:
        stranger = Courier(safe.url, tmp_path / "stranger")
        stranger.seek()
        (reason,) = found(stranger.root, 0, safe.url).reasons
        assert reason.code == "image-source-untrusted"
        with Courier(safe.url, tmp_path / "friend", pinned=pem) as friend:
            assert_laid(made, drive, deploy(friend.order(made, drive), lambda progress: None))
        safe.faults.lead_to = server.url
        friend.seek()
        (reason,) = found(friend.root, 0, safe.url).reasons
        assert reason.code == "image-source-redirects"


def test_server_whose_certificate_is_not_yet_valid_by_our_wrong_clock(
    made: SmallImage, tmp_path: Path
) -> None:
    pem, chain = private_ca(tmp_path, begins=datetime.now(UTC) + timedelta(days=900))
    with image_server(made.place.parent, chain=chain) as server:
        courier = Courier(server.url, tmp_path / "relay", pinned=pem)
        courier.seek()
        assert [offer.profile for offer in courier.shelf(made).images] == ["small"]


def test_courier_that_is_killed_is_asked_again_from_where_it_was(
    made: SmallImage, tmp_path: Path, server: Server, faults: Faults
) -> None:
    faults.piece_s = 0.01
    data = (made.place / DATA_NAME).read_bytes()
    path = tmp_path / "relay" / SOCKET_NAME
    source = RelaySource(path, server.url, "small", len(data), ((0, len(data)),))
    with Courier(server.url, tmp_path / "relay") as first:
        got = source.read_at(0, MIB)
        killed = threading.Thread(target=first.__exit__)
        killed.start()
        # Its process is gone with all its connections.
        connection = source._connection
        assert connection is not None
        connection.shutdown(socket.SHUT_RDWR)
        killed.join()
    with Courier(server.url, tmp_path / "relay"):
        got += source.read_at(MIB, len(data) - MIB)
    source.close()
    assert got == data
    again = server.asked[1][0]
    assert MIB <= again <= MIB + 256 * 1024


def test_courier_that_does_not_come_back_is_an_error(tmp_path: Path) -> None:
    source = RelaySource(
        tmp_path / "none", "http://example.org", "small", 100, ((0, 100),), patience_s=0.0
    )
    with pytest.raises(ImageSourceError) as caught:
        source.read_at(0, 10)
    assert caught.value.code == "image-relay-gone"


def test_passage_serves_the_settings_servers_and_nothing_else(
    made: SmallImage, tmp_path: Path, server: Server
) -> None:
    with Courier(server.url, tmp_path / "relay") as courier:
        path = courier.root / SOCKET_NAME
        assert path.stat().st_mode & 0o777 == 0o600
        elsewhere = RelaySource(path, "http://127.0.0.1:1", "small", 100, ((0, 100),))
        with pytest.raises(ImageSourceError) as caught:
            elsewhere.read_at(0, 10)
        assert caught.value.code == "image-source-unknown"
        upwards = RelaySource(path, server.url, "../secret", 100, ((0, 100),), patience_s=0.0)
        with pytest.raises(ImageSourceError) as caught:
            upwards.read_at(0, 10)
        assert caught.value.code == "image-relay-gone"
    assert server.asked == []


def test_request_that_makes_no_sense_is_none() -> None:
    good = relay.Part(source="http://x", image="small", offset=0, end=10, total=10)
    assert relay.asked(relay.request(good)) == good
    for wrong in (
        replace(good, image="a/b"),
        replace(good, image=".."),
        replace(good, offset=10),
        replace(good, end=11),
        replace(good, offset=-1),
    ):
        with pytest.raises(ValueError, match="part"):
            relay.asked(relay.request(wrong))
