"""The board: the ten tasks as large buttons on the desktop, below every other window.

It is a window of its own, for xfdesktop's icons have no names that a screen reader could tell,
can be dragged into the wastebasket, and keep no order. It cannot be closed, moved or lost, shows
only tasks whose desktop entry the build has written, and begins on the right in Arabic.
"""

from __future__ import annotations

import os

import cairo
import gi

gi.require_version("Gtk", "3.0")
from gi.repository import Gdk, Gio, GLib, Gtk, Pango  # noqa: E402

from familypc.tasks.layout import COLUMNS, Measures, corner, measures, rounded  # noqa: E402
from familypc.tasks.session import language  # noqa: E402
from familypc.tasks.table import TASKS, Task  # noqa: E402
from familypc.tasks.words import say  # noqa: E402

_STYLE = b"""
window.board { background: transparent; }
.board button { background: #fbf9f4; color: #222222; border: 1px solid #c9c2b2; border-radius: 12px;
  padding: 4px; box-shadow: none; text-shadow: none; }
.board button:hover, .board button:focus { background: #e6f2ee; border-color: #1f6f5c; }
.board label { font-weight: bold; color: #222222; }
"""
# How long a button says that its task is being opened. A click meanwhile is the habit of clicking
# twice, or a wait for an old disk; it is no wish for a second bill.
_OPENING_S = 8


class Board(Gtk.Window):  # type: ignore[misc]  # GTK has no types
    """All buttons in rows of four; made anew when the screen changes."""

    def __init__(self) -> None:
        super().__init__()
        self.tongue = language(os.environ)
        self.opening: set[str] = set()
        self.tasks = [(task, found) for task in TASKS if (found := _entry(task)) is not None]
        self.set_title(say(self.tongue, "board"))
        self.set_decorated(False)
        self.set_skip_taskbar_hint(True)
        self.set_skip_pager_hint(True)
        self.set_keep_below(True)
        self.stick()
        self.set_resizable(False)
        self.get_style_context().add_class("board")
        provider = Gtk.CssProvider()
        provider.load_from_data(_STYLE)
        screen = self.get_screen()
        Gtk.StyleContext.add_provider_for_screen(
            screen, provider, Gtk.STYLE_PROVIDER_PRIORITY_APPLICATION
        )
        # Nothing closes it but the end of the session.
        self.connect("delete-event", lambda *_: True)
        screen.connect("size-changed", lambda _: self.lay_out())
        screen.connect("monitors-changed", lambda _: self.lay_out())
        # The panel takes its part of the screen when it is there.
        self._monitor().connect("notify::workarea", lambda *_: self.lay_out())
        self.lay_out()

    def _monitor(self) -> Gdk.Monitor:
        display = self.get_display()
        return display.get_primary_monitor() or display.get_monitor(0)

    def lay_out(self) -> None:
        """Build the buttons for the screen as it is now."""
        if child := self.get_child():
            self.remove(child)
        area = self._monitor().get_workarea()
        rows = -(-len(self.tasks) // COLUMNS)
        sizes = measures(area.width, area.height, rows)
        grid = Gtk.Grid(
            row_homogeneous=True,
            column_homogeneous=True,
            row_spacing=sizes.gap,
            column_spacing=sizes.gap,
        )
        buttons = [self._button(task, found, sizes) for task, found in self.tasks]
        for number, button in enumerate(buttons):
            grid.attach(button, number % COLUMNS, number // COLUMNS, 1, 1)
        grid.set_size_request(sizes.width, sizes.height)
        grid.connect_after("size-allocate", lambda *_: self._cut_out(buttons))
        self.add(grid)
        self.move(*corner((area.x, area.y, area.width, area.height), sizes))
        self.show_all()

    def _cut_out(self, buttons: list[Gtk.Button]) -> None:
        """Between the buttons the desktop is seen: without compositing, a window has no glass."""
        places = [button.get_allocation() for button in buttons]
        rectangles = [
            cairo.RectangleInt(*rectangle)
            for place in places
            for rectangle in rounded(place.x, place.y, place.width, place.height)
        ]
        self.shape_combine_region(cairo.Region(rectangles))

    def _button(self, task: Task, found: Gio.DesktopAppInfo, sizes: Measures) -> Gtk.Button:
        inside = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=4)
        inside.set_valign(Gtk.Align.CENTER)
        icon = Gtk.Image.new_from_icon_name(task.icon, Gtk.IconSize.DIALOG)
        icon.set_pixel_size(sizes.icon)
        inside.pack_start(icon, False, False, 0)
        text = Gtk.Label(label=found.get_name(), wrap=True, justify=Gtk.Justification.CENTER)
        text.set_max_width_chars(12)
        size = Pango.AttrList()
        size.insert(Pango.attr_size_new(sizes.points * Pango.SCALE))
        text.set_attributes(size)
        inside.pack_start(text, False, False, 0)
        button = Gtk.Button()
        button.add(inside)
        spoken = button.get_accessible()
        spoken.set_name(found.get_name())
        spoken.set_description(found.get_description() or "")
        button.connect("clicked", lambda _: self.start(task, found, text))
        return button

    def start(self, task: Task, found: Gio.DesktopAppInfo, text: Gtk.Label) -> None:
        """Start a task, and say so until its window can be expected."""
        if task.name in self.opening:
            return
        self.opening.add(task.name)
        text.set_text(say(self.tongue, "opening"))

        def opened() -> bool:
            self.opening.discard(task.name)
            text.set_text(found.get_name())
            return False

        GLib.timeout_add_seconds(_OPENING_S, opened)
        context = self.get_display().get_app_launch_context()
        context.set_timestamp(Gtk.get_current_event_time())
        try:
            found.launch([], context)
        except GLib.Error as error:
            dialog = Gtk.MessageDialog(
                message_type=Gtk.MessageType.WARNING,
                buttons=Gtk.ButtonsType.CLOSE,
                text=say(self.tongue, "failed", what=error.message),
            )
            dialog.run()
            dialog.destroy()


def _entry(task: Task) -> Gio.DesktopAppInfo | None:
    """The task's desktop entry; None where there is none, or its program is gone."""
    try:
        return Gio.DesktopAppInfo.new(f"{task.entry}.desktop")
    except TypeError:
        # How PyGObject tells that the constructor returned NULL.
        return None


def show_board() -> None:
    """The board, until the session ends."""
    board = Board()
    board.connect("destroy", Gtk.main_quit)
    Gtk.main()
