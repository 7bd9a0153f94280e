"""The window of pictures: the latest ones to choose from, one of them large, what to do to it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from gi.repository import GdkPixbuf, GLib, Gtk

from familypc.tasks import photos, words
from familypc.tasks.folders import folder
from familypc.tasks.frame import TaskWindow, label, named
from familypc.tasks.latest import latest
from familypc.tasks.photos import Edit

_LATEST = 24
_SMALL_PX, _LARGE_PX = 84, 300
_QUALITY = "90"


def _opened(path: Path, longest: int) -> GdkPixbuf.Pixbuf:
    """A picture as it was meant to be seen, no larger than that. Raises `GLib.Error`."""
    picture = GdkPixbuf.Pixbuf.new_from_file(str(path)).apply_embedded_orientation()
    size = photos.fitted(picture.get_width(), picture.get_height(), longest)
    return picture.scale_simple(*size, GdkPixbuf.InterpType.BILINEAR)


def _edited(picture: GdkPixbuf.Pixbuf, edit: Edit) -> GdkPixbuf.Pixbuf:
    if picture.get_has_alpha():
        # On white, as paper and shops have it.
        size = picture.get_width(), picture.get_height()
        picture = picture.composite_color_simple(
            *size, GdkPixbuf.InterpType.NEAREST, 255, 64, 0xFFFFFF, 0xFFFFFF
        )
    if edit.turns:
        turn = GdkPixbuf.PixbufRotation(360 - 90 * edit.turns)
        picture = picture.rotate_simple(turn)
    if edit.square:
        left, top, side = photos.square_box(picture.get_width(), picture.get_height())
        picture = picture.new_subpixbuf(left, top, side, side).copy()
    if not edit.light:
        return picture
    return GdkPixbuf.Pixbuf.new_from_bytes(
        GLib.Bytes.new(picture.get_pixels().translate(photos.tones(edit.light))),
        GdkPixbuf.Colorspace.RGB,
        picture.get_has_alpha(),
        8,
        picture.get_width(),
        picture.get_height(),
        picture.get_rowstride(),
    )


class PhotoWindow(TaskWindow):
    """Choose a picture, make it ready, save a copy."""

    def __init__(self) -> None:
        super().__init__("photo", "multimedia-photo-manager")
        self.path: Path | None = None
        self.small: GdkPixbuf.Pixbuf | None = None
        self.edit = Edit()
        self.save_button = self.button("photo-save", self.save, main=True)
        self.button("photo-turn", lambda: self.change(photos.turned(self.edit)))
        self.button(
            "photo-square", lambda: self.change(replace(self.edit, square=not self.edit.square))
        )
        self.button("photo-lighter", lambda: self.change(photos.lit(self.edit, 1)))
        self.button("photo-darker", lambda: self.change(photos.lit(self.edit, -1)))
        self.button("photo-other", self.choose_other)
        self.listed = Gtk.ListStore(GdkPixbuf.Pixbuf, str, str)
        view = Gtk.IconView(model=self.listed, pixbuf_column=0, text_column=1)
        view.set_selection_mode(Gtk.SelectionMode.BROWSE)
        view.set_columns(2)
        view.set_item_width(_SMALL_PX + 20)
        view.connect("selection-changed", self._chosen)
        named(view, self.say("photo-latest"))
        beside = Gtk.ScrolledWindow(hscrollbar_policy=Gtk.PolicyType.NEVER)
        beside.set_size_request(2 * _SMALL_PX + 100, _LARGE_PX)
        beside.add(view)
        self.picture = Gtk.Image()
        self.picture.set_size_request(_LARGE_PX, _LARGE_PX)
        row = Gtk.Box(spacing=12)
        row.pack_start(beside, False, False, 0)
        row.pack_start(self.picture, True, True, 0)
        self.body.pack_start(row, True, True, 0)
        self.show_all()
        found = latest(
            map(folder, ("pictures", "downloads", "desktop")), photos.is_picture, _LATEST
        )
        if found:
            self.beside(lambda: list(map(self._seen, found)), self._list, self.say("looking"))
        else:
            self.picture.hide()
            self.body.pack_start(label(self.say("photo-none"), "why"), False, False, 0)
            self.body.show_all()
            beside.hide()
            self.refresh()
        self.view = view

    def _seen(self, path: Path) -> tuple[Path, GdkPixbuf.Pixbuf | None]:
        try:
            return path, _opened(path, _SMALL_PX)
        except GLib.Error:
            # No picture but for its name, or one that was damaged.
            return path, None

    def _list(self, found: list[tuple[Path, GdkPixbuf.Pixbuf | None]]) -> None:
        for path, small in found:
            if small is not None:
                self.listed.append((small, path.stem[:14], str(path)))
        if len(self.listed):
            self.view.select_path(Gtk.TreePath.new_first())

    def _chosen(self, view: Gtk.IconView) -> None:
        if chosen := view.get_selected_items():
            self.open(Path(self.listed[chosen[0]][2]))

    def open(self, path: Path) -> None:
        """Show a picture as it is."""
        try:
            self.small = _opened(path, _LARGE_PX)
        except GLib.Error as error:
            self.tell(self.say("failed", what=words.isolated(error.message)), problem=True)
            return
        self.path = path
        self.picture.show()
        self.tell("")
        self.change(Edit())

    def change(self, edit: Edit) -> None:
        """Show the picture with that done to it."""
        self.edit = edit
        if self.small is not None:
            self.picture.set_from_pixbuf(_edited(self.small, edit))
        self.refresh()

    def refresh(self) -> None:
        """Everything but choosing needs a picture."""
        for button in self.buttons.get_children():
            other = button.get_label() == self.say("photo-other")
            button.set_sensitive(other or (self.path is not None and not self.busy))

    def choose_other(self) -> None:
        """A picture from anywhere else."""
        dialog = Gtk.FileChooserDialog(
            title=self.say("photo-other"), transient_for=self, action=Gtk.FileChooserAction.OPEN
        )
        dialog.add_buttons(
            self.say("print-cancel"), Gtk.ResponseType.CANCEL,
            self.say("print-choose"), Gtk.ResponseType.ACCEPT,
        )  # fmt: skip
        dialog.set_current_folder(str(folder("pictures")))
        shown = Gtk.FileFilter()
        shown.set_name(self.say("pictures"))
        shown.add_pixbuf_formats()
        dialog.add_filter(shown)
        if dialog.run() == Gtk.ResponseType.ACCEPT:
            self.open(Path(dialog.get_filename()))
        dialog.destroy()

    def save(self) -> None:
        """Save the copy among the person's pictures."""
        path, edit = self.path, self.edit
        if path is None:
            return
        place = folder("pictures")

        def work() -> Path:
            taken = {other.name for other in place.iterdir()}
            target = place / photos.copy_name(path.name, self.tongue, taken)
            made = _edited(_opened(path, photos.LONGEST), edit)
            made.savev(str(target), "jpeg", ["quality"], [_QUALITY])
            return target

        def after(target: Path) -> None:
            name, where = words.isolated(target.name), words.isolated(place.name)
            self.tell(self.say("photo-saved", name=name, folder=where))

        self.beside(work, after, self.say("looking"))
