"""`python -m tests.drivelab NAME...`: some drives in one virtual PC, erased; the matrix of them.

NAME is a personality of the repository or the path of any file (`./my-drive.py`); none: all.
Prints the report, and for each drive that was not as expected the end of its journal. Exits 1
when one was not.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from imagebuilder.catalogues import compile_catalogues
from tests.drivelab.boots import boot, in_boots
from tests.drivelab.guest import laboratory_stick
from tests.drivelab.matrix import report
from tests.drivelab.personality import load, names

_JOURNAL_LINES = 25


def main(arguments: list[str]) -> int:
    """Run them; 0 when every row is as its personality asks for."""
    parser = argparse.ArgumentParser(prog="python -m tests.drivelab")
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--keep", type=Path, help="a folder for media, journals, the PC's console")
    asked = parser.parse_args(arguments)
    compile_catalogues()
    with tempfile.TemporaryDirectory(prefix="drivelab-") as scratch:
        directory = asked.keep or Path(scratch)
        directory.mkdir(parents=True, exist_ok=True)
        stick = laboratory_stick(directory)
        begun = time.monotonic()
        rows, boots = [], 0
        for some in in_boots([load(name) for name in asked.names or names()]):
            boots += 1
            rows += boot(stick, some, directory / f"boot{boots}")
            for one in rows[-len(some) :]:
                if one.problems:
                    journal = directory / f"boot{boots}/drives/{one.name}.journal"
                    print(f"--- {one.name}: {'; '.join(one.problems)}")
                    print("\n".join(journal.read_text().splitlines()[-_JOURNAL_LINES:]))
    sys.stdout.write(report(rows, time.monotonic() - begun, boots))
    return int(any(one.problems for one in rows))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
