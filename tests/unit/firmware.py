"""A firmware's list of boot entries for tests: a program `efibootmgr` that keeps it in a file,
and refuses what a bad firmware refuses."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from appliance.tools import efibootmgr

# As efibootmgr 18 does it: a new entry comes first in the order, a failure is said so.
_PROGRAM = """\
#!{python}
import json, sys, uuid
file = "{file}"
kept = json.load(open(file))
words = sys.argv[1:]
if "--create" in words:
    told = dict(zip(words[1::2], words[2::2]))
    with open(told["--disk"], "rb") as disk:
        disk.seek(1024 + 128 * (int(told["--part"]) - 1) + 16)
        guid = uuid.UUID(bytes_le=disk.read(16))
    part = f"HD({{told['--part']}},GPT,{{guid}},0x800,0x800)"
    kept["entries"]["00FF"] = f"{{told['--label']}}\\t{{part}}"
    kept["order"].insert(0, "00FF")
elif "--delete-bootnum" in words:
    number = words[words.index("--bootnum") + 1]
    if number in kept["undeletable"]:
        sys.exit("Could not delete variable: " + "Invalid argument " * 60)
    kept["entries"].pop(number)
    kept["order"].remove(number)
json.dump(kept, open(file, "w"))
print("BootOrder: " + ",".join(kept["order"]))
for number, text in sorted(kept["entries"].items()):
    print(f"Boot{{number}}* {{text}}")
"""


class Firmware:
    """What `efibootmgr` finds and changes for the rest of a test."""

    def __init__(
        self,
        home: Path,
        entries: dict[str, str],
        monkeypatch: pytest.MonkeyPatch,
        undeletable: Sequence[str] = (),
    ) -> None:
        home.mkdir()
        self._file = home / "firmware.json"
        told = {"entries": entries, "order": sorted(entries), "undeletable": list(undeletable)}
        self._file.write_text(json.dumps(told))
        program = home / "efibootmgr"
        program.write_text(_PROGRAM.format(python=sys.executable, file=self._file))
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{home}:{os.environ['PATH']}")
        monkeypatch.setattr(efibootmgr, "EFIVARS", home)

    @property
    def order(self) -> list[str]:
        """The labels in the order in which the firmware tries them."""
        kept = json.loads(self._file.read_text())
        return [kept["entries"][number].partition("\t")[0] for number in kept["order"]]
