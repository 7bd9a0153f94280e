"""Choosing a picture to work on, seen before it is opened; for systems without a photo browser."""

from __future__ import annotations

import os
import subprocess

import gi

gi.require_version("Gtk", "3.0")
from gi.repository import GdkPixbuf, GLib, Gtk  # noqa: E402

from familypc.tasks.folders import folder  # noqa: E402
from familypc.tasks.session import language  # noqa: E402
from familypc.tasks.words import say  # noqa: E402

_PREVIEW_PX = 260


def choose_photo() -> None:
    """Let a picture be chosen, and open it to be cropped, turned and written on."""
    tongue = language(os.environ)
    dialog = Gtk.FileChooserDialog(
        title=say(tongue, "photo-choose"), action=Gtk.FileChooserAction.OPEN
    )
    dialog.add_buttons(
        say(tongue, "print-cancel"), Gtk.ResponseType.CANCEL,
        say(tongue, "photo-open"), Gtk.ResponseType.ACCEPT,
    )  # fmt: skip
    dialog.set_default_response(Gtk.ResponseType.ACCEPT)
    dialog.set_icon_name("multimedia-photo-viewer")
    dialog.set_current_folder(str(folder("pictures")))
    shown = Gtk.FileFilter()
    shown.set_name(say(tongue, "photo-kinds"))
    shown.add_pixbuf_formats()
    dialog.add_filter(shown)
    preview = Gtk.Image()
    dialog.set_preview_widget(preview)
    dialog.connect("update-preview", _show_preview, preview)
    chosen = dialog.get_filename() if dialog.run() == Gtk.ResponseType.ACCEPT else None
    dialog.destroy()
    if chosen:
        subprocess.Popen(["drawing", chosen], start_new_session=True)


def _show_preview(dialog: Gtk.FileChooserDialog, preview: Gtk.Image) -> None:
    path = dialog.get_preview_filename()
    try:
        if not path or not os.path.isfile(path):
            raise FileNotFoundError(path)
        picture = GdkPixbuf.Pixbuf.new_from_file_at_size(path, _PREVIEW_PX, _PREVIEW_PX)
    except (GLib.Error, FileNotFoundError):
        dialog.set_preview_widget_active(False)
    else:
        preview.set_from_pixbuf(picture)
        dialog.set_preview_widget_active(True)
