"""The frame of every task's window: heading, sentence why, controls, a line that tells, buttons.

Slow things run in a thread of their own, and the window says what it waits for. Buttons stand in a
row of their own that is never scrolled away; every control can be reached by Tab.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any

import gi

gi.require_version("Gtk", "3.0")
from gi.repository import GLib, Gtk, Pango  # noqa: E402

from familypc.tasks import words  # noqa: E402
from familypc.tasks.session import language  # noqa: E402

_STYLE = b"""
.heading { font-size: 18pt; font-weight: bold; color: #1f6f5c; }
.why, .told { font-size: 12pt; }
.told { font-weight: bold; }
.problem { color: #9c2b1b; }
button.main { background: #1f6f5c; color: #ffffff; }
button.large { min-height: 40px; padding: 0 18px; font-size: 12pt; }
"""
_WIDTH, _HEIGHT = 680, 530


class TaskWindow(Gtk.Window):  # type: ignore[misc]  # GTK has no types
    """A task's window. Its controls go into `body`, its buttons into `buttons` by `button`."""

    def __init__(self, task: str, icon: str) -> None:
        super().__init__()
        self.tongue = language(os.environ)
        self.busy = False
        style(self)
        self.set_title(self.say(task))
        self.set_icon_name(icon)
        self.set_default_size(_WIDTH, _HEIGHT)
        self.set_position(Gtk.WindowPosition.CENTER)
        outer = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=10, margin=16)
        outer.pack_start(label(self.say(task), "heading"), False, False, 0)
        outer.pack_start(label(self.say(f"{task}-why"), "why"), False, False, 0)
        self.body = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=10)
        scrolled = Gtk.ScrolledWindow(hscrollbar_policy=Gtk.PolicyType.NEVER)
        scrolled.add(self.body)
        outer.pack_start(scrolled, True, True, 0)
        self.line = label("", "told")
        outer.pack_start(self.line, False, False, 0)
        self.bar = Gtk.ProgressBar(no_show_all=True)
        outer.pack_start(self.bar, False, False, 0)
        self.buttons = Gtk.Box(spacing=10)
        outer.pack_start(self.buttons, False, False, 0)
        self.add(outer)
        self.connect("destroy", lambda _: Gtk.main_quit())

    def say(self, key: str, **facts: str | int) -> str:
        """The text of a key in the session's language."""
        return words.say(self.tongue, key, **facts)

    def standing(self, text: str) -> str:
        """A text that stands alone, with the language's direction also where a name is first.

        Pango takes a line's direction from its first letter, not looking past an isolate.
        """
        return ("\u200f" if self.tongue == "ar" else "\u200e") + text

    def button(self, key: str, act: Callable[[], None], *, main: bool = False) -> Gtk.Button:
        """A button of the row; the main one stands where a line ends."""
        made = Gtk.Button(label=self.say(key))
        made.get_style_context().add_class("large")
        if main:
            made.get_style_context().add_class("main")
        made.connect("clicked", lambda _: act())
        pack = self.buttons.pack_end if main else self.buttons.pack_start
        pack(made, False, False, 0)
        return made

    def tell(self, text: str, *, problem: bool = False) -> None:
        """What the line says; a problem in another colour, too."""
        self.line.set_text(text)
        context = self.line.get_style_context()
        (context.add_class if problem else context.remove_class)("problem")

    def progress(self, share: float | None) -> None:
        """How much is done, 0 to 1; None: the bar goes away."""
        self.bar.set_visible(share is not None)
        self.bar.set_fraction(share or 0.0)

    def ask(
        self, text: str, answers: tuple[str, ...], inside: Gtk.Widget | None = None
    ) -> str | None:
        """Ask, and wait for one of the answers, which are keys of texts; None: Escape.

        The first is the one that Enter gives, so it must be one that loses nothing.
        """
        dialog = Gtk.MessageDialog(
            transient_for=self, modal=True, message_type=Gtk.MessageType.QUESTION, text=text
        )
        dialog.set_title(self.get_title())
        # The main answer stands where a line ends, as in the row of buttons.
        for number, key in reversed(list(enumerate(answers))):
            button = dialog.add_button(self.say(key), number)
            button.get_style_context().add_class("large")
        dialog.set_default_response(0)
        if inside is None:
            dialog.get_widget_for_response(0).grab_focus()
        else:
            dialog.get_content_area().pack_start(inside, True, True, 0)
            inside.show_all()
        number = dialog.run()
        dialog.destroy()
        return answers[number] if number >= 0 else None

    def refresh(self) -> None:
        """Which controls can be used now; each window says its own."""

    def beside(
        self,
        work: Callable[[], Any],
        after: Callable[[Any], None],
        telling: str,
        failing: str = "failed",
    ) -> None:
        """Do something slow in a thread; then `after` with its result, or a word on what failed."""
        self.busy = True
        self.tell(telling)
        self.refresh()

        def done(result: Any, error: Exception | None) -> bool:
            self.busy = False
            self.progress(None)
            self.tell("")
            try:
                if error is None:
                    after(result)
                else:
                    self.tell(self.say(failing, what=words.isolated(str(error))), problem=True)
            finally:
                # Whatever goes wrong here, the window can be used again.
                self.refresh()
            return False

        def run() -> None:
            try:
                result = work()
            except Exception as error:  # whatever it is, the family must see it and go on
                GLib.idle_add(done, None, error)
            else:
                GLib.idle_add(done, result, None)

        threading.Thread(target=run, daemon=True).start()


def style(window: Gtk.Window) -> None:
    """The tasks' colours and sizes, for every window of this program."""
    provider = Gtk.CssProvider()
    provider.load_from_data(_STYLE)
    Gtk.StyleContext.add_provider_for_screen(
        window.get_screen(), provider, Gtk.STYLE_PROVIDER_PRIORITY_APPLICATION
    )


def label(text: str, kind: str) -> Gtk.Label:
    """A text that wraps and begins where a line does."""
    made = Gtk.Label(label=text, wrap=True, xalign=0.0, max_width_chars=60)
    made.set_line_wrap_mode(Pango.WrapMode.WORD_CHAR)
    made.get_style_context().add_class(kind)
    return made


def named(widget: Gtk.Widget, name: str) -> None:
    """The name by which a screen reader, and a test, knows a control."""
    widget.get_accessible().set_name(name)


def choice(rows: list[tuple[str, str]], name: str) -> Gtk.ComboBoxText:
    """A list of (id, text) to choose one of, the first one chosen."""
    made = Gtk.ComboBoxText()
    for key, text in rows:
        made.append(key, text)
    made.set_active(0)
    named(made, name)
    return made


def row(text: str, control: Gtk.Widget) -> Gtk.Box:
    """A control with its text before it."""
    made = Gtk.Box(spacing=10)
    made.pack_start(label(text, "why"), False, False, 0)
    made.pack_start(control, True, True, 0)
    return made
