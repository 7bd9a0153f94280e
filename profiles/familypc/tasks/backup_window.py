"""The window of the backup: which stick, what is to be copied, copying, and letting go of it."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from gi.repository import GLib, Gtk

from familypc.tasks import backup, backup_told, copying, papers, places, sticks, words
from familypc.tasks.backup import Missing, Plan
from familypc.tasks.backup_told import FROM_STICK, TO_STICK, Way
from familypc.tasks.copying import Progress
from familypc.tasks.folders import family_folders
from familypc.tasks.frame import TaskWindow, choice, label, named, row
from familypc.tasks.places import ROOT, Backup
from familypc.tasks.session import today

_LIST_PX = 240
# On a PC that is full to its end nothing can be saved any more.
_KEPT_FREE = 1 << 30


class BackupWindow(TaskWindow):
    """One window for both ways: to the stick, and back from it."""

    def __init__(self) -> None:
        super().__init__("backup", "drive-removable-media-usb")
        self.found: list[sticks.Stick] = []
        self.plan = Plan(copies=())
        self.folders = family_folders()
        self.person = GLib.get_real_name() or GLib.get_user_name()
        self.mark = places.machine_mark(places.MACHINE_ID.read_text())
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
                (str(number), self.standing(self.say(
                    "backup-free",
                    name=words.isolated(stick.name),
                    free=words.size_text(stick.free_bytes, self.tongue),
                )))
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
        place, folders = self._own_place(stick), self.folders

        def work() -> Plan:
            here = places.family_files(folders)
            there = copying.files_below(place).files
            plan = backup.backup_plan(here.files, there, stick.largest_bytes)
            missing = plan.missing.and_also(Missing(unread=here.unread))
            return backup.within(replace(plan, missing=missing), stick.free_bytes)

        def after(plan: Plan) -> None:
            self.plan = plan
            self.state.set_text(backup_told.waiting_told(plan, self.tongue))

        self.beside(work, after, self.say("looking"))

    def _own_place(self, stick: sticks.Stick) -> Path:
        return places.place_on(stick.place, self.person, self.mark)

    def refresh(self) -> None:
        """Copying needs a stick with room for something; only a stick can be let go."""
        ready = self.chosen is not None and not self.busy
        self.start.set_sensitive(ready and bool(self.plan.copies))
        self.restore.set_sensitive(ready)
        self.eject.set_sensitive(ready)

    def copy(self) -> None:
        """Copy what waits, and look again at what is there then."""
        if (stick := self.chosen) is not None:
            self._carry_out(TO_STICK, self.plan, self._own_place(stick), stick)

    def _carry_out(self, way: Way, plan: Plan, place: Path, stick: sticks.Stick) -> None:
        def tell(progress: Progress) -> None:
            GLib.idle_add(self._tell_progress, progress, len(plan.copies), plan.size_bytes)

        def work() -> tuple[str, bool]:
            try:
                if way is TO_STICK:
                    place.mkdir(parents=True, exist_ok=True)
                    ready = places.from_here(plan, self.folders)
                    result = copying.carry_out(ready, ROOT, place, tell)
                else:
                    ready = places.to_here(plan, self.folders)
                    result = copying.carry_out(ready, place, ROOT, tell, _is_untouched)
            except OSError:
                if stick.place.is_mount():
                    raise
                return self.say("backup-gone"), True
            if result.missing.count and not stick.place.is_mount():
                return self.say("backup-gone"), True
            problem = bool(plan.missing.count or result.missing.count)
            return backup_told.result_told(way, plan, result, self.tongue), problem

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
            number = min(progress.files + progress.missing.count + 1, files)
            self.tell(self.say("backup-copying", files=number, all=files))
            self.progress(progress.bytes / size_bytes if size_bytes else 1.0)
        return False

    def bring_back(self) -> None:
        """Copy back what is on the stick and not here; if the own backup has nothing, ask which."""
        stick = self.chosen
        if stick is None:
            return
        own = self._own_place(stick)

        def work() -> tuple[Plan, list[Backup]]:
            plan = self._plan_from(own)
            nothing = not plan.copies and not plan.missing.count
            return plan, places.other_backups(stick.place, own) if nothing else []

        def after(found: tuple[Plan, list[Backup]]) -> None:
            plan, others = found
            if not others:
                self._bring(plan, own, stick)
            elif (place := self._choose(others)) is not None:
                self.beside(
                    lambda: self._plan_from(place),
                    lambda other: self._bring(other, place, stick),
                    self.say("looking"),
                )

        self.beside(work, after, self.say("looking"))

    def _plan_from(self, place: Path) -> Plan:
        there = copying.files_below(place)
        here = places.family_files(self.folders).files
        known = {file.path for file in there.files}
        full = {file.path: places.here(file.path, self.folders) for file in here}
        both = (path for name, path in full.items() if name in known)
        untouched = papers.untouched_papers(both, papers.TEMPLATES)
        plan = backup.restore_plan(
            there.files,
            here,
            self.tongue,
            today(),
            kinds=self.folders,
            untouched={name for name, path in full.items() if path in untouched},
        )
        plan = replace(plan, missing=Missing(unread=there.unread))
        return backup.within(plan, shutil.disk_usage(self.folders["others"]).free - _KEPT_FREE)

    def _bring(self, plan: Plan, place: Path, stick: sticks.Stick) -> None:
        if plan.copies or plan.missing.count:
            self._carry_out(FROM_STICK, plan, place, stick)
        else:
            self.tell(backup_told.nothing_told(FROM_STICK, plan, self.tongue))

    def _choose(self, found: list[Backup]) -> Path | None:
        """Which of the backups she wants; None if none of them."""
        listed = Gtk.ListBox(
            selection_mode=Gtk.SelectionMode.BROWSE, activate_on_single_click=False
        )
        listed.connect("row-activated", lambda *_: listed.get_toplevel().response(0))
        named(listed, self.say("restore-choose"))
        for one in found:
            name, day = words.isolated(one.name), words.isolated(one.newest.isoformat())
            told = self.say("restore-row", name=name, date=day)
            listed.add(label(self.standing(told), "why"))
        # The list is gone with its dialog when the answer is there.
        chosen: list[Backup] = []

        def select(_: Gtk.ListBox, row: Gtk.ListBoxRow | None) -> None:
            if row is not None:
                chosen[:] = [found[row.get_index()]]

        listed.connect("row-selected", select)
        listed.select_row(listed.get_row_at_index(0))
        # So that arrows choose at once, and Enter takes.
        listed.connect("map", lambda _: listed.get_selected_row().grab_focus())
        inside = Gtk.ScrolledWindow(
            hscrollbar_policy=Gtk.PolicyType.NEVER, propagate_natural_height=True
        )
        inside.set_max_content_height(_LIST_PX)
        inside.add(listed)
        answer = self.ask(self.say("restore-choose"), ("restore-bring", "go-back"), inside)
        return chosen[0].place if answer == "restore-bring" else None

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


def _is_untouched(path: Path) -> bool:
    return path.exists() and path in papers.untouched_papers([path], papers.TEMPLATES)
