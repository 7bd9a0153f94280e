"""The window of the backup: which stick, what is to be copied, copying, and letting go of it."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from gi.repository import GLib

from familypc.tasks import backup, sticks, words
from familypc.tasks.backup import Copy, File, Plan, Progress
from familypc.tasks.folders import family_folders
from familypc.tasks.frame import TaskWindow, choice, label, row
from familypc.tasks.session import today

# Below the person's directory on the stick: readable in both languages, the same in both.
_PLACES = {
    kind: "{} - {}".format(*words.texts(kind))
    for kind in ("documents", "pictures", "desktop", "downloads", "music", "videos")
}
_ABOVE = Path("/")


def _files_here(folders: dict[str, Path]) -> list[File]:
    """The family's files, each by its path on the stick."""
    return [
        replace(file, path=f"{_PLACES[kind]}/{file.path}")
        for kind, place in folders.items()
        for file in backup.files_below(place)
    ]


def _here(path: str, folders: dict[str, Path]) -> Path | None:
    """Where on this PC a file of the stick belongs; None for what is not from a backup."""
    top, _, rest = path.partition("/")
    kind = next((kind for kind, name in _PLACES.items() if name == top), None)
    return folders[kind] / rest if kind in folders and rest else None


def _with_places(plan: Plan, folders: dict[str, Path], *, source_here: bool) -> Plan:
    """The same plan with the paths on this PC as full ones, relative to the root directory."""
    copies = []
    for copy in plan.copies:
        here = _here(copy.source if source_here else copy.target, folders)
        if here is None:
            continue
        full = str(here.relative_to(_ABOVE))
        names = (full, copy.target) if source_here else (copy.source, full)
        copies.append(Copy(*names, copy.size_bytes))
    return replace(plan, copies=tuple(copies))


class BackupWindow(TaskWindow):
    """One window for both ways: to the stick, and back from it."""

    def __init__(self) -> None:
        super().__init__("backup", "drive-removable-media-usb")
        self.found: list[sticks.Stick] = []
        self.plan = Plan(copies=())
        self.folders = family_folders()
        self.person = GLib.get_real_name() or GLib.get_user_name()
        self.start = self.button("backup-start", self.copy, main=True)
        self.eject = self.button("backup-eject", self.let_go, main=True)
        self.restore = self.button("backup-restore", self.bring_back)
        self.button("again", self.look)
        self.show_all()
        self.look()

    @property
    def chosen(self) -> sticks.Stick | None:
        """The stick that is chosen, if there is any."""
        number = self.chooser.get_active() if self.found else -1
        return self.found[number] if 0 <= number < len(self.found) else None

    def look(self) -> None:
        """Look for sticks, mounting those that are not, and show what is to be done."""
        if not self.busy:
            sticks.mount_all(self._show)

    def _show(self) -> None:
        for child in self.body.get_children():
            self.body.remove(child)
        self.found = sticks.sticks()
        folders = "، " if self.tongue == "ar" else ", "
        names = folders.join(self.say(kind) for kind in self.folders)
        self.body.pack_start(label(self.say("backup-what", folders=names), "why"), False, False, 0)
        if self.found:
            rows = [
                (str(number), self.say(
                    "backup-free",
                    name=words.isolated(stick.name),
                    free=words.size_text(stick.free_bytes, self.tongue),
                ))
                for number, stick in enumerate(self.found)
            ]  # fmt: skip
            self.chooser = choice(rows, self.say("backup-stick"))
            self.chooser.connect("changed", lambda _: self._work_out())
            self.body.pack_start(row(self.say("backup-stick"), self.chooser), False, False, 0)
        self.state = label("", "why")
        self.body.pack_start(self.state, False, False, 0)
        self.body.show_all()
        self._work_out()

    def _work_out(self) -> None:
        stick = self.chosen
        if stick is None:
            self.plan = Plan(copies=())
            self.state.set_text(self.say("backup-none"))
            self.refresh()
            return
        place, folders = backup.place_on(stick.place, self.person), self.folders

        def work() -> Plan:
            there = backup.files_below(place)
            return backup.backup_plan(_files_here(folders), there, stick.largest_bytes)

        def after(plan: Plan) -> None:
            self.plan = plan
            self.state.set_text("\n".join(self._sentences(plan, stick)))

        self.beside(work, after, self.say("looking"))

    def _sentences(self, plan: Plan, stick: sticks.Stick) -> list[str]:
        size = words.size_text(plan.size_bytes, self.tongue)
        free = words.size_text(stick.free_bytes, self.tongue)
        told = []
        if plan.copies:
            told.append(self.say("backup-to-do", files=len(plan.copies), size=size))
            if not plan.fits(stick.free_bytes):
                told.append(self.say("backup-full", size=size, free=free))
        elif plan.same:
            told.append(self.say("backup-all-there", files=plan.same))
        elif not plan.too_large:
            told.append(self.say("backup-empty"))
        if plan.too_large:
            names = words.listed(tuple(Path(one).name for one in plan.too_large), self.tongue)
            told.append(self.say("backup-too-large", names=names))
        return told

    def refresh(self) -> None:
        """Copying needs a stick with room; only a stick can be let go."""
        stick = self.chosen
        ready = stick is not None and not self.busy
        waits = bool(stick and self.plan.copies and self.plan.fits(stick.free_bytes))
        self.start.set_sensitive(ready and waits)
        self.restore.set_sensitive(ready)
        self.eject.set_sensitive(ready)

    def copy(self) -> None:
        """Copy what waits, and look again at what is there then."""
        stick = self.chosen
        if stick is None:
            return
        place = backup.place_on(stick.place, self.person)
        plan = _with_places(self.plan, self.folders, source_here=True)
        self._carry_out(plan, _ABOVE, place, stick, "backup-done")

    def _carry_out(
        self, plan: Plan, source: Path, target: Path, stick: sticks.Stick, done: str
    ) -> None:
        def tell(progress: Progress) -> None:
            GLib.idle_add(self._tell_progress, progress, len(plan.copies), plan.size_bytes)

        def work() -> tuple[str, bool]:
            try:
                target.mkdir(parents=True, exist_ok=True)
                result = backup.carry_out(plan, source, target, tell)
            except OSError:
                if stick.place.is_mount():
                    raise
                return self.say("backup-gone"), True
            if result.failed:
                names = words.listed(tuple(Path(one).name for one in result.failed), self.tongue)
                return self.say("backup-failed", files=result.files, names=names), True
            return self.say(done, files=result.files), False

        def after(said: tuple[str, bool]) -> None:
            text, problem = said
            self.found = sticks.sticks()
            self.plan = Plan(copies=())
            self.state.set_text("")
            self.tell(text, problem=problem)
            self.eject.grab_focus()

        self.beside(work, after, self.say("looking"))

    def _tell_progress(self, progress: Progress, files: int, size_bytes: int) -> bool:
        if self.busy:
            number = min(progress.files + len(progress.failed) + 1, files)
            self.tell(self.say("backup-copying", files=number, all=files))
            self.progress(progress.bytes / size_bytes if size_bytes else 1.0)
        return False

    def bring_back(self) -> None:
        """Copy back what is on the stick and not here."""
        stick = self.chosen
        if stick is None:
            return
        place, folders = backup.place_on(stick.place, self.person), self.folders

        def work() -> tuple[Plan, bool]:
            there = list(backup.files_below(place))
            plan = backup.restore_plan(there, _files_here(folders), self.tongue, today())
            return _with_places(plan, folders, source_here=False), bool(there)

        def after(found: tuple[Plan, bool]) -> None:
            plan, any_there = found
            free = shutil.disk_usage(Path.home()).free
            if not any_there:
                self.tell(self.say("restore-none"))
            elif not plan.copies:
                self.tell(self.say("restore-same", files=plan.same))
            elif not plan.fits(free):
                size = words.size_text(plan.size_bytes, self.tongue)
                text = self.say("restore-full", size=size, free=words.size_text(free, self.tongue))
                self.tell(text, problem=True)
            else:
                self._carry_out(plan, place, _ABOVE, stick, "restore-done")

        self.beside(work, after, self.say("looking"))

    def let_go(self) -> None:
        """Unmount the stick, and say when it may be pulled out."""
        stick = self.chosen
        if stick is None:
            return
        self.busy = True
        self.tell(self.say("looking"))
        self.refresh()

        def after(free: bool) -> None:
            self.busy = False
            if free:
                self._show()
            self.tell(self.say("backup-out" if free else "backup-busy"), problem=not free)
            self.refresh()

        sticks.let_go(stick, after)
