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
    """systemd as `Copies` meets it: what was started, and what of it still runs."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.started: list[list[str]] = []
        self.running: list[str] = []
        self.put_away: list[str] = []

        def start(unit: str, properties: Sequence[str], argv: Sequence[str]) -> None:
            # Two units of one name cannot be.
            assert unit not in self.running
            words = list(argv)
            files = words[words.index("render") + 1 : words.index("--into")]
            self.started.append([Path(file).stem for file in files])
            self.running.append(unit)

        monkeypatch.setattr(systemd, "start_transient", start)
        monkeypatch.setattr(systemd, "has_processes", self.running.__contains__)
        monkeypatch.setattr(systemd, "is_running", self.running.__contains__)
        monkeypatch.setattr(systemd, "start", self.put_away.append)
        monkeypatch.setattr("time.sleep", lambda seconds: self.end())

    def end(self) -> None:
        """The process that runs longest has made its pages."""
        del self.running[:1]


def stated(store: Store, *names: str) -> list[StatementRef]:
    store.statements.mkdir(parents=True, exist_ok=True)
    for name in names:
        (store.statements / f"{name}.jws").write_text(name)
    return [StatementRef(id=name, type="drive") for name in names]


def test_two_processes_at_most_and_the_next_takes_all_that_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    units, store = Units(monkeypatch), Store(tmp_path)
    copies = Copies(store, "")
    for ref in stated(store, "one", "two", "three", "four"):
        copies.order(ref, "Maker Model")
    copies.go_on()
    assert units.started == [["one"], ["two"]]
    units.end()
    copies.go_on()
    assert units.started == [["one"], ["two"], ["three", "four"]]
    units.end()
    copies.go_on()
    assert len(units.started) == 3


def test_the_power_stays_on_until_all_are_made_and_put_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    units, store = Units(monkeypatch), Store(tmp_path)
    copies = Copies(store, "")
    for ref in stated(store, "one", "two", "three"):
        copies.order(ref, "Maker Model")
    copies.finish()
    assert units.started == [["one"], ["two"], ["three"]]
    assert units.running == []
    assert units.put_away == ["tajdeed-copies.service"]


def test_sheets_of_two_machines_are_not_mixed_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    units, store = Units(monkeypatch), Store(tmp_path)
    copies = Copies(store, "")
    machines = ("A", "A", "A", "B", "A")
    for ref, machine in zip(stated(store, *"12345"), machines, strict=True):
        copies.order(ref, machine)
    for _ in range(2):
        units.end()
        copies.go_on()
    assert units.started == [["1"], ["2"], ["3", "5"], ["4"]]


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
