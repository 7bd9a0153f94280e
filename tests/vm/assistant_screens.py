"""Every page of the assistant on the X screen that it finds, in both languages: run in a tree.

`python3 assistant_screens.py DIRECTORY`: a picture of each page goes there, and `facts.json` with
what a program can judge of it.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gi

gi.require_version("Gdk", "3.0")
gi.require_version("Gtk", "3.0")
from gi.repository import Gdk, Gtk  # noqa: E402

from familypc.firstboot.answers import PAGES, Answers, Course, Page  # noqa: E402
from familypc.firstboot.window import Assistant  # noqa: E402

NETWORKS = tuple(
    SimpleNamespace(name=name, locked=locked)
    for name, locked in [
        ("بيت أم خالد", True),
        ("STC_WIFI_5G_A1B2C3", True),
        ("Zain-4G", True),
        ("مقهى الحي", False),
        ("iPhone", True),
        ("HUAWEI-B315-9F0E", True),
        ("Guest", False),
        ("شبكة الجيران", True),
        ("mobily-home", True),
    ]
)


class Nearby:
    """A PC with these networks near by; nothing is joined and nothing made."""

    def __init__(self) -> None:
        self.found: tuple[SimpleNamespace, ...] = ()

    def taken(self) -> tuple[str, ...]:
        return ("root",)

    def wired(self) -> bool:
        return False

    def has_wifi(self) -> bool:
        return bool(self.found)

    def networks(self) -> tuple[SimpleNamespace, ...]:
        return self.found


def settle(seconds: float = 0.4) -> None:
    """Let GTK lay out and draw, and the page's own thread answer."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        while Gtk.events_pending():
            Gtk.main_iteration()
        time.sleep(0.02)


def inside(widget: Gtk.Widget, window: Gtk.Window) -> bool:
    """Whether a widget stands within its window, and a text within its own place."""
    box = widget.get_allocation()
    x, y = widget.translate_coordinates(window, 0, 0)
    fits = x >= 0 and y >= 0 and x + box.width <= window.get_allocated_width()
    fits = fits and y + box.height <= window.get_allocated_height()
    if isinstance(widget, Gtk.Label):
        wide, high = widget.get_layout().get_pixel_size()
        fits = fits and wide <= box.width and high <= box.height
    return bool(fits)


def all_in(widget: Gtk.Widget) -> Iterator[Gtk.Widget]:
    """The widget and everything shown in it."""
    yield widget
    if isinstance(widget, Gtk.Container):
        for child in widget.get_children():
            yield from all_in(child)


def name(widget: Gtk.Widget) -> str:
    """What a person calls it."""
    label = getattr(widget, "get_label", lambda: "")()
    return str(label or widget.get_accessible().get_name())


def facts(window: Gtk.Window) -> dict[str, Any]:
    """What is cut, what scrolls, where the buttons are."""
    parts = [part for part in all_in(window) if part.get_mapped()]
    kinds = (Gtk.Label, Gtk.Button, Gtk.Entry, Gtk.CheckButton)
    # A long list of networks scrolls by itself; the page around it must not.
    lists = [part for part in parts if isinstance(part, Gtk.ListBox)]
    listed = {id(row) for one in lists for row in all_in(one)}
    scrolled = next(part for part in parts if isinstance(part, Gtk.ScrolledWindow))
    reach = scrolled.get_vadjustment()
    return {
        "size": [window.get_allocated_width(), window.get_allocated_height()],
        "scrolls": reach.get_upper() > reach.get_page_size() + 1,
        "cut": [
            name(part)
            for part in parts
            if isinstance(part, kinds) and id(part) not in listed and not inside(part, window)
        ],
        "buttons": [name(part) for part in parts if type(part) is Gtk.Button],
    }


def picture(window: Gtk.Window, path: Path) -> None:
    """The window's own pixels."""
    inner = window.get_window()
    pixels = Gdk.pixbuf_get_from_window(inner, 0, 0, inner.get_width(), inner.get_height())
    pixels.savev(str(path), "png", [], [])


def main() -> None:
    """All pages, one after the other."""
    directory = Path(sys.argv[1])
    directory.mkdir(parents=True, exist_ok=True)
    outside = Nearby()
    window = Assistant(outside)  # type: ignore[arg-type]  # nothing is asked of it but this
    window.present()
    settle(2)
    found: dict[str, dict[str, Any]] = {}

    def keep(label: str) -> None:
        settle()
        found[label] = facts(window)
        picture(window, directory / f"{label}.png")

    for language in ("ar", "en"):
        for number, page in enumerate(PAGES, 1):
            outside.found = ()
            window.told = ""
            window.course = Course(page=page, answers=Answers(language=language))
            window.show_page()
            keep(f"{language}-{number}-{page.value}")
            if page is Page.NETWORK:
                outside.found = NETWORKS
                window.show_page()
                keep(f"{language}-{number}-{page.value}-many")
                listed = next(part for part in all_in(window) if isinstance(part, Gtk.ListBox))
                listed.select_row(listed.get_children()[-1])
                keep(f"{language}-{number}-{page.value}-not-listed")
            if page is Page.ACCOUNT:
                window.change(full_name="نورة بنت عبدالرحمن العتيبي", password="كلمة سر")
                window.show_page()
                # The longest complaint: letters that cannot be typed at the log-in.
                window.go_on()
                keep(f"{language}-{number}-{page.value}-complaint")
    (directory / "facts.json").write_text(json.dumps(found, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
