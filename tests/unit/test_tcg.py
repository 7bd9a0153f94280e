"""A self-encrypting drive's own locks: what it says of them, what is planned, what opens them."""

from __future__ import annotations

import stat
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.erasure.planning import drive_plan
from appliance.erasure.psid import CODES, is_psid, needs_psid, takes_psid, tcg_state, tidied
from appliance.errors import ToolError
from appliance.hardware import tcg
from appliance.hardware.tcg import SSC, parsed_discovery
from appliance.job import psids
from appliance.job.consent import ConsentError
from appliance.job.eventlog import Event
from appliance.job.fold import drive_result
from appliance.job.inspect_command import lines
from appliance.job.planning import job_plan
from appliance.model import (
    Bus,
    CommandRun,
    Drive,
    DrivePlan,
    DriveResult,
    Level,
    Media,
    Outcome,
    Policy,
    Reason,
    TcgFacts,
    to_json,
)
from appliance.statement.build import build_drive
from appliance.statement.document import Tool
from appliance.tools import Output, run, sedutil
from tests.unit.machines import ata_facts, disk, machine, nvme

AT = "2026-11-24T10:00:00.000Z"
PSID = "0123456789ABCDEFGHIJKLMNOPQRSTUV"
LOCKED = TcgFacts(ssc=("opal2",), locking_supported=True, locking_enabled=True, locked=True)
TOOL = Tool(version="1", commit="abc")


def answer(*features: tuple[int, bytes], length: int | None = None) -> bytes:
    """A Level 0 Discovery answer with these feature descriptors."""
    body = b"".join(struct.pack(">HBB", code, 0x10, len(data)) + data for code, data in features)
    said = 44 + len(body) if length is None else length
    return struct.pack(">IHH", said, 0, 1).ljust(48, b"\0") + body


def locking(bits: int) -> tuple[int, bytes]:
    return 0x0002, bytes((bits,)) + bytes(11)


def ssd(facts: TcgFacts | None, **ata: Any) -> Drive:
    sanitize = {"sanitize_supported": True, "sanitize_crypto": True, "sanitize_block": True}
    known = ata_facts(**{**sanitize, **ata})
    return disk(media=Media.FLASH, ata=known, tcg=facts)


def plan(drive: Drive) -> DrivePlan:
    return drive_plan(drive, machine(drive), Policy(buses=tuple(Bus)))


# --- what the drive says -------------------------------------------------------------------


def test_classes_and_locks_are_read_from_bits() -> None:
    found = parsed_discovery(
        answer((0x0001, bytes(12)), locking(0b010111), (0x0203, bytes(16)), (0x0402, b"\2" * 12))
    )
    assert found == TcgFacts(
        ssc=("opal2",),
        locking_supported=True,
        locking_enabled=True,
        locked=True,
        mbr_enabled=True,
        sid_blocked=True,
    )
    assert found.closed and found.shadowed
    done = parsed_discovery(answer(locking(0b110011)))
    assert done.mbr_done and not done.shadowed and not done.closed


@pytest.mark.parametrize("code", sorted(SSC))
def test_every_class_has_its_name(code: int) -> None:
    assert parsed_discovery(answer((code, bytes(16)))).ssc == (SSC[code],)


def test_what_nobody_knows_is_passed_over_and_what_is_cut_is_not_read() -> None:
    whole = answer((0xC123, bytes(40)), (0x0100, bytes(12)), locking(0b111))
    assert parsed_discovery(whole).ssc == ("enterprise",)
    assert parsed_discovery(whole).locked
    assert not parsed_discovery(whole[:-1]).locked
    # The length counts, not what lies behind it in the buffer.
    assert not parsed_discovery(answer(locking(0b111), length=44)).locked
    assert parsed_discovery(answer(locking(0b011), locking(0b111))).locked


@pytest.mark.parametrize("raw", [b"", bytes(2048), answer()[:47], b"\xff" * 3])
def test_no_discovery_is_no_answer(raw: bytes) -> None:
    with pytest.raises(OSError, match="Discovery"):
        parsed_discovery(raw)


@given(st.binary(max_size=400), st.integers(0, 1 << 32))
def test_hostile_bytes_do_no_harm(raw: bytes, length: int) -> None:
    for bytes_in in (raw, struct.pack(">Q", length)[4:].ljust(48, b"\0") + raw):
        try:
            found = parsed_discovery(bytes_in)
        except OSError:
            continue
        assert set(found.ssc) <= set(SSC.values())
        assert len(found.ssc) == len(set(found.ssc))


def test_only_a_drive_that_announces_it_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bytes] = []

    def read(fd: int, cdb: bytes, length: int) -> bytes:
        asked.append(cdb)
        return answer(locking(0b111), (0x0200, bytes(16))).ljust(length, b"\0")

    monkeypatch.setattr(tcg, "scsi_read", read)
    words = [0] * 256
    for word in (0x0000, 0x4000, 0x0001, 0xFFFF):
        words[48] = word
        assert tcg.tcg_facts(0, Bus.SATA, tuple(words)) == (None, [])
    words[48] = 0x4001
    assert tcg.tcg_facts(0, Bus.USB, tuple(words)) == (None, [])
    assert asked == []
    facts, doubts = tcg.tcg_facts(0, Bus.SATA, tuple(words))
    assert facts is not None and facts.locked and facts.ssc == ("opal1",) and doubts == []
    # TRUSTED RECEIVE of four blocks: protocol 01h, ComID 0001h in LBA 23:8.
    (cdb,) = asked
    assert cdb[0] == 0x85 and cdb[1] == 8 and cdb[14] == 0x5C
    assert (cdb[4], cdb[6], cdb[8], cdb[10], cdb[12]) == (1, 4, 0, 1, 0)


def test_a_drive_that_announces_it_and_says_nothing_is_a_doubt(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refused(fd: int, cdb: bytes, length: int) -> bytes:
        raise OSError(5, "SCSI status 0x2")

    monkeypatch.setattr(tcg, "scsi_read", refused)
    words = [0] * 256
    words[48] = 0x4001
    facts, doubts = tcg.tcg_facts(0, Bus.SATA, tuple(words))
    assert facts is None
    assert [one.code for one in doubts] == ["tcg-silent"]
    # A SAS drive that does not even list its commands is no such drive.
    assert tcg.tcg_facts(0, Bus.SAS, None) == (None, [])


def test_a_sas_drive_is_asked_by_security_protocol_in(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bytes] = []

    def read(fd: int, cdb: bytes, length: int) -> bytes:
        asked.append(cdb)
        if cdb[0] == 0xA3:
            return bytes((0, 3, 0, 12)) + bytes(12)
        return answer(locking(0b011), (0x0100, bytes(12)))

    monkeypatch.setattr(tcg, "scsi_read", read)
    facts, _doubts = tcg.tcg_facts(0, Bus.SAS, None)
    assert facts is not None and facts.ssc == ("enterprise",) and facts.locking_enabled
    assert asked[1] == bytes.fromhex("a2010001800000000004 0000".replace(" ", ""))


# --- what is planned -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "wanted", "needs"),
    [
        (None, [], False),
        (TcgFacts(ssc=("opal2",), locking_supported=True), [], False),
        (LOCKED, ["revert-locked-drive"], True),
        (replace(LOCKED, locked=False, mbr_enabled=True), ["revert-shadowed-drive"], True),
        (replace(LOCKED, mbr_enabled=True), ["revert-locked-drive"], True),
        (replace(LOCKED, locked=False), ["revert-drive-in-use"], False),
        (replace(LOCKED, locked=False, mbr_enabled=True, mbr_done=True), [CODES[2]], False),
        (TcgFacts(ssc=("pyrite1",), locking_enabled=True), [], False),
    ],
)
def test_locks_are_opened_first_and_then_the_best_method_counts(
    facts: TcgFacts | None, wanted: list[str], needs: bool
) -> None:
    for drive in (ssd(facts), nvme(sanicap=3, tcg=facts)):
        made = plan(drive)
        assert [one.code for one in made.preparations] == wanted
        assert made.methods[0].level is Level.PURGE
        assert takes_psid(made) is bool(wanted)
        assert needs_psid(made) is needs


@pytest.mark.parametrize("ssc", [("pyrite1",), ("pyrite2",), ("ruby",), ()])
def test_a_closed_drive_that_no_tool_of_ours_opens_is_left_alone(ssc: tuple[str, ...]) -> None:
    for facts in (
        replace(LOCKED, ssc=ssc),
        replace(LOCKED, ssc=ssc, locked=False, mbr_enabled=True),
    ):
        made = plan(ssd(facts))
        assert [one.code for one in made.refusals] == ["tcg-locked-for-us"]
        assert not made.erases and made.preparations == ()


def test_a_running_sanitize_is_waited_for_before_the_locks_are_touched() -> None:
    made = plan(ssd(LOCKED, sanitize_state="running"))
    assert [one.code for one in made.preparations] == ["wait-for-sanitize", "revert-locked-drive"]


def test_inspect_says_it_in_one_line() -> None:
    free = TcgFacts(ssc=("opal2",))
    states = [tcg_state(one).code for one in (free, LOCKED, replace(LOCKED, locked=False))]
    assert states == ["tcg-free", "tcg-locked", "tcg-in-use"]
    (line,) = (one for one in lines(machine(ssd(LOCKED))) if "/dev/sda" in one)
    assert "opal2" in line


# --- the PSID ------------------------------------------------------------------------------


def test_a_psid_may_be_typed_as_the_label_prints_it() -> None:
    assert tidied(f" {PSID[:8].lower()}-{PSID[8:16]} {PSID[16:]}\n") == PSID
    assert is_psid(PSID)
    for wrong in ("", PSID[:-1], PSID + "A", PSID[:-1] + "_", PSID[:-1] + "é", PSID.lower()):
        assert not is_psid(wrong)


def test_a_psid_is_taken_only_for_a_drive_that_has_a_use_for_it() -> None:
    drives = (ssd(LOCKED), nvme(sanicap=3))
    job = job_plan(machine(*drives), Policy(), ())
    assert psids.checked({drives[0].key: f"{PSID} "}, job) == {drives[0].key: PSID}
    assert psids.checked({drives[0].key: ""}, job) == {}
    assert psids.checked({}, job) == {}
    for given_so, code in (
        ({drives[1].key: PSID}, "consent-psid-unused"),
        ({"nobody": PSID}, "consent-psid-unused"),
        ({drives[0].key: PSID[1:]}, "consent-bad-psid"),
        ({drives[0].key: 7}, "consent-psid-unused"),
        ([PSID], "call-unreadable"),
    ):
        with pytest.raises(ConsentError) as refused:
            psids.checked(given_so, job)
        assert refused.value.code == code
        assert PSID not in str(refused.value)


def test_psids_lie_where_only_root_reads_them(tmp_path: Path) -> None:
    folder = tmp_path / "psids"
    psids.keep(folder, {"one": PSID})
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "one").stat().st_mode) == 0o600
    assert psids.read(str(folder / "one")) == PSID
    assert psids.read(str(folder / "other")) == "" == psids.read("")


def test_a_word_that_is_not_to_be_said_stands_in_no_record() -> None:
    done = run(("printf", "%s", PSID), unsaid=PSID)
    assert done.run.argv == ("printf", "%s", "***")
    assert done.stdout == "***"


@pytest.mark.parametrize(
    ("script", "code"),
    [
        ('echo "$0" >&2; exit 3', "tool-failed"),
        ("kill -9 $$", "tool-failed"),
        ("sleep 9", "tool-timeout"),
    ],
)
def test_nor_in_an_error(script: str, code: str) -> None:
    with pytest.raises(ToolError) as failed:
        run(("sh", "-c", script, PSID), unsaid=PSID, timeout_s=1)
    assert failed.value.code == code
    assert "***" in str(failed.value)
    assert PSID not in str(failed.value)


# What sedutil-cli 1.20.0-2+b1 of Debian 13 says, of a firmware model of the laboratory.
REFUSED = """\
Unable to verify Kernel flag libata.allow_tpm
method status code NOT_AUTHORIZED
Session start failed rc = 1
"""


def test_what_sedutil_says_is_told_without_its_doubts_about_the_kernel() -> None:
    argv = CommandRun(argv=("sedutil-cli",), status=1, started_at=AT, elapsed_s=0.1)
    said = Output(run=argv, status=1, stdout="", stderr=REFUSED, raw=b"")
    assert sedutil.complaint(said) == (
        "method status code NOT_AUTHORIZED; Session start failed rc = 1"
    )
    silent = Output(run=argv, status=7, stdout="", stderr="", raw=b"")
    assert sedutil.complaint(silent) == "status 7"


# --- what is stated ------------------------------------------------------------------------


def folded(drive: Drive, *steps: tuple[str, dict[str, Any]]) -> DriveResult:
    begun = ("task", {"drive": to_json(drive), "policy": to_json(Policy())})
    started = Reason(code="revert-locked-drive")
    steps = (begun, ("preparation-started", {"preparation": to_json(started)}), *steps)
    return drive_result(
        Event(n=n, at=AT, event=name, data=data, prev="") for n, (name, data) in enumerate(steps)
    )


def refusal(code: str) -> tuple[str, dict[str, Any]]:
    return "refused", {"reason": to_json(Reason(code=code))}


@pytest.mark.parametrize(
    ("steps", "outcome"),
    [
        ([refusal("tcg-psid-missing")], Outcome.NOT_ATTEMPTED),
        ([("revert-given", {})], Outcome.UNKNOWN),
        (
            [("revert-given", {}), ("revert-refused", {}), refusal("tcg-psid-refused")],
            Outcome.NOT_ATTEMPTED,
        ),
        ([("revert-given", {}), refusal("tcg-stays-locked")], Outcome.FAILED),
        ([("revert-given", {}), refusal("tcg-revert-without-end")], Outcome.UNKNOWN),
        ([("revert-given", {}), ("reverted", {})], Outcome.UNKNOWN),
        ([("revert-given", {}), ("reverted", {}), refusal("drive-gone")], Outcome.FAILED),
    ],
)
def test_a_revert_counts_for_what_it_was_seen_to_do(
    steps: list[tuple[str, dict[str, Any]]], outcome: Outcome
) -> None:
    result = folded(ssd(LOCKED), *steps)
    assert result.outcome is outcome
    assert result.level is Level.NONE
    assert result.reverted is (("reverted", {}) in steps)


def test_the_statement_tells_of_locks_where_they_mattered_and_never_the_psid() -> None:
    told = build_drive(folded(ssd(LOCKED), refusal("tcg-psid-missing")), job="j", tool=TOOL).body
    assert told["own_locks"] == {
        "classes": ["opal2"],
        "enabled": True,
        "locked": True,
        "shadowed": False,
        "reverted": False,
    }
    free = folded(ssd(TcgFacts(ssc=("opal2",))), refusal("drive-gone"))
    assert "own_locks" not in build_drive(free, job="j", tool=TOOL).body
