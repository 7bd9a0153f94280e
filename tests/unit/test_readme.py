"""The README says what the program does: settings, commands, pictures."""

import re
import subprocess
import textwrap
from pathlib import Path

from appliance import settings

REPOSITORY = Path(__file__).resolve().parents[2]
README = (REPOSITORY / "README.md").read_text()


def settings_table() -> str:
    """The table as it belongs into the README, made from the program's own."""
    rows = ["| key | values | default | what it is |", "| --- | --- | --- | --- |"]
    for setting in settings.SETTINGS:
        default = setting.default
        if isinstance(default, bool):
            default = str(default).lower()
        elif isinstance(default, tuple):
            default = f"[{', '.join(map(str, default))}]"
        expected = setting.kind.expected.replace("|", "\\|")
        shown = f"`{default}`" if default != "" else ""
        rows.append(f"| `{setting.key}` | {expected} | {shown} | {setting.help} |")
    return "\n".join(rows)


def test_the_settings_table_is_the_programs() -> None:
    assert settings_table() in README


def test_every_command_that_it_names_exists() -> None:
    named = set(re.findall(r"\./build\.sh ([a-z]+)", README))
    done = subprocess.run(
        [REPOSITORY / "build.sh", "help"], capture_output=True, text=True, check=True
    )
    known = set(re.findall(r"^  ([a-z]+)", done.stdout, re.MULTILINE)) | {"recheck"}
    assert named <= known


def test_every_picture_and_file_that_it_shows_is_there() -> None:
    shown = re.findall(r"\]\(([^)#:]+)\)", README)
    assert shown
    assert all((REPOSITORY / path).is_file() for path in shown)


def test_the_example_settings_are_accepted() -> None:
    for text in re.findall(r"```yaml\n(.*?)```", README, re.DOTALL):
        assert settings.parsed(textwrap.dedent(text).encode(), "README.md")
