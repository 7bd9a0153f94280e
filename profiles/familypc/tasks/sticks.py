"""USB sticks as the desktop sees them, through GIO and UDisks: found, mounted, let go."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gi.repository import Gio, GLib

from familypc.tasks.backup import FAT32_LARGEST

_FAT = frozenset({"msdos", "vfat", "fat"})


@dataclass(frozen=True, slots=True)
class Stick:
    """A mounted stick. `largest_bytes`: the largest file that it takes, None without a limit."""

    name: str
    place: Path
    free_bytes: int
    largest_bytes: int | None
    mount: Any


def sticks() -> list[Stick]:
    """The mounted media that can be pulled out and written to."""
    found = []
    for mount in Gio.VolumeMonitor.get().get_mounts():
        path = mount.get_root().get_path()
        if path is None or not _can_be_pulled(mount):
            continue
        try:
            found.append(_stick(mount, Path(path)))
        except GLib.Error:
            # Pulled out meanwhile: it is none.
            continue
    return [stick for stick in found if stick is not None]


def mount_all(after: Callable[[], None]) -> None:
    """Mount every stick that is plugged in but not mounted, then go on; what fails is not there."""
    waiting = [
        volume
        for volume in Gio.VolumeMonitor.get().get_volumes()
        if volume.can_mount() and volume.get_mount() is None and _can_be_pulled(volume)
    ]
    left = len(waiting)
    if not left:
        after()
        return

    def mounted(volume: Any, result: Any) -> None:
        nonlocal left
        # A medium with no file system that we know is not offered.
        with contextlib.suppress(GLib.Error):
            volume.mount_finish(result)
        left -= 1
        if not left:
            after()

    for volume in waiting:
        volume.mount(Gio.MountMountFlags.NONE, Gio.MountOperation(), None, mounted)


def let_go(stick: Stick, after: Callable[[bool], None]) -> None:
    """Write everything out and unmount; `after` hears whether the stick may be pulled out."""

    def done(mount: Any, result: Any, finish: str) -> None:
        try:
            getattr(mount, finish)(result)
        except GLib.Error:
            after(False)
        else:
            after(True)

    operation = Gio.MountOperation()
    if stick.mount.can_eject():
        end = "eject_with_operation_finish"
        stick.mount.eject_with_operation(
            Gio.MountUnmountFlags.NONE, operation, None, lambda m, r: done(m, r, end)
        )
    else:
        end = "unmount_with_operation_finish"
        stick.mount.unmount_with_operation(
            Gio.MountUnmountFlags.NONE, operation, None, lambda m, r: done(m, r, end)
        )


def _can_be_pulled(thing: Any) -> bool:
    drive = thing.get_drive()
    return bool(drive is not None and drive.is_removable())


def _stick(mount: Any, place: Path) -> Stick | None:
    facts = mount.get_root().query_filesystem_info("filesystem::*", None)
    if facts.get_attribute_boolean("filesystem::readonly"):
        return None
    kind = facts.get_attribute_string("filesystem::type") or ""
    return Stick(
        name=mount.get_name(),
        place=place,
        free_bytes=facts.get_attribute_uint64("filesystem::free"),
        largest_bytes=FAT32_LARGEST if kind in _FAT else None,
        mount=mount,
    )
