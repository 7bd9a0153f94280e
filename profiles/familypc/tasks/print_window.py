"""The window of printing: the latest files to choose from, the printer, how many, go."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

from gi.repository import Gtk

from familypc.tasks import printing, words
from familypc.tasks.folders import folder
from familypc.tasks.frame import TaskWindow, choice, label, named, row
from familypc.tasks.latest import latest
from familypc.tasks.printing import Printer

_LATEST = 8
# A sheet that is still in the queue after this long waits for its printer.
_PATIENCE_S = 20


class PrintWindow(TaskWindow):
    """Choose a file and a printer."""

    def __init__(self) -> None:
        super().__init__("print", "printer")
        self.printers: tuple[Printer, ...] = ()
        self.files: list[Path] = []
        self.now = self.button("print-now", self.send, main=True)
        self.button("print-other", self.choose_other)
        self.button("print-add", self.add_printer)
        self.button("again", self.look)
        self.listed = Gtk.ListBox(selection_mode=Gtk.SelectionMode.BROWSE)
        named(self.listed, self.say("print-files"))
        self.listed.connect("row-selected", lambda *_: self.refresh())
        self.body.pack_start(label(self.say("print-files"), "why"), False, False, 0)
        self.body.pack_start(self.listed, False, False, 0)
        self.place = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=10)
        self.body.pack_start(self.place, False, False, 0)
        self._list(
            latest(map(folder, ("documents", "pictures", "downloads")), printing.printable, _LATEST)
        )
        self.show_all()
        self.look()

    def _list(self, files: list[Path]) -> None:
        self.files = files
        for child in self.listed.get_children():
            self.listed.remove(child)
        for path in files:
            self.listed.add(label(self.standing(words.isolated(path.name)), "why"))
        if not files:
            self.listed.set_placeholder(label(self.say("print-no-files"), "why"))
        self.listed.show_all()
        self.listed.select_row(self.listed.get_row_at_index(0))

    @property
    def chosen(self) -> Path | None:
        """The file that is chosen, if there is any."""
        found = self.listed.get_selected_row()
        return self.files[found.get_index()] if found is not None else None

    def look(self) -> None:
        """Look for printers; those on the network take some seconds to be heard."""
        if not self.busy:
            self.beside(printing.printers, self._show, self.say("looking"))

    def _show(self, found: tuple[Printer, ...]) -> None:
        self.printers = found
        for child in self.place.get_children():
            self.place.remove(child)
        if found:
            rows = [(printer.name, printer.label) for printer in found]
            self.chooser = choice(rows, self.say("print-printer"))
            self.copies = Gtk.SpinButton.new_with_range(1, 99, 1)
            named(self.copies, self.say("print-copies"))
            for key, control in (("printer", self.chooser), ("copies", self.copies)):
                self.place.pack_start(row(self.say(f"print-{key}"), control), False, False, 0)
        else:
            self.place.pack_start(label(self.say("print-none"), "why"), False, False, 0)
        self.place.show_all()

    def refresh(self) -> None:
        """Printing needs a printer and a file."""
        ready = bool(self.printers) and self.chosen is not None and not self.busy
        self.now.set_sensitive(ready)

    def choose_other(self) -> None:
        """A file from anywhere else."""
        dialog = Gtk.FileChooserDialog(
            title=self.say("print-other"), transient_for=self, action=Gtk.FileChooserAction.OPEN
        )
        dialog.add_buttons(
            self.say("print-cancel"), Gtk.ResponseType.CANCEL,
            self.say("print-choose"), Gtk.ResponseType.ACCEPT,
        )  # fmt: skip
        dialog.set_current_folder(str(folder("documents")))
        shown = Gtk.FileFilter()
        shown.set_name(self.say("print-printable"))
        shown.add_custom(
            Gtk.FileFilterFlags.FILENAME, lambda seen, _: printing.printable(Path(seen.filename))
        )
        dialog.add_filter(shown)
        if dialog.run() == Gtk.ResponseType.ACCEPT:
            path = Path(dialog.get_filename())
            others = [other for other in self.files if other != path]
            self._list([path, *others][:_LATEST])
        dialog.destroy()
        self.refresh()

    def add_printer(self) -> None:
        """The system's own settings of printers."""
        subprocess.Popen(["system-config-printer"], start_new_session=True)

    def send(self) -> None:
        """Hand the file over, and see whether its sheet leaves for the printer."""
        path = self.chosen
        if path is None:
            return
        printer, copies = self.chooser.get_active_id(), self.copies.get_value_as_int()

        def work() -> bool:
            job = printing.print_file(path, printer, copies)
            deadline = time.monotonic() + _PATIENCE_S
            while (waits := printing.is_waiting(job)) and time.monotonic() < deadline:
                time.sleep(1)
            return waits

        def after(waits: bool) -> None:
            key = "print-waits" if waits else "print-sent"
            self.tell(self.say(key, name=words.isolated(path.name)), problem=waits)

        self.beside(work, after, self.say("print-sending", name=words.isolated(path.name)))
