"""`./build.sh test` counts honestly, and its list covers every script of the repository."""

from pathlib import Path

import pytest

from imagebuilder import checks
from imagebuilder.run import ProgramError, run
from imagebuilder.stick.application import REPOSITORY


def pytest_part(directory: Path, source: str) -> checks.Part:
    (directory / "test_example.py").write_text(source)
    (directory / "pytest.ini").write_text("[pytest]\n")
    return checks.run_pytest("example", ["-c", str(directory / "pytest.ini"), str(directory)])


def test_passed_and_failed_are_counted(tmp_path: Path) -> None:
    part = pytest_part(tmp_path, "def test_a(): pass\ndef test_b(): assert 0\n")
    assert (part.passed, part.failed) == (1, 1)


def test_a_skipped_test_is_no_success(tmp_path: Path) -> None:
    source = "import pytest\n@pytest.mark.skip\ndef test_a(): pass\ndef test_b(): pass\n"
    part = pytest_part(tmp_path, source)
    assert (part.passed, part.failed) == (1, 1)


def test_a_module_that_cannot_be_imported_is_a_failure(tmp_path: Path) -> None:
    assert pytest_part(tmp_path, "import no_such_module_at_all\n").failed == 1


def test_a_missing_tool_is_a_failure() -> None:
    def check() -> None:
        run(["no-such-tool-at-all"])

    assert checks.timed("missing", check).failed == 1


def test_every_script_is_checked() -> None:
    found = {str(path.relative_to(REPOSITORY)) for path in checks.shell_scripts()}
    assert {
        "build.sh",
        ".ci/run",
        "imagebuilder/stick/initramfs/init",
        "imagebuilder/stick/rootfs/usr/lib/tajdeed/boot/media",
    } <= found


def test_a_failed_program_says_which_and_its_last_words() -> None:
    with pytest.raises(ProgramError, match="exit status 3") as caught:
        run(["sh", "-c", "echo last words >&2; exit 3"])
    assert "last words" in str(caught.value)
