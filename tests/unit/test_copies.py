"""Reading copies: who makes them, how many at a time, and what becomes of one that fails."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import pytest

from appliance.errors import TrustError
from appliance.job.copies import Copies
from appliance.job.state import StatementRef
from appliance.job.store import Store
from appliance.statement import render_command
from appliance.tools import systemd
from tests.unit.office import Office


class Units:
    """systemd as `Copies` meets it: what was started, and whether it still runs."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.started: list[list[str]] = []
        self.busy = False
        self.put_away: list[str] = []

        def start(unit: str, properties: Sequence[str], argv: Sequence[str]) -> None:
            # Two units of one name cannot be.
            assert not self.busy
            words = list(argv)
            self.started.append(words[words.index("render") + 1 : words.index("--into")])
            self.busy = True

        monkeypatch.setattr(systemd, "start_transient", start)
        monkeypatch.setattr(systemd, "has_processes", lambda unit: self.busy)
        monkeypatch.setattr(systemd, "is_running", lambda unit: self.busy)
        monkeypatch.setattr("time.sleep", lambda seconds: self.end())
        monkeypatch.setattr(systemd, "start", self.put_away.append)

    def end(self) -> None:
        self.busy = False


def stated(store: Store, *names: str) -> list[StatementRef]:
    store.statements.mkdir(parents=True, exist_ok=True)
    for name in names:
        (store.statements / f"{name}.jws").write_text(name)
    return [StatementRef(id=name, type="drive") for name in names]


def test_one_process_at_a_time_takes_all_that_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    units, store = Units(monkeypatch), Store(tmp_path)
    copies = Copies(store, "")
    for ref in stated(store, "first", "second", "third"):
        copies.order(ref, "Maker Model")
    assert [[Path(file).stem for file in files] for files in units.started] == [["first"]]
    copies.go_on()
    assert len(units.started) == 1
    units.end()
    copies.go_on()
    assert [Path(file).stem for file in units.started[1]] == ["second", "third"]
    units.end()
    copies.go_on()
    assert len(units.started) == 2


def test_the_power_stays_on_until_all_are_made_and_put_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    units, store = Units(monkeypatch), Store(tmp_path)
    copies = Copies(store, "")
    for ref in stated(store, "one", "two"):
        copies.order(ref, "Maker Model")
    copies.finish()
    assert [[Path(file).stem for file in files] for files in units.started] == [["one"], ["two"]]
    assert units.put_away == ["tajdeed-copies.service"]


def test_sheets_of_two_machines_are_not_mixed_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    units, store = Units(monkeypatch), Store(tmp_path)
    copies = Copies(store, "")
    one, two, three = stated(store, "one", "two", "three")
    copies.order(one, "A")
    copies.order(two, "B")
    copies.order(three, "A")
    units.end()
    copies.go_on()
    assert [Path(file).stem for file in units.started[-1]] == ["two"]
    units.end()
    copies.go_on()
    assert [Path(file).stem for file in units.started[-1]] == ["three"]


def test_a_statement_that_is_no_genuine_one_keeps_no_other_from_its_copy(tmp_path: Path) -> None:
    office = Office(tmp_path / "office")
    certificate = office.certificate()
    forged, genuine = tmp_path / "forged.jws", tmp_path / "genuine.jws"
    forged.write_bytes(b"e30.e30.AAAA")
    genuine.write_bytes(certificate.data)
    parser = argparse.ArgumentParser()
    render_command.add_arguments(parser)
    words = [str(forged), str(genuine), "--trust", str(office.trust_dir)]
    with pytest.raises(TrustError):
        render_command.run(parser.parse_args(words))
    made = {path.suffix for path in tmp_path.glob("machine-*")}
    assert made == {".json", ".pdf"}
