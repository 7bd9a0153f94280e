"""The laboratory's README: its sections are what the last runs found, written by those runs."""

from __future__ import annotations

from pathlib import Path

README = Path(__file__).parent / "README.md"

_HEAD = """\
# Drive laboratory

Drives whose firmware, medium and timing are Python, in whole controllers behind the real kernel
and the real tools; each file in `personalities/` is one drive with a character. What follows is
written by `./build.sh test full`; nobody edits it by hand.

To try some by hand: `./build.sh run --drives honest-ssd,hpa` starts the stick's own screens with
them, `python -m tests.drivelab honest-ssd ./my-drive.py` erases them and prints their rows. A
drive of your own is a Python file as `personality.py` describes it.
"""
_SECTIONS = ("matrix", "guards")


def put(section: str, text: str, readme: Path = README) -> None:
    """Replace a section, keep the other one."""
    known = {name: _found(name, readme) for name in _SECTIONS} | {section: text.strip()}
    parts = [f"<!-- begin {name} -->\n{known[name]}\n<!-- end {name} -->\n" for name in _SECTIONS]
    readme.write_text("\n".join((_HEAD, *parts)))


def _found(section: str, readme: Path) -> str:
    if not readme.exists():
        return ""
    _, _, rest = readme.read_text().partition(f"<!-- begin {section} -->\n")
    return rest.partition(f"<!-- end {section} -->")[0].strip()
