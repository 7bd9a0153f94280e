"""The time of an NTP server: a real answer is understood, everything else is no time."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.delivery.courier import Courier
from appliance.delivery.outbox import Outbox
from appliance.delivery.timeserver import TimeServer, parsed
from appliance.job.issuing import Issuer
from appliance.job.store import Store
from appliance.settings import Settings, defaults
from appliance.statement.build import build_drive
from appliance.statement.document import Draft, Statement
from tests.unit.office import TOOL, drive, result

NTP_EPOCH_S = 2_208_988_800
YEAR_S = 365 * 86400.0


def answer(question: bytes, ahead_s: float, first: int = 0x24, stratum: int = 2) -> bytes:
    """What a server whose clock is ahead of ours says (RFC 4330, section 4)."""
    now = time.time() + ahead_s + NTP_EPOCH_S
    stamp = struct.pack(">II", int(now) % (1 << 32), int(now % 1 * (1 << 32)))
    return bytes([first, stratum, 0, 0xE9]) + bytes(20) + question[40:48] + stamp + stamp


@contextmanager
def served(say: Callable[[bytes], bytes]) -> Iterator[str]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))

        def run() -> None:
            packet, sender = listening.recvfrom(512)
            listening.sendto(say(packet), sender)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        yield f"127.0.0.1:{listening.getsockname()[1]}"
        thread.join(5)


@pytest.mark.parametrize("ahead_s", [0.0, 3 * YEAR_S, -2 * YEAR_S, 12 * YEAR_S])
def test_a_dead_clock_is_known_by_its_offset(tmp_path: Path, ahead_s: float) -> None:
    with served(lambda asked: answer(asked, ahead_s)) as host:
        outbox = Outbox(tmp_path / "outbox", tmp_path / "courier")
        outbox.notes.make()
        Courier(outbox, [], times=TimeServer(host)).round()
    told = outbox.notes.told("clock.json")
    assert told["source"] == "ntp"
    assert told["offset_s"] == pytest.approx(ahead_s, abs=2)


def test_the_stick_takes_no_time_along_into_the_next_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PC 1 is 14 years ahead and online; PC 2 is right and has no network."""
    store = Store(root=tmp_path, run=tmp_path / "run")
    outbox = Outbox(store.outbox, store.courier)
    outbox.notes.make()
    with served(lambda asked: answer(asked, -14 * YEAR_S)) as host:
        Courier(outbox, [], times=TimeServer(host)).round()
    issuer = Issuer(store, Settings(defaults()), None)
    old = build_drive(result(drive(serial="PC-1")), job="job-1", tool=TOOL)
    assert clock_of(issuer, old)["offset_s"] == pytest.approx(-14 * YEAR_S, abs=2)
    asked_at = datetime.now(UTC) - timedelta(seconds=14 * YEAR_S)
    assert abs((issuer._now() - asked_at).total_seconds()) < 60, "by which tickets are judged"
    outbox.notes.tell("status.json", {"server": "https://seen.by.pc-1", "online": True})
    assert Issuer(store, Settings(defaults()), None).delivery().online is True

    monkeypatch.setattr("appliance.delivery.outbox.boot_id", lambda: "another boot")
    issuer = Issuer(store, Settings(defaults()), None)
    new = build_drive(result(drive(serial="PC-2")), job="job-2", tool=TOOL)
    assert clock_of(issuer, new) == {"source": "rtc", "offset_s": None}
    assert abs((issuer._now() - datetime.now(UTC)).total_seconds()) < 60
    told = issuer.delivery()
    assert (told.server, told.online, told.waiting) == ("", None, 2)


def test_a_word_of_an_older_version_counts_for_nothing(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "outbox", tmp_path / "courier")
    outbox.notes.make()
    (tmp_path / "courier/clock.json").write_text('{"source": "server", "offset_s": 9.0}')
    assert outbox.notes.told("clock.json") == {}


def clock_of(issuer: Issuer, draft: Draft) -> dict[str, Any]:
    """The clock in the statement that is signed of a draft."""
    kept = issuer._made(draft)
    assert isinstance(kept, Statement)
    clock: dict[str, Any] = kept.payload["clock"]
    return clock


@pytest.mark.parametrize(
    "say",
    [
        lambda asked: answer(asked, 60, first=0xE4),
        lambda asked: answer(asked, 60, stratum=0),
        lambda asked: answer(asked, 60, stratum=16),
        lambda asked: answer(bytes(48), 60),
        lambda asked: answer(asked, 60, first=0x23),
        lambda asked: answer(asked, 60)[:47],
        lambda asked: b"",
    ],
    ids=["unsynchronised", "kiss-of-death", "no-stratum", "stranger", "client", "short", "empty"],
)
def test_what_is_no_time_is_not_taken(tmp_path: Path, say: Callable[[bytes], bytes]) -> None:
    with served(say) as host:
        server = TimeServer(host)
        server.round()
    assert server.offset_s is None


def test_a_silent_server_is_asked_again_after_a_minute_only() -> None:
    now = [0.0]
    server = TimeServer("127.0.0.1:9", clock=lambda: now[0])
    server.round()
    with served(lambda asked: answer(asked, 0)) as host:
        name, port = host.split(":")
        server._address = (name, int(port))
        server.round()
        assert server.offset_s is None
        now[0] = 61.0
        server.round()
    assert server.offset_s is not None


@given(st.binary(max_size=100))
def test_any_bytes_are_a_time_or_none(packet: bytes) -> None:
    found = parsed(packet, (1, 2), 0.0, 0.0)
    assert found is None or isinstance(found, float)
