"""The outbox as files: what counts as a statement, where each stands, what survives a full disk."""

from __future__ import annotations

import argparse
import json
import os
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from appliance import i18n
from appliance.delivery import outbox_command
from appliance.delivery.outbox import Outbox, State
from appliance.errors import ConfigError
from appliance.job.issuing import Issuer
from appliance.job.store import Store
from appliance.settings import Settings, defaults
from appliance.statement import durable

FIRST, SECOND, THIRD = "1" * 64, "2" * 64, "3" * 64


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    i18n.use("en")
    made = Outbox(tmp_path / "outbox", tmp_path / "courier")
    made.notes.make()
    return made


def states(outbox: Outbox) -> dict[str, State]:
    return {entry.id: entry.state for entry in outbox.entries()}


def command(outbox: Outbox, *words: str) -> int:
    parser = argparse.ArgumentParser()
    outbox_command.add_arguments(parser)
    place = ["--outbox", str(outbox.root), "--notes", str(outbox.notes.root)]
    return outbox_command.run(parser.parse_args([*place, *words]))


@contextmanager
def files_end_at(size_bytes: int) -> Iterator[None]:
    """The kernel refuses (EFBIG) to let any file of this process grow beyond a size."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_statement_goes_from_waiting_to_registered(outbox: Outbox) -> None:
    for statement_id in (FIRST, SECOND, THIRD):
        outbox.put(statement_id, b"statement")
    assert set(states(outbox).values()) == {State.WAITING}
    outbox.notes.hold(FIRST, {"at": "now"})
    outbox.notes.refuse(SECOND, {"problem": {"title": "no"}})
    assert states(outbox) == {FIRST: State.HELD, SECOND: State.REFUSED, THIRD: State.WAITING}
    outbox.notes.registered(FIRST, b"receipt")
    assert outbox.notes.state(FIRST) is State.REGISTERED
    outbox.notes.forget(SECOND)
    assert outbox.notes.state(SECOND) is State.WAITING


@pytest.mark.parametrize("long_ago", [False, True], ids=["just-now", "long-ago"])
def test_the_screen_tells_each_move_at_once(tmp_path: Path, long_ago: bool) -> None:
    """Also where nothing had moved for long, and what is counted is no longer looked up."""
    store = Store(root=tmp_path, run=tmp_path / "run")
    outbox = Outbox(store.outbox, store.courier)
    outbox.notes.make()
    for ident in (FIRST, SECOND, THIRD):
        outbox.put(ident, b"x")
    issuer = Issuer(store, Settings(defaults()), None)

    def told() -> tuple[int, int, int, int]:
        count = issuer.delivery()
        if long_ago:
            notes = outbox.notes
            for directory in (outbox.root, notes.receipts, notes.held, notes.refused):
                os.utime(directory, (time.time() - 60, time.time() - 60))
            issuer.delivery()
        return count.waiting, count.registered, count.held, count.refused

    assert told() == (3, 0, 0, 0)
    outbox.notes.registered(FIRST, b"receipt")
    assert told() == (2, 1, 0, 0)
    outbox.notes.hold(SECOND, {})
    outbox.notes.refuse(THIRD, {})
    assert told() == (0, 1, 1, 1)
    outbox.notes.registered(SECOND, b"receipt")
    assert told() == (0, 2, 0, 1)
    outbox.put("4" * 64, b"x")
    assert told() == (1, 2, 0, 1)


def test_only_whole_statements_count(outbox: Outbox) -> None:
    outbox.put(FIRST, b"statement")
    for name in ("enrol.json", "x.jws", f".{FIRST}.jws.tmp", f"{'G' * 64}.jws", f"{FIRST}.json"):
        (outbox.root / name).write_bytes(b"?")
    assert outbox.ids() == (FIRST,)


def test_an_outbox_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert Outbox(tmp_path / "no", tmp_path / "nothing").entries() == ()


def test_a_damaged_note_changes_no_state(outbox: Outbox) -> None:
    outbox.put(FIRST, b"statement")
    (outbox.notes.refused / f"{FIRST}.json").write_bytes(b"\xff{")
    entry = outbox.entries()[0]
    assert (entry.state, entry.note) == (State.REFUSED, {})


def test_a_full_disk_leaves_the_old_file_and_no_half_one(tmp_path: Path) -> None:
    file = tmp_path / "file"
    durable.write(file, b"old")
    with files_end_at(1000), pytest.raises(OSError, match="large"):
        durable.write(file, b"new" * 1000)
    assert file.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [file]


def test_the_command_lists_and_says_why(outbox: Outbox, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(outbox) == 0
    outbox.put(FIRST, b"statement")
    outbox.put(SECOND, b"statement")
    assert command(outbox) == 0
    outbox.notes.refuse(SECOND, {"problem": {"title": "Unprocessable", "detail": "torn page"}})
    capsys.readouterr()
    assert command(outbox) == 1
    said = capsys.readouterr().out
    assert FIRST in said and SECOND in said and "torn page" in said
    assert command(outbox, "--json") == 1
    listed = {item["id"]: item["state"] for item in json.loads(capsys.readouterr().out)}
    assert listed == {FIRST: "waiting", SECOND: "refused"}


def test_a_refused_statement_may_be_sent_again(outbox: Outbox) -> None:
    outbox.put(FIRST, b"statement")
    outbox.notes.refuse(FIRST, {})
    assert command(outbox, "--again", FIRST) == 0
    assert outbox.notes.state(FIRST) is State.WAITING
    with pytest.raises(ConfigError) as refused:
        command(outbox, "--again", "../../etc/passwd")
    assert refused.value.exit_code == 2
