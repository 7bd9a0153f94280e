"""`family-task TASK [NAME]`: does one task of the family's desktop in the session's language.

`board`, `paper NAME`, `photo`, `page NAME`, `print`, `scan`, `backup`.
"""

from __future__ import annotations

import os
import subprocess
import sys

from gi.repository import GLib

from familypc.tasks.folders import folder
from familypc.tasks.session import language

_PAGES = "/usr/share/tajdeed/pages"


def _window(name: str) -> None:
    # Here, not at the top: each task loads only what it needs, which is time on an old PC.
    import gi

    gi.require_version("Gtk", "3.0")
    from gi.repository import Gtk

    if name == "photo":
        from familypc.tasks.photo_window import PhotoWindow as Window
    elif name == "print":
        from familypc.tasks.print_window import PrintWindow as Window
    elif name == "scan":
        from familypc.tasks.scan_window import ScanWindow as Window
    else:
        from familypc.tasks.backup_window import BackupWindow as Window
    Window()
    Gtk.main()


def main(arguments: list[str]) -> int:
    """Do the task; 2 for one that is not known."""
    # How the window manager and screen readers know this program.
    GLib.set_prgname("family-task")
    tongue = language(os.environ)
    match arguments:
        case ["board"]:
            from familypc.tasks.board import show_board

            show_board()
        case ["paper", name]:
            from familypc.tasks.papers import open_paper

            open_paper(name, tongue, folder("documents"))
        case ["page", name]:
            page = f"file://{_PAGES}/{name}.{tongue}.html"
            subprocess.Popen(["firefox-esr", page], start_new_session=True)
        case ["photo" | "print" | "scan" | "backup" as name]:
            _window(name)
        case _:
            sys.stderr.write(f"{__doc__}\n")
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
