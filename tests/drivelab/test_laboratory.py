"""The laboratory's processes: started, told of moments, asked for the truth, ended; no PC here."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from imagebuilder.stick.tryout import simulated
from tests.drivelab.laboratory import Laboratory, LaboratoryError
from tests.drivelab.personality import load


def test_drives_run_in_processes_of_their_own_and_end_with_the_laboratory(tmp_path: Path) -> None:
    drives = [load("identity-changes"), load("honest-nvme")]
    with Laboratory(drives, tmp_path) as laboratory:
        devices = [json.loads(word) for word in laboratory.arguments if word != "-device"]
        sockets = [Path(device["socket"]["path"]) for device in devices]
        assert all(path.is_socket() for path in sockets)
        laboratory.moment("consent")
        assert "moment consent" in laboratory.journal(drives[0])[-1]
        assert laboratory.journal(drives[1]) == []
        for drive in drives:
            assert laboratory.left_bytes(drive) == laboratory.size_bytes(drive) > 0
        slot = devices[1]["addr"].removeprefix("0x")
        assert laboratory.whose(f"/sys/devices/pci0000:00/0000:00:{slot}.0/nvme/x") is drives[1]
        assert laboratory.whose("/sys/devices/pci0000:00/0000:00:1f.2/ata1") is None
        pids = [process.pid for process in laboratory.processes.values()]
    assert len(pids) == 2
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
    assert not any(path.exists() for path in sockets)


def test_a_personality_that_breaks_is_named_with_its_own_words(tmp_path: Path) -> None:
    broken = tmp_path / "broken.py"
    text = load("honest-hdd").source.read_text()
    broken.write_text(text.replace('serial="LABHDD0001"', 'serial="far too long for a serial"'))
    with (
        pytest.raises(LaboratoryError, match=r"(?s)broken: 'listening'.*longer than 20 bytes"),
        Laboratory([load(str(broken))], tmp_path),
    ):
        pass


def test_run_takes_simulated_drives_by_name_and_refuses_unknown_ones(tmp_path: Path) -> None:
    with simulated([], tmp_path / "none") as nothing:
        assert nothing == ()
    with simulated(["honest-ssd"], tmp_path / "lab") as arguments:
        assert arguments[0] == "-device" and "vfio-user-pci" in arguments[1]
    with (
        pytest.raises(ValueError, match="honest-tape: no such personality"),
        simulated(["honest-tape"], tmp_path / "lab"),
    ):
        pass
