"""Brings back one of two backups of other PCs, through the backup's own window: run in a tree.

`python3 backup_choice.py DIRECTORY`: a picture of the question goes there, and `facts.json` with
what lies in the family's documents afterwards and whether the window can still be used.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import gi

gi.require_version("Gdk", "3.0")
gi.require_version("Gtk", "3.0")
from gi.repository import Gdk, GLib, Gtk  # noqa: E402

from familypc.tasks import sticks  # noqa: E402
from familypc.tasks.backup import PLACES  # noqa: E402
from familypc.tasks.backup_window import BackupWindow  # noqa: E402
from familypc.tasks.folders import folder  # noqa: E402
from familypc.tasks.places import place_on  # noqa: E402

FREE_BYTES = 1 << 40
OLDER, NEWER = "دفتر قديم", "دفتر أحدث"


def until(there: Callable[[], object], seconds: float = 20) -> None:
    """Let GTK work until something holds; `TimeoutError` where it does not."""
    end = time.monotonic() + seconds
    while not there():
        if time.monotonic() > end:
            raise TimeoutError(there.__name__)
        while Gtk.events_pending():
            Gtk.main_iteration()
        time.sleep(0.02)


def all_in(widget: Gtk.Widget) -> Iterator[Gtk.Widget]:
    """The widget and everything in it."""
    yield widget
    if isinstance(widget, Gtk.Container):
        for child in widget.get_children():
            yield from all_in(child)


def question() -> Gtk.Dialog | None:
    """The question that stands on the screen, if there is one."""
    shown = (one for one in Gtk.Window.list_toplevels() if isinstance(one, Gtk.MessageDialog))
    return next((one for one in shown if one.get_mapped()), None)


def main() -> None:
    """A stick with two backups under other names; the older one is taken."""
    directory = Path(sys.argv[1])
    directory.mkdir(parents=True, exist_ok=True)
    stick = directory / "stick"
    for age, mark, text in ((9, "00000001", OLDER), (2, "00000002", NEWER)):
        kept = place_on(stick, "أم خالد", mark) / PLACES["documents"] / "دفتر الطلبات.ods"
        kept.parent.mkdir(parents=True)
        kept.write_text(text)
        day = time.time() - age * 86400
        os.utime(kept, (day, day))
    told = sticks.Stick("FLASH", stick, FREE_BYTES, None, None)
    # No UDisks runs here: the stick is a directory.
    sticks.sticks = lambda: [told]
    window = BackupWindow()
    window.present()
    until(lambda: not window.busy)
    # The question has a loop of its own, in which it is answered.
    steps = {"asked": False}

    def answer() -> bool:
        dialog = question()
        if dialog is None:
            return True
        listed = next(part for part in all_in(dialog) if isinstance(part, Gtk.ListBox))
        listed.select_row(listed.get_row_at_index(1))
        inner = dialog.get_window()
        pixels = Gdk.pixbuf_get_from_window(inner, 0, 0, inner.get_width(), inner.get_height())
        pixels.savev(str(directory / "backup-choice.png"), "png", [], [])
        steps["asked"] = True
        dialog.response(0)
        return False

    GLib.timeout_add(500, answer)
    window.bring_back()
    until(lambda: steps["asked"] and not window.busy)
    facts = {
        "documents": {file.name: file.read_text() for file in folder("documents").iterdir()},
        "usable": window.restore.get_sensitive(),
        "line": window.line.get_text(),
    }
    (directory / "facts.json").write_text(json.dumps(facts, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
