"""A self-encrypting drive's firmware model, and the revert of it as a worker does it."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.hardware.tcg import parsed_discovery
from appliance.model import Outcome, TcgFacts, to_json
from tests.drivelab.atabench import AtaBench
from tests.drivelab.tcg import COMID, LOCKED_OUT, NOT_AUTHORIZED, PROTOCOL, Tcg, TcgError, TcgTraits
from tests.drivelab.tcghost import revert

PSID = "0123456789ABCDEFGHIJKLMNOPQRSTUV"


class Model:
    """A TPer without a drive: how often its keys were destroyed."""

    def __init__(self, **traits: bool | bytes) -> None:
        self.reverts = 0
        self.notes: list[str] = []
        self.tcg = Tcg(TcgTraits(psid=PSID, **traits), self._revert, self.notes.append)  # type: ignore[arg-type]

    def revert(self, psid: str) -> int:
        return revert(self._exchange, psid)

    @property
    def state(self) -> TcgFacts:
        return parsed_discovery(self.tcg.receive(PROTOCOL, 1, 2048))

    def _exchange(self, packet: bytes) -> bytes:
        self.tcg.send(PROTOCOL, COMID, packet)
        return self.tcg.receive(PROTOCOL, COMID, 2048)

    def _revert(self) -> None:
        self.reverts += 1


def test_the_right_psid_opens_for_good() -> None:
    model = Model(shadow=b"ask")
    assert model.state.locked and model.state.shadowed
    assert model.revert(PSID) == 0
    assert model.reverts == 1
    model.tcg.power_cycle()
    assert not model.state.closed and not model.state.locking_enabled


def test_after_five_wrong_ones_it_takes_none_until_it_was_switched_off() -> None:
    model = Model()
    wrong = PSID[::-1]
    assert [model.revert(wrong) for _ in range(5)] == [NOT_AUTHORIZED] * 5
    assert model.revert(PSID) == LOCKED_OUT
    assert model.reverts == 0 and model.state.locked
    model.tcg.power_cycle()
    assert model.revert(PSID) == 0


def test_another_comid_is_refused() -> None:
    with pytest.raises(TcgError):
        Model().tcg.send(PROTOCOL, COMID + 1, bytes(512))


def test_a_drive_that_takes_no_psid_any_more_says_so_and_is_not_touched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = AtaBench("opal-wrong-psid", tmp_path, monkeypatch)
    try:
        results = [bench.erase() for _ in range(5)]
        bench.events.clear()
        last = bench.erase()
    finally:
        bench.close()
    assert [one.code for one in results[0].exceptions] == ["tcg-psid-refused"]
    assert [one.code for one in last.exceptions] == ["tcg-psid-locked-out"]
    assert last.outcome is Outcome.NOT_ATTEMPTED
    # What was typed stands in no event.
    assert bench.psid not in str(to_json(tuple(bench.events)))


def test_an_open_drive_that_is_set_up_is_freed_where_its_psid_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = AtaBench("opal-in-use", tmp_path, monkeypatch)
    traits = bench.firmware.traits.tcg
    assert traits is not None
    bench.psid = traits.psid
    try:
        result = bench.erase()
        left = bench.drive().tcg
    finally:
        bench.close()
    assert result.outcome is Outcome.PURGED and result.reverted
    assert result.exceptions == ()
    assert left is not None and not left.locking_enabled
