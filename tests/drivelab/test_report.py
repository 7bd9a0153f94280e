"""The matrix judges by what is true of the medium, whatever the statement says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.drivelab.guards import Without, guards_report
from tests.drivelab.matrix import Row, report, row
from tests.drivelab.personality import Expected
from tests.drivelab.readme import put

HONEST = Expected(outcome="cleared", level="clear", method="overwrite", honest=True)
LIAR = Expected(
    outcome="failed", level="none", method="overwrite", reason="readback-mismatch", truth="left"
)


def said(outcome: str, *codes: str) -> dict[str, Any]:
    return {
        "outcome": outcome,
        "level": "clear" if outcome == "cleared" else "none",
        "attempts": [
            {"method": "nvme-format-user-data", "result": "failed"},
            {"method": "overwrite", "result": "done"},
        ],
        "started_at": "2026-11-24T10:00:00.000Z",
        "ended_at": "2026-11-24T10:01:05.000Z",
        "exceptions": [{"code": code} for code in codes],
    }


def judged(expected: Expected, statement: dict[str, Any] | None, left_bytes: int) -> Row:
    return row(
        "drive",
        "A drive",
        expected,
        planned={"refusals": [{"code": "ata-locked"}]},
        statement=statement,
        left_bytes=left_bytes,
        size_bytes=4096,
    )


def test_rows_that_are_as_they_should_be_have_no_problems() -> None:
    assert judged(HONEST, said("cleared"), 0).problems == ()
    assert judged(LIAR, said("failed", "readback-mismatch"), 512).problems == ()
    assert judged(LIAR, said("failed", "readback-mismatch"), 4096).problems == ()


def test_a_certificate_over_old_data_is_false_whatever_was_expected() -> None:
    for expected in (HONEST, LIAR):
        found = judged(expected, said("cleared"), 512)
        assert found.false_certificate
        assert found.problems[0].startswith("FALSE CERTIFICATE: 512 bytes")


def test_a_failure_of_an_honest_drive_is_false() -> None:
    found = judged(HONEST, said("failed", "readback-mismatch"), 0)
    assert found.false_failure and not found.false_certificate
    assert found.problems[0] == "outcome failed, not cleared"


def test_less_than_its_best_level_is_a_false_failure_of_an_honest_drive() -> None:
    best = Expected(outcome="purged", level="purge", method="overwrite", honest=True)
    found = judged(best, said("cleared"), 0)
    assert found.false_failure and found.certified and not found.false_certificate


def test_a_wrong_reason_method_or_truth_is_a_problem_too() -> None:
    assert judged(LIAR, said("failed", "write-errors"), 512).problems == (
        "reasons ['write-errors'] without readback-mismatch",
    )
    assert judged(LIAR, said("failed", "readback-mismatch"), 0).problems == (
        "the old data is gone, not left",
    )
    alone = judged(HONEST, None, 4096)
    assert (alone.outcome, alone.reasons, alone.truth) == (
        "left-alone",
        ("ata-locked",),
        "untouched",
    )


def test_the_report_counts_the_four_cases() -> None:
    text = report(
        [
            judged(HONEST, said("cleared"), 0),
            judged(HONEST, said("cleared"), 512),
            judged(HONEST, said("failed"), 0),
            judged(LIAR, said("failed", "readback-mismatch"), 512),
        ],
        12.3,
        boots=1,
    )
    assert "| certified as erased | 1 | 1 |" in text
    assert "| not certified | 1 | 1 |" in text
    assert "False certificates: 1. False failures: 1 (of 3 honest drives)." in text
    assert "512 of 4096 bytes" in text
    assert "nvme-format-user-data (failed), overwrite (done)" in text and "| 65 s |" in text
    assert "4 drives in 1 boot, 12 s." in text


def test_the_readme_keeps_the_section_that_a_run_did_not_make(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    put("matrix", "## The matrix\n\nfirst\n", readme)
    put("guards", "## The guards\n\nred\n", readme)
    put("matrix", "## The matrix\n\nsecond\n", readme)
    text = readme.read_text()
    assert "first" not in text and text.index("second") < text.index("red")
    assert text.count("## The matrix") == text.count("## The guards") == 1


def test_a_guard_that_nothing_turns_red_for_stands_out() -> None:
    good = judged(HONEST, said("cleared"), 0)
    bad = judged(LIAR, said("cleared"), 512)
    found = (
        Without(guard="canaries", without="nobody looks", rows=(good, bad)),
        Without(guard="decoration", without="nothing happens", rows=(good,)),
    )
    text = guards_report(found, 12.3)
    assert "| canaries | nobody looks | `drive`, `drive` | `drive`: FALSE CERTIFICATE" in text
    assert "| decoration | nothing happens | `drive` | **nothing** |" in text
    assert "1 of 2 guards turn the matrix red, 12 s." in text
