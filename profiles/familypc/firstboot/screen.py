"""A window that is the whole screen: what the first start's assistant and the way back share.

A page in the middle that scrolls where the screen is too low for it, and a foot that never
scrolls away. All its sizes come from `measures`.
"""

from __future__ import annotations

import gi

gi.require_version("Gdk", "3.0")
gi.require_version("Gtk", "3.0")
from gi.repository import Gdk, Gtk, Pango  # noqa: E402

from familypc.firstboot.measures import Measures, measures, style  # noqa: E402


class WholeScreen(Gtk.Window):  # type: ignore[misc]  # GTK has no types
    """The one window on a screen without a desktop behind it."""

    def __init__(self) -> None:
        super().__init__()
        self.measures = _of_the_screen()
        provider = Gtk.CssProvider()
        provider.load_from_data(style(self.measures).encode())
        Gtk.StyleContext.add_provider_for_screen(
            self.get_screen(), provider, Gtk.STYLE_PROVIDER_PRIORITY_APPLICATION
        )
        self.set_default_size(1024, 640)
        self.set_decorated(False)
        self.fullscreen()

    def clear(self, language: str) -> None:
        """Take the page away; the next one's widgets begin on the side of this language."""
        right = language == "ar"
        Gtk.Widget.set_default_direction(Gtk.TextDirection.RTL if right else Gtk.TextDirection.LTR)
        if child := self.get_child():
            self.remove(child)

    def column(self) -> Gtk.Box:
        """A column in the middle of the screen, as wide on every page."""
        row = self.measures
        box = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=row.gap, margin=row.margin)
        box.set_halign(Gtk.Align.CENTER)
        box.set_valign(Gtk.Align.CENTER)
        box.set_size_request(row.width, -1)
        return box

    def fill(self, page: Gtk.Box, foot: Gtk.Box, head: Gtk.Box | None = None) -> None:
        """Put a page between its head and its foot, and show all of it."""
        scrolled = Gtk.ScrolledWindow(
            hscrollbar_policy=Gtk.PolicyType.NEVER, overlay_scrolling=False
        )
        scrolled.add(page)
        page.set_focus_vadjustment(scrolled.get_vadjustment())
        foot.set_valign(Gtk.Align.FILL)
        foot.set_margin_top(0)
        whole = Gtk.Box(orientation=Gtk.Orientation.VERTICAL)
        if head is not None:
            whole.pack_start(head, False, False, 0)
        whole.pack_start(scrolled, True, True, 0)
        whole.pack_end(foot, False, False, 0)
        self.add(whole)
        self.show_all()


def text_label(text: str, kind: str) -> Gtk.Label:
    """A text that wraps; `kind` is its class in the style sheet of `measures`."""
    made = Gtk.Label(label=text, wrap=True, xalign=0.0, max_width_chars=60)
    made.set_line_wrap_mode(Pango.WrapMode.WORD_CHAR)
    made.get_style_context().add_class(kind)
    return made


def _of_the_screen() -> Measures:
    """Those of the screen that the window fills."""
    display = Gdk.Display.get_default()
    area = (display.get_primary_monitor() or display.get_monitor(0)).get_geometry()
    return measures(area.width, area.height)
