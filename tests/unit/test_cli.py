"""The one door: languages, exit codes, and errors as a text and not as a traceback."""

from pathlib import Path

import pytest

from appliance import i18n
from appliance.cli import COMMANDS, locale_language, main


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({"LANG": "ar_SA.UTF-8"}, "ar"),
        ({"LANG": "en_US.UTF-8"}, "en"),
        ({"LANG": "ar_SA.UTF-8", "LC_ALL": "C.UTF-8"}, "en"),
        ({}, "en"),
    ],
)
def test_commands_speak_the_locales_language(environment: dict[str, str], language: str) -> None:
    assert locale_language(environment) == language


def test_a_missing_file_is_told_and_exit_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    missing = tmp_path / "no.jws"
    assert main(["render", str(missing), "--trust", str(tmp_path)]) == 2
    said = capsys.readouterr()
    assert str(missing) in said.err and "Traceback" not in said.err and said.out == ""


@pytest.mark.parametrize("name", [name for name, command in COMMANDS.items() if not command.face])
def test_help_is_there_in_both_languages(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = []
    for locale in ("ar_SA.UTF-8", "en_US.UTF-8"):
        monkeypatch.setenv("LC_ALL", locale)
        with pytest.raises(SystemExit) as ended:
            main([name, "--help"])
        assert ended.value.code == 0
        shown.append(capsys.readouterr().out)
    assert shown[0] != shown[1]
    i18n.use("ar")
