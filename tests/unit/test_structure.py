"""The house's order: imports run downward only, and lean where start-up is felt."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Top to bottom; a package may import from its own row and from rows below it.
ROWS = (
    {"cli", "tui", "batch", "central"},
    {"job"},
    {"erasure", "imaging", "statement", "delivery"},
    {"hardware", "tools"},
    {"model", "record", "errors", "i18n", "codes", "texts", "settings", "schemes", "__init__"},
)
HEAVY = ("requests", "cryptography", "asyncio", "jsonschema", "weasyprint", "sqlalchemy", "pySMART")


def row(module: str) -> int:
    name = module.split(".")[1] if "." in module else "__init__"
    # Names of the package itself (its version) stand at the bottom.
    return next((place for place, names in enumerate(ROWS) if name in names), len(ROWS) - 1)


def imports(file: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found |= {f"{node.module}.{name.name}" for name in node.names}
        elif isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
    return found


def test_imports_run_downward() -> None:
    wrong = []
    for file in sorted((ROOT / "appliance").rglob("*.py")):
        module = ".".join(file.relative_to(ROOT).with_suffix("").parts)
        for imported in imports(file):
            if imported.startswith("appliance.") and row(imported) < row(module):
                wrong.append(f"{module} imports {imported}")
            if imported.startswith(("imagebuilder", "tests")):
                wrong.append(f"{module} imports {imported}")
    assert wrong == []


@pytest.mark.parametrize("module", ["appliance.tui.main", "appliance.job.engine", "appliance.cli"])
def test_first_screens_do_not_wait_for_heavy_imports(module: str) -> None:
    code = f"import sys, {module}; print(*sorted(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert [name for name in HEAVY if name in loaded] == []
