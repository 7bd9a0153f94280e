"""The assistant's window: shows what `answers` says, and runs slow things beside the screen.

Every control can be reached by Tab, every choice made by Space, and Enter goes on. Each page has
a heading, a sentence why, and its controls; steps above and buttons below never scroll away.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import gi

gi.require_version("Gtk", "3.0")
from gi.repository import GLib, Gtk  # noqa: E402

from familypc.firstboot.answers import (  # noqa: E402
    LANGUAGES,
    LATIN,
    LAYOUTS,
    PAGES,
    ZONES,
    Answers,
    Course,
    Page,
    answered,
    back,
    forward,
    problem,
)
from familypc.firstboot.screen import WholeScreen, text_label  # noqa: E402
from familypc.firstboot.words import say  # noqa: E402


class Seen(Protocol):
    """A network as the window lists it."""

    @property
    def name(self) -> str: ...

    @property
    def locked(self) -> bool: ...


class Outside(Protocol):
    """What the window asks of the system; everything here may take seconds and may raise."""

    def taken(self) -> tuple[str, ...]: ...

    def wired(self) -> bool: ...

    def has_wifi(self) -> bool: ...

    def networks(self) -> tuple[Any, ...]: ...

    def join(self, network: Any, key: str, metered: bool) -> None: ...

    def join_hidden(self, name: str, key: str, metered: bool) -> None: ...

    def try_keyboard(self, layouts: tuple[str, ...]) -> None: ...

    def finish(self, answers: Answers) -> None: ...


class Assistant(WholeScreen):
    """The one window of the first start."""

    def __init__(self, outside: Outside) -> None:
        super().__init__()
        self.outside = outside
        self.course = Course()
        self.taken = outside.taken()
        self.told = ""
        self.busy = False
        # Nothing closes it but its end: there is nothing behind it yet.
        self.connect("delete-event", lambda *_: True)
        self.show_page()

    def say(self, key: str, **facts: str | int) -> str:
        return say(self.course.answers.language, key, **facts)

    # --- the frame around every page --------------------------------------------------------

    def show_page(self) -> None:
        """Build the page anew, in the language and direction that hold now."""
        self.clear(self.course.answers.language)
        self.set_title(self.say("title"))
        page = self.course.page
        box = self.column()
        box.pack_start(text_label(self.say(page.value), "heading"), False, False, 0)
        box.pack_start(text_label(self.say(f"{page.value}-why"), "why"), False, False, 0)
        first = self._controls(page, box)
        self.fill(box, self._foot(), self._steps())
        self.set_default(self.onward)
        (first or self.onward).grab_focus()
        self.refresh()

    def _steps(self) -> Gtk.Box:
        """A field for each page along the upper edge; those that were reached are coloured."""
        steps = Gtk.Box(spacing=2, homogeneous=True)
        for number in range(1, len(PAGES) + 1):
            field = Gtk.Box()
            context = field.get_style_context()
            context.add_class("step")
            if number <= self.course.number:
                context.add_class("gone")
            steps.pack_start(field, True, True, 0)
        return steps

    def _foot(self) -> Gtk.Box:
        """What is wrong, the buttons, and how to do without a mouse."""
        foot = self.column()
        self.problem = text_label("", "problem")
        foot.pack_start(self.problem, False, False, 0)
        foot.pack_start(self._buttons(), False, False, 0)
        last = Gtk.Box(spacing=self.measures.gap)
        last.pack_start(text_label(self.say("keys"), "quiet"), True, True, 0)
        step = self.say("step", number=self.course.number, count=len(PAGES))
        last.pack_end(text_label(step, "quiet"), False, False, 0)
        foot.pack_start(last, False, False, 0)
        return foot

    def _buttons(self) -> Gtk.Box:
        buttons = Gtk.Box(spacing=16)
        key = "finish" if self.course.is_last else "next"
        self.onward = Gtk.Button(label=self.say(key), can_default=True)
        self.onward.get_style_context().add_class("main")
        self.onward.connect("clicked", lambda _: self.go_on())
        buttons.pack_end(self.onward, False, False, 0)
        if not self.course.is_first:
            before = Gtk.Button(label=self.say("back"))
            before.connect("clicked", lambda _: self._turn(back(self.course)))
            buttons.pack_start(before, False, False, 0)
        return buttons

    def _turn(self, course: Course) -> None:
        if not self.busy:
            self.told = ""
            self.course = course
            self.show_page()

    def change(self, **changes: object) -> None:
        """Take an answer; what was complained about may be right by now."""
        self.course = answered(self.course, **changes)
        self.told = ""
        self.refresh()

    def refresh(self) -> None:
        """The line that says what is wrong, and whether one can press the button."""
        self.problem.set_text(self.told)
        self.onward.set_sensitive(not self.busy)

    def go_on(self) -> None:
        """The next page, or a word on what is missing; at the end, do it all."""
        if self.busy:
            return
        if code := problem(self.course.page, self.course.answers, self.taken):
            self.told = self.say(code)
            self.refresh()
        elif self.course.is_last:
            self._finish()
        else:
            self._turn(forward(self.course, self.taken))

    def _finish(self) -> None:
        answers = self.course.answers
        self.beside(lambda: self.outside.finish(answers), lambda _: Gtk.main_quit(), "working")

    def beside(
        self, work: Callable[[], Any], after: Callable[[Any], None], telling: str, **facts: str
    ) -> None:
        """Do something slow in a thread of its own; then `after`, or a word on what failed.

        Only at the end does everything wait for it: whoever joins a network may go on meanwhile.
        """
        page = self.course.page
        self.busy, self.told = page is Page.READY, self.say(telling, **facts)
        self.refresh()

        def done(result: Any, error: Exception | None) -> bool:
            self.busy = False
            if self.course.page is page:
                self.told = ""
                if error is None:
                    after(result)
                elif page is Page.NETWORK:
                    self.told = self.say("network-refused")
                else:
                    self.told = self.say("failed", what=str(error))
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

    # --- the pages ---------------------------------------------------------------------------

    def _controls(self, page: Page, box: Gtk.Box) -> Gtk.Widget | None:
        """Put a page's controls into the box; the one where typing or choosing begins."""
        answers = self.course.answers
        match page:
            case Page.LANGUAGE:
                return self._choice(box, tuple(LANGUAGES), answers.language, self._set_language)
            case Page.KEYBOARD:
                first = self._choice(box, tuple(LAYOUTS), answers.layout, self._set_layout)
                entry = Gtk.Entry(placeholder_text=self.say("keyboard-try"))
                _named(entry, self.say("keyboard-try"))
                box.pack_start(entry, False, False, 0)
                return first
            case Page.NETWORK:
                self._network(box)
                return None
            case Page.ACCOUNT:
                return self._account(box)
            case Page.TIME:
                return self._zone(box)
            case _:
                return None

    def _choice(
        self, box: Gtk.Box, names: tuple[str, ...], chosen: str, take: Callable[[str], None]
    ) -> Gtk.Widget:
        group: Gtk.RadioButton | None = None
        focus: Gtk.Widget | None = None
        for name in names:
            button = Gtk.RadioButton.new_with_label_from_widget(group, self.say(name))
            group = group or button
            button.set_active(name == chosen)
            if name == chosen:
                focus = button
            button.connect("toggled", _taking(take, name))
            box.pack_start(button, False, False, 0)
        return focus or group

    def _set_language(self, name: str) -> None:
        self.change(language=name)
        # Not from inside the button that is about to go.
        GLib.idle_add(self.show_page)

    def _set_layout(self, name: str) -> None:
        self.change(layout=name)
        self._own_keyboard()

    def _account(self, box: Gtk.Box) -> Gtk.Widget:
        answers = self.course.answers
        gap = self.measures.gap
        grid = Gtk.Grid(row_spacing=gap, column_spacing=gap)
        box.pack_start(grid, False, False, 0)
        name = self._entry(grid, 0, "account-name", answers.full_name, "full_name")
        secret = [
            self._entry(grid, 1, "account-password", answers.password, "password"),
            self._entry(grid, 2, "account-again", answers.again, "again"),
        ]
        # Whatever letters the name was typed in: only Latin ones can be typed at the log-in.
        grid.attach(self._secret(secret, "account-show"), 1, 3, 1, 1)
        return name

    def _secret(self, entries: list[Gtk.Entry], key: str) -> Gtk.CheckButton:
        """Make these lines for a password, typed in Latin letters; the button that shows it."""
        for entry in entries:
            entry.set_visibility(False)
            entry.set_input_purpose(Gtk.InputPurpose.PASSWORD)
            entry.connect("focus-in-event", lambda *_: self.outside.try_keyboard(LATIN))
            entry.connect("focus-out-event", lambda *_: self._own_keyboard())
        shown = Gtk.CheckButton(label=self.say(key))

        def show(button: Gtk.CheckButton) -> None:
            for entry in entries:
                entry.set_visibility(button.get_active())

        shown.connect("toggled", show)
        return shown

    def _own_keyboard(self) -> None:
        self.outside.try_keyboard(LAYOUTS[self.course.answers.layout])

    def _entry(self, grid: Gtk.Grid, line: int, key: str, text: str, answer: str) -> Gtk.Entry:
        label = text_label(self.say(key), "why")
        entry = Gtk.Entry(text=text, activates_default=True, hexpand=True)
        label.set_mnemonic_widget(entry)
        _named(entry, self.say(key))
        entry.connect("changed", lambda widget: self.change(**{answer: widget.get_text()}))
        grid.attach(label, 0, line, 1, 1)
        grid.attach(entry, 1, line, 1, 1)
        return entry

    def _zone(self, box: Gtk.Box) -> Gtk.Widget:
        now = text_label("", "why")

        def tell() -> None:
            zone = ZoneInfo(self.course.answers.zone)
            now.set_text(self.say("time-now", time=datetime.now(zone).strftime("%H:%M")))

        def take(name: str) -> None:
            self.change(zone=name)
            tell()

        grid = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=self.measures.gap // 4)
        first = self._choice(grid, ZONES, self.course.answers.zone, take)
        box.pack_start(grid, False, False, 0)
        box.pack_start(now, False, False, 0)
        tell()
        return first

    def _network(self, box: Gtk.Box) -> None:
        place = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=self.measures.gap)
        place.pack_start(text_label(self.say("network-looking"), "why"), False, False, 0)
        box.pack_start(place, False, False, 0)
        joined = self.course.answers.network

        def show(found: tuple[bool, bool, tuple[Any, ...]] | None) -> None:
            for child in place.get_children():
                place.remove(child)
            wired, wireless, networks = found or (False, False, ())
            if wired:
                place.pack_start(text_label(self.say("network-wired"), "why"), False, False, 0)
            elif joined:
                text = self.say("network-joined", name=_isolated(joined))
                place.pack_start(text_label(text, "why"), False, False, 0)
            elif wireless:
                self._wifi(place, networks)
            else:
                place.pack_start(text_label(self.say("network-none"), "why"), False, False, 0)
            place.show_all()

        def look() -> None:
            # Only looks: one may go on meanwhile, so this never makes the window busy.
            try:
                outside = self.outside
                found = (outside.wired(), outside.has_wifi(), outside.networks())
            except Exception:  # no NetworkManager, no adapter: as if no network were near
                GLib.idle_add(show, None)
            else:
                GLib.idle_add(show, found)

        threading.Thread(target=look, daemon=True).start()

    def _wifi(self, place: Gtk.Box, networks: tuple[Any, ...]) -> None:
        # None: one that does not show itself, and is asked for by its name.
        chosen: dict[str, Any] = {"network": None}
        listed = Gtk.ListBox(selection_mode=Gtk.SelectionMode.BROWSE)
        for network in networks:
            kind = self.say("network-hidden" if network.locked else "network-open")
            # Pango takes a line's direction from its first letter, not looking past an isolate.
            mark = "\u200f" if self.course.answers.language == "ar" else "\u200e"
            label = text_label(f"{mark}{_isolated(network.name)}  ({kind})", "why")
            listed.add(label)
        listed.add(text_label(self.say("network-other"), "why"))
        scrolled = Gtk.ScrolledWindow()
        scrolled.add(listed)
        name = Gtk.Entry(placeholder_text=self.say("network-name"), no_show_all=True)
        _named(name, self.say("network-name"))
        key = Gtk.Entry(placeholder_text=self.say("network-key"), hexpand=True)
        _named(key, self.say("network-key"))
        secret = Gtk.Box(spacing=self.measures.gap)
        secret.pack_start(key, True, True, 0)
        secret.pack_end(self._secret([key], "network-show"), False, False, 0)
        phone = Gtk.CheckButton(label=self.say("network-phone"))
        button = Gtk.Button(label=self.say("network-join"))

        def select(_: Gtk.ListBox, row: Gtk.ListBoxRow | None) -> None:
            if row is None:
                return
            listing = row.get_index() < len(networks)
            chosen["network"] = networks[row.get_index()] if listing else None
            key.set_sensitive(not listing or chosen["network"].locked)
            name.set_visible(not listing)
            # The line for the name takes its place from the list: the page never grows.
            needed = 0 if listing else self.measures.entry + self.measures.gap
            scrolled.set_min_content_height(self.measures.networks - needed)

        def join(_: Gtk.Widget) -> None:
            network, secret, metered = chosen["network"], key.get_text(), phone.get_active()
            called = network.name if network else name.get_text().strip()
            if not called:
                self.told = self.say("network-nameless")
                self.refresh()
                return

            def after(_: Any) -> None:
                self.change(network=called, metered=metered)
                self._turn(self.course)

            def work() -> None:
                if network:
                    self.outside.join(network, secret, metered)
                else:
                    self.outside.join_hidden(called, secret, metered)

            self.beside(work, after, "network-joining", name=_isolated(called))

        listed.connect("row-selected", select)
        listed.select_row(listed.get_row_at_index(0))
        key.connect("activate", join)
        button.connect("clicked", join)
        for widget in (scrolled, name, secret, phone, button):
            place.pack_start(widget, False, False, 0)


def _taking(take: Callable[[str], None], name: str) -> Callable[[Gtk.RadioButton], None]:
    """A radio button tells when it is switched off, too: only the one switched on counts."""

    def toggled(button: Gtk.RadioButton) -> None:
        if button.get_active():
            take(name)

    return toggled


def _named(widget: Gtk.Widget, name: str) -> None:
    """The name by which a screen reader, and a test, knows a control."""
    widget.get_accessible().set_name(name)


def _isolated(name: str) -> str:
    """A network's name, whatever its letters, keeps its own direction inside a line."""
    return f"\u2068{name}\u2069"
