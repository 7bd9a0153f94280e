"""The question on a screen, Arabic or English: what comes back, and whether the files stay.

Every control can be reached by Tab. Where the cursor starts, nothing happens: on the button that
leaves the PC as it is; and files go only with a second mark set.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import gi

gi.require_version("Gtk", "3.0")
from gi.repository import GLib, Gtk  # noqa: E402

from familypc.firstboot.screen import WholeScreen, text_label  # noqa: E402
from familypc.wayback import volumes  # noqa: E402
from familypc.wayback.giving import Choice, choices, give_back, language  # noqa: E402
from familypc.wayback.words import OTHER_LANGUAGE, choice_text, say  # noqa: E402

_LAST_WORDS_S = 4


class Question(WholeScreen):
    """The one window of the way back; `act` does what was chosen, and may take a minute."""

    def __init__(
        self, offered: tuple[Choice, ...], tongue: str, act: Callable[[Choice], None]
    ) -> None:
        super().__init__()
        self.offered, self.tongue, self.act = offered, tongue, act
        self.chosen = offered[0]
        self.show_page()

    def say(self, key: str, **facts: str) -> str:
        return say(self.tongue, key, **facts)

    def show_page(self) -> None:
        """Build the page anew, in the language and direction that hold now."""
        self.clear(self.tongue)
        self.set_title(self.say("title"))
        box = self.column()
        box.pack_start(text_label(self.say("title"), "heading"), False, False, 0)
        box.pack_start(text_label(self.say("why"), "why"), False, False, 0)
        self._choices(box)
        self.sure = Gtk.CheckButton(label=self.say("sure"))
        self.sure.connect("toggled", lambda _: self._tell(""))
        box.pack_start(self.sure, False, False, 0)
        self.fill(box, self._foot())
        self._refresh()
        self.cancel.grab_focus()

    def _choices(self, box: Gtk.Box) -> None:
        group: Gtk.RadioButton | None = None
        for choice in self.offered:
            text = choice_text(self.tongue, choice)
            button = Gtk.RadioButton.new_with_label_from_widget(group, text)
            group = group or button
            label = button.get_child()
            label.set_line_wrap(True)
            label.set_max_width_chars(60)
            button.set_active(choice == self.chosen)
            button.connect("toggled", self._toggled, choice)
            box.pack_start(button, False, False, 0)

    def _toggled(self, button: Gtk.RadioButton, choice: Choice) -> None:
        if button.get_active():
            self.chosen = choice
            self._refresh()

    def _refresh(self) -> None:
        """The mark for files that go is there only where they would."""
        self.sure.set_active(False)
        self.sure.set_opacity(0 if self.chosen.files_stay else 1)
        self.sure.set_sensitive(not self.chosen.files_stay)
        self._tell("")

    def _tell(self, text: str) -> None:
        self.problem.set_text(text)

    def _foot(self) -> Gtk.Box:
        foot = self.column()
        self.problem = text_label("", "problem")
        foot.pack_start(self.problem, False, False, 0)
        buttons = Gtk.Box(spacing=16)
        self.cancel = Gtk.Button(label=self.say("cancel"))
        self.cancel.get_style_context().add_class("main")
        self.cancel.connect("clicked", lambda _: Gtk.main_quit())
        onward = Gtk.Button(label=self.say("take-back"))
        onward.connect("clicked", lambda _: self._go())
        other = Gtk.Button(label=OTHER_LANGUAGE[self.tongue])
        other.connect("clicked", lambda _: self._turn())
        buttons.pack_end(self.cancel, False, False, 0)
        buttons.pack_end(onward, False, False, 0)
        buttons.pack_start(other, False, False, 0)
        foot.pack_start(buttons, False, False, 0)
        foot.pack_start(text_label(self.say("keys"), "quiet"), False, False, 0)
        return foot

    def _turn(self) -> None:
        self.tongue = "en" if self.tongue == "ar" else "ar"
        self.show_page()

    def _go(self) -> None:
        if not self.chosen.files_stay and not self.sure.get_active():
            self._tell(self.say("not-sure"))
            self.sure.grab_focus()
            return
        self._tell(self.say("working"))
        self.get_child().set_sensitive(False)
        choice = self.chosen

        def run() -> None:
            try:
                self.act(choice)
            except Exception as error:  # whatever it is, the family must see it
                GLib.idle_add(ended, str(error))
            else:
                GLib.idle_add(ended, "")

        def ended(problem: str) -> bool:
            if problem:
                self.get_child().set_sensitive(True)
                self._tell(self.say("failed", what=problem))
            else:
                self._tell(self.say("done"))
                GLib.timeout_add_seconds(_LAST_WORDS_S, _quit)
            return False

        threading.Thread(target=run, daemon=True).start()


def _quit(*_: Any) -> bool:
    Gtk.main_quit()
    return False


def question() -> None:
    """Ask, and do what was chosen; returns when nothing is left to do."""
    with volumes.top(volumes.root_device()) as place:
        try:
            tongue = language((place / "@/etc/default/locale").read_text(errors="replace"))
        except OSError:
            tongue = "ar"
        offered = choices([path.name for path in place.iterdir()])
        window = Question(offered, tongue, lambda choice: give_back(place, choice))
        window.present()
        Gtk.main()
