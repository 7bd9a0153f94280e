"""The window of scanning: sheets from the scanner, then one file of them."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from gi.repository import GdkPixbuf, Gtk

from familypc.tasks import scanning, words
from familypc.tasks.folders import folder
from familypc.tasks.frame import TaskWindow, choice, label, row
from familypc.tasks.scanning import Kind, Scanner
from familypc.tasks.session import today

_PICTURE_PX = 220


class ScanWindow(TaskWindow):
    """Scan sheets one after the other, choose what they become, save, open."""

    def __init__(self) -> None:
        super().__init__("scan", "scanner")
        self.scanners: tuple[Scanner, ...] = ()
        self.work = tempfile.TemporaryDirectory(prefix="scan-")
        self.pages: list[Path] = []
        self.saved: list[Path] = []
        self.leaving = False
        self.save_button = self.button("scan-save", self.save, main=True)
        self.scan_button = self.button("scan-page", self.scan, main=True)
        self.open_button = self.button("scan-open", self.open)
        self.button("again", self.look)
        self.place = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=10)
        kinds = [(kind.value, self.say(kind.value)) for kind in scanning.kinds(scanning.can_read())]
        self.kind = choice(kinds, self.say("scan-kind"))
        self.picture = Gtk.Image()
        self.body.pack_start(self.place, False, False, 0)
        self.body.pack_start(row(self.say("scan-kind"), self.kind), False, False, 0)
        self.body.pack_start(self.picture, False, False, 0)
        self.connect("delete-event", self._stays)
        self.connect("destroy", lambda _: self.work.cleanup())
        self.show_all()
        self.look()

    def look(self) -> None:
        """Look for scanners; those on the network take some seconds to answer."""
        if not self.busy:
            self.beside(scanning.scanners, self._show, self.say("scan-looking"))

    def _show(self, found: tuple[Scanner, ...]) -> None:
        self.scanners = found
        for child in self.place.get_children():
            self.place.remove(child)
        if found:
            rows = [(scanner.name, scanner.label) for scanner in found]
            self.chooser = choice(rows, self.say("scan-scanner"))
            line = row(self.say("scan-scanner"), self.chooser)
            self.place.pack_start(line, False, False, 0)
        else:
            self.place.pack_start(label(self.say("scan-none"), "why"), False, False, 0)
        self.place.show_all()

    def refresh(self) -> None:
        """Scanning needs a scanner, saving a sheet, opening a file."""
        # Whoever wanted to leave and saw something fail is asked anew.
        self.leaving = self.leaving and self.busy
        self.scan_button.set_sensitive(bool(self.scanners) and not self.busy)
        self.scan_button.set_label(self.say("scan-another" if self.pages else "scan-page"))
        self.save_button.set_sensitive(bool(self.pages) and not self.busy)
        self.open_button.set_sensitive(bool(self.saved) and not self.busy)

    def scan(self) -> None:
        """One more sheet."""
        number = self.chooser.get_active()
        target = Path(self.work.name) / f"page-{len(self.pages) + 1:03}.jpg"

        def after(_: None) -> None:
            self.pages.append(target)
            small = GdkPixbuf.Pixbuf.new_from_file_at_size(str(target), _PICTURE_PX, _PICTURE_PX)
            self.picture.set_from_pixbuf(small)
            self.tell(self.say("scan-pages", pages=len(self.pages)))
            if self.leaving:
                self.save()

        self.beside(
            lambda: scanning.scan_page(self.scanners[number], target),
            after,
            self.say("scan-scanning"),
            failing="scan-failed",
        )

    def save(self) -> None:
        """Make the file; the next sheet begins another one."""
        kind = Kind(self.kind.get_active_id())
        place = folder("documents") / self.say("scan-folder")
        pages = tuple(self.pages)

        def after(made: list[Path]) -> None:
            self.saved, self.pages = made, []
            self.picture.clear()
            name, where = words.isolated(made[0].name), words.isolated(place.name)
            self.tell(self.say("scan-saved", name=name, folder=where))
            if self.leaving:
                self.destroy()

        self.beside(
            lambda: scanning.save(pages, kind, place, self.tongue, today()),
            after,
            self.say("scan-saving"),
        )

    def _stays(self, *_: object) -> bool:
        """Whether the window stays open when it is closed: sheets are not thrown away unasked."""
        if not self.pages:
            return False
        text = self.say("scan-unsaved", pages=len(self.pages))
        answer = self.ask(text, ("scan-save", "scan-throw-away", "go-back"))
        if answer == "scan-save" and self.pages:
            # What is being scanned or saved right now comes to its end first.
            self.leaving = True
            if not self.busy:
                self.save()
            return True
        # Saved while the question stood there: then it is only left to close.
        return answer not in ("scan-save", "scan-throw-away")

    def open(self) -> None:
        """Open what was saved; text in the word processor, not in an editor."""
        (first, *_) = self.saved
        program = "libreoffice" if first.suffix == ".txt" else "xdg-open"
        words = [program, *(["--writer"] if program == "libreoffice" else []), str(first)]
        subprocess.Popen(words, start_new_session=True)
