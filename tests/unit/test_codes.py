"""Every code that the program can raise or give as a reason has words for a person."""

import ast
from pathlib import Path
from string import Formatter

import pytest

from appliance.codes import TEXTS
from appliance.errors import ToolError
from appliance.model import Reason
from appliance.texts import advice, explained, short

PROGRAM = Path(__file__).parents[2] / "appliance"
# Functions whose first argument is a code, by the end of their name.
_MAKERS = ("Error", "Refused", "Genuine", "Unreadable", "reason", "_reason")


def used_codes() -> set[str]:
    """Constant codes in the program's sources."""
    found = set()
    for file in PROGRAM.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
            name = node.func.id if isinstance(node.func, ast.Name) else name
            codes = [word.value for word in node.keywords if word.arg == "code"]
            if name.endswith(_MAKERS) and name not in ("ValueError", "RuntimeError", "OSError"):
                codes += node.args[:1]
            found |= {
                code.value
                for code in codes
                if isinstance(code, ast.Constant)
                and isinstance(code.value, str)
                and "-" in code.value
                and " " not in code.value
            }
    return found


def test_every_code_of_the_program_has_words() -> None:
    codes = used_codes()
    assert len(codes) > 80, "the search itself must find something"
    assert sorted(codes - set(TEXTS)) == []


@pytest.mark.parametrize("code", sorted(TEXTS))
def test_words_are_filled_from_facts_in_both_languages(code: str) -> None:
    text = TEXTS[code]
    fields = {
        name for part in (text.short, text.advice) for _, name, _, _ in Formatter().parse(part)
    } - {None}
    reason = Reason(code=code, facts={str(name): f"<{name}>" for name in fields})
    for language in ("ar", "en"):
        said = short(reason, language) + advice(reason, language)
        assert "{" not in said
        for name in fields:
            assert f"<{name}>" in said, (language, name)


def test_a_missing_fact_is_shown_as_unknown() -> None:
    assert "???" in short(Reason(code="log-broken", facts={"file": "x"}), "en")


def test_errors_and_reasons_speak_alike() -> None:
    error = ToolError("tool-failed", tool="nvme format", status=5, problem="no")
    reason = Reason(code="tool-failed", facts=error.facts)
    assert short(error, "en") == short(reason, "en")
    assert explained(reason)["en"].startswith("“nvme format” ended with status 5")
