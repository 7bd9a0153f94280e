"""Where a person's files are: the directories of xdg-user-dirs, under whatever names."""

from __future__ import annotations

from pathlib import Path

from gi.repository import GLib

_KINDS = {
    "desktop": GLib.UserDirectory.DIRECTORY_DESKTOP,
    "documents": GLib.UserDirectory.DIRECTORY_DOCUMENTS,
    "downloads": GLib.UserDirectory.DIRECTORY_DOWNLOAD,
    "music": GLib.UserDirectory.DIRECTORY_MUSIC,
    "pictures": GLib.UserDirectory.DIRECTORY_PICTURES,
    "videos": GLib.UserDirectory.DIRECTORY_VIDEOS,
}


def folder(kind: str) -> Path:
    """The person's directory of that kind, made if it is not there; at home where there is none."""
    found = GLib.get_user_special_dir(_KINDS[kind])
    place = Path(found) if found else Path.home()
    place.mkdir(parents=True, exist_ok=True)
    return place


def family_folders() -> dict[str, Path]:
    """All directories that hold a family's files, each once, by kind; `others` is home itself."""
    found: dict[str, Path] = {}
    for kind in _KINDS:
        place = folder(kind)
        if place != Path.home() and place not in found.values():
            found[kind] = place
    return {**found, "others": Path.home()}
