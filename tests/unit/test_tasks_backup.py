"""The family's backup: what goes to a stick and back, in which order, and what is said of it."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from familypc.tasks import backup, backup_told, copying, papers, places, words
from familypc.tasks.backup import PLACES, Copy, File, Missing, Plan
from familypc.tasks.backup_told import FROM_STICK, TO_STICK
from familypc.tasks.copying import NotRead, Progress, files_below
from familypc.tasks.places import ROOT

DAY = date(2026, 11, 28)
DOCUMENTS, PICTURES, MUSIC, OTHERS = (
    PLACES[kind] for kind in ("documents", "pictures", "music", "others")
)
NOBODY = 65534


def put(path: Path, content: bytes | str, changed_s: float = 1.6e9) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    os.utime(path, (changed_s, changed_s))
    return path


def folders(home: Path) -> dict[str, Path]:
    home.mkdir(parents=True, exist_ok=True)
    return {"documents": home / "مستندات", "pictures": home / "صور", "others": home}


def back_up(home: Path, place: Path) -> Progress:
    """As the window does it."""
    found = folders(home)
    here = places.family_files(found).files
    plan = backup.backup_plan(here, files_below(place).files, backup.FAT32_LARGEST)
    place.mkdir(parents=True, exist_ok=True)
    return copying.carry_out(places.from_here(plan, found), ROOT, place, lambda _: None)


def bring_back(home: Path, place: Path, templates: Path = Path("/nowhere")) -> Progress:
    """As the window does it."""
    found = folders(home)
    here = places.family_files(found).files
    paths = {file.path: places.here(file.path, found) for file in here}
    untouched = papers.untouched_papers(paths.values(), templates)
    plan = backup.restore_plan(
        files_below(place).files,
        here,
        "ar",
        DAY,
        kinds=found,
        untouched={name for name, path in paths.items() if path in untouched},
    )
    return copying.carry_out(
        places.to_here(plan, found),
        place,
        ROOT,
        lambda _: None,
        lambda path: path in papers.untouched_papers([path], templates),
    )


# --- what is to be copied -----------------------------------------------------------------------


def test_only_what_is_new_or_changed_is_copied() -> None:
    here = [File("a.ods", 10, 1000.7), File("b.jpg", 20, 1000), File("c.txt", 5, 2000)]
    # FAT kept the time of a.ods in steps of two seconds, and c.txt was changed since.
    there = [File("a.ods", 10, 1000), File("c.txt", 4, 1000), File("old.txt", 1, 1)]
    plan = backup.backup_plan(here, there, None)
    assert plan.copies == (Copy("b.jpg", "b.jpg", 20), Copy("c.txt", "c.txt", 5, 4))
    assert plan.same == 1
    assert plan.size_bytes == 25


def test_what_fat_does_not_take_is_told_and_the_rest_goes_on() -> None:
    plan = backup.backup_plan(
        [File("film.mkv", 5 << 30, 1), File("a: b?.txt", 3, 1)], [], backup.FAT32_LARGEST
    )
    assert plan.missing == Missing(too_large=("film.mkv",))
    assert plan.copies == (Copy("a: b?.txt", "a： b？.txt", 3),)


def test_documents_go_first_then_pictures_and_large_videos_last() -> None:
    files = [
        File(f"{DOCUMENTS}/film.mp4", 900 << 20, 1),
        File(f"{PICTURES}/b.jpg", 1, 1),
        File(f"{OTHERS}/c.txt", 1, 1),
        File(f"{MUSIC}/short.mp4", 1 << 20, 1),
        File(f"{DOCUMENTS}/d.ods", 1, 1),
    ]
    plan = backup.backup_plan(files, [], None)
    assert [Path(copy.source).name for copy in plan.copies] == [
        "d.ods", "b.jpg", "short.mp4", "c.txt", "film.mp4",
    ]  # fmt: skip


def test_what_has_no_room_is_named_and_the_rest_is_copied() -> None:
    mib = 1 << 20
    plan = Plan(
        copies=(
            Copy("book.ods", "book.ods", 10 * mib, 10 * mib),
            Copy("film.mp4", "film.mp4", 100 * mib),
            Copy("cake.jpg", "cake.jpg", 30 * mib),
        )
    )
    found = backup.within(plan, 60 * mib)
    assert [copy.source for copy in found.copies] == ["book.ods", "cake.jpg"]
    assert found.missing == Missing(no_room=("film.mp4",))
    assert backup.within(plan, 200 * mib) == plan
    assert backup.within(plan, 0).missing.count == 3
    assert backup.within(Plan(copies=()), 0) == Plan(copies=())


def test_names_that_differ_by_case_alone_stay_two_files() -> None:
    files = [File("Cake.txt", 1, 1), File("cake.txt", 2, 1)]
    names = [name for _, name in backup.fitting_names(files)]
    assert names == ["Cake.txt", "cake (2).txt"]


@given(st.sets(st.text(st.characters(exclude_characters="/\0"), min_size=1)))
def test_any_names_fit_a_stick_and_stay_apart(names: set[str]) -> None:
    files = [File(name, 1, 1) for name in names if name not in (".", "..")]
    fitted = [name for _, name in backup.fitting_names(files)]
    assert len({name.casefold() for name in fitted}) == len(files)
    assert not any(set(name) & set('\\:*?"<>|') or name[-1] in ". " for name in fitted)
    assert all(name.encode() for name in fitted)


# --- there and back -----------------------------------------------------------------------------


def test_a_backup_brings_everything_back(tmp_path: Path) -> None:
    home, place = tmp_path / "home", tmp_path / "stick/place"
    cake = put(home / "صور/كيكة: شوكولاتة.jpg", b"picture" * 1000)
    bill = put(home / "مستندات/bill.ods", "first")
    put(home / "recipe.txt", "at home itself")
    put(home / "شغل/prices.ods", "a directory of her own")
    put(home / ".hidden", "x")
    put(home / ".config/secret", "x")
    assert back_up(home, place) == Progress(files=4, bytes=7000 + 5 + 14 + 22)
    assert back_up(home, place).files == 0
    # One file is lost, another was changed after the backup.
    cake.unlink()
    put(bill, "second", 1.7e9)
    assert bring_back(home, place).files == 2
    assert cake.read_bytes() == b"picture" * 1000
    assert bill.read_text() == "second"
    assert (home / "مستندات/bill (من النسخة 2026-11-28).ods").read_text() == "first"
    # Brought back once more: nothing is left to do.
    assert bring_back(home, place).files == 0
    # A new PC has all of it, where it was.
    assert bring_back(tmp_path / "new", place).files == 4
    assert (tmp_path / "new/recipe.txt").read_text() == "at home itself"
    assert (tmp_path / "new/شغل/prices.ods").read_text() == "a directory of her own"


def test_bringing_back_twice_never_replaces_what_she_wrote_meanwhile(tmp_path: Path) -> None:
    home, place = tmp_path / "home", tmp_path / "place"
    book = put(home / "مستندات/دفتر.ods", "old")
    back_up(home, place)
    put(book, "her book", 1.7e9)
    bring_back(home, place)
    beside = put(
        home / "مستندات/دفتر (من النسخة 2026-11-28).ods", "what she wrote into the copy", 1.71e9
    )
    for _ in range(2):
        bring_back(home, place)
    assert book.read_text() == "her book"
    assert beside.read_text() == "what she wrote into the copy"
    second = home / "مستندات/دفتر (من النسخة 2026-11-28) (2).ods"
    assert second.read_text() == "old"
    assert len(list(beside.parent.iterdir())) == 3


def test_two_files_of_a_stick_never_get_one_name() -> None:
    there = [
        File(f"{DOCUMENTS}/a.ods", 1, 10),
        File(f"{DOCUMENTS}/a (from the backup 2026-11-28).ods", 2, 20),
    ]
    plan = backup.restore_plan(there, [File(f"{DOCUMENTS}/a.ods", 3, 30)], "en", DAY)
    assert {copy.target for copy in plan.copies} == {
        f"{DOCUMENTS}/a (from the backup 2026-11-28).ods",
        f"{DOCUMENTS}/a (from the backup 2026-11-28) (2).ods",
    }


def test_a_file_that_came_into_being_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    put(tmp_path / "stick/a", "from the stick")
    put(tmp_path / "home/a", "hers")
    plan = Plan(copies=(Copy("a", "a", 14),))
    result = copying.carry_out(
        plan, tmp_path / "stick", tmp_path / "home", lambda _: None, lambda _: False
    )
    assert result.missing == Missing(failed=("a",))
    assert [path.name for path in (tmp_path / "home").iterdir()] == ["a"]
    assert (tmp_path / "home/a").read_text() == "hers"


def test_what_was_in_a_place_that_this_pc_does_not_have_comes_below_home(tmp_path: Path) -> None:
    put(tmp_path / f"stick/{MUSIC}/song.ogg", "song")
    put(tmp_path / "stick/letter.txt", "laid there by hand")
    for files in (2, 0):
        assert bring_back(tmp_path / "home", tmp_path / "stick").files == files
    assert (tmp_path / "home" / MUSIC / "song.ogg").read_text() == "song"
    assert (tmp_path / "home/letter.txt").read_text() == "laid there by hand"


def package(path: Path, content: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as writing:
        writing.writestr("content.xml", content)
    return path


@pytest.mark.parametrize("is_open", [False, True])
def test_an_untouched_paper_makes_room_for_the_real_one(tmp_path: Path, is_open: bool) -> None:
    templates, home, place = tmp_path / "templates", tmp_path / "home", tmp_path / "place"
    package(templates / "ar/order-book.ots", "empty")
    package(tmp_path / f"place/{DOCUMENTS}/دفتر الطلبات.ods", "orders of a year")
    blank = package(home / "مستندات/دفتر الطلبات.ods", "empty")
    os.utime(blank, (1e9, 1e9))
    if is_open:
        (blank.parent / ".~lock.دفتر الطلبات.ods#").touch()
    bring_back(home, place, templates)
    with zipfile.ZipFile(blank) as paper:
        found = paper.read("content.xml").decode()
    beside = blank.with_name("دفتر الطلبات (من النسخة 2026-11-28).ods")
    # In one that is open she may be writing just now.
    assert (found, beside.exists()) == (("empty", True) if is_open else ("orders of a year", False))


# --- where on the stick -------------------------------------------------------------------------


def test_two_pcs_of_the_same_name_do_not_share_a_place() -> None:
    one, other = (
        places.place_on(Path("/stick"), "أم محمد", places.machine_mark(machine_id))
        for machine_id in (
            "11111111111111111111111111111111\n",
            "22222222222222222222222222222222\n",
        )
    )
    assert one != other
    assert one.parent == other.parent == Path("/stick/Tajdeed-Backup")
    assert one.name.startswith("أم محمد - ")
    assert len(one.name) == len("أم محمد - ") + 8


def test_the_mark_does_not_show_the_machine_id() -> None:
    machine_id = "0123456789abcdef0123456789abcdef"
    assert places.machine_mark(machine_id) == places.machine_mark(f"{machine_id}\n")
    assert places.machine_mark(machine_id) not in machine_id


def test_after_a_reinstall_all_backups_of_the_stick_can_be_chosen(tmp_path: Path) -> None:
    # Written without its hamza this time, on a PC that has got a new machine-id.
    own = places.place_on(tmp_path, "ام محمد", places.machine_mark("new"))
    before = places.place_on(tmp_path, "أم محمد", places.machine_mark("old"))
    put(before / DOCUMENTS / "a.ods", "a", 1.7e9)
    # One of a version that made no mark, one without a file, one of this very PC.
    put(tmp_path / "Tajdeed-Backup/أم خالد/b.ods", "b", 1.8e9)
    (tmp_path / "Tajdeed-Backup/empty").mkdir()
    put(own / "c.ods", "c")
    found = places.other_backups(tmp_path, own)
    assert [(one.name, one.newest.year) for one in found] == [("أم خالد", 2027), ("أم محمد", 2023)]
    assert found[1].place == before


def test_a_stick_without_backups_has_none(tmp_path: Path) -> None:
    assert places.other_backups(tmp_path, tmp_path / "own") == []


# --- what cannot be copied ----------------------------------------------------------------------


@pytest.fixture
def open_place() -> Iterator[Path]:
    """A directory that any user can reach: pytest's own is closed to others than the tester."""
    place = Path(tempfile.mkdtemp(prefix="tajdeed-backup-"))
    place.chmod(0o777)
    yield place
    shutil.rmtree(place)


@contextlib.contextmanager
def as_an_ordinary_person() -> Iterator[None]:
    """Root may read everything; what a person may not read is seen without root's power only."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(before)


def test_what_cannot_be_looked_at_is_named_and_the_rest_is_found(open_place: Path) -> None:
    put(open_place / "صور/a.jpg", "a")
    put(open_place / "مستندات/closed/b.ods", "b")
    put(open_place / "مستندات/half/c.ods", "c")
    # Cannot be listed; can be listed, but nothing is told of what is in it.
    (open_place / "مستندات/closed").chmod(0o000)
    (open_place / "مستندات/half").chmod(0o444)
    with as_an_ordinary_person():
        found = places.family_files(folders(open_place))
    for name in ("closed", "half"):
        (open_place / "مستندات" / name).chmod(0o755)
    assert [file.path for file in found.files] == [f"{PICTURES}/a.jpg"]
    assert set(found.unread) == {f"{DOCUMENTS}/closed", f"{DOCUMENTS}/half/c.ods"}


def test_each_file_is_found_once_where_places_lie_in_each_other(tmp_path: Path) -> None:
    put(tmp_path / "docs/pictures/a.jpg", "a")
    put(tmp_path / "docs/b.ods", "b")
    found = places.family_files(
        {"documents": tmp_path / "docs", "pictures": tmp_path / "docs/pictures", "others": tmp_path}
    )
    assert {file.path for file in found.files} == {f"{DOCUMENTS}/b.ods", f"{PICTURES}/a.jpg"}


def test_reading_that_fails_is_not_taken_for_a_bad_stick(tmp_path: Path) -> None:
    # The kernel answers EIO to who reads the first byte of a process's memory.
    with pytest.raises(NotRead):
        copying.copy_file(Path("/proc/self/mem"), tmp_path / "a", lambda _: True)
    put(tmp_path / "home/b", "b")
    (tmp_path / "stick").mkdir()
    plan = Plan(copies=(Copy("proc/self/mem", "m", 1), Copy(f"{tmp_path}/home/b"[1:], "b", 1)))
    result = copying.carry_out(plan, ROOT, tmp_path / "stick", lambda _: None)
    assert result == Progress(files=1, bytes=1, missing=Missing(unread=("proc/self/mem",)))
    assert [path.name for path in (tmp_path / "stick").iterdir()] == ["b"]


def test_a_stick_that_is_full_in_the_middle_keeps_what_went_before_and_after(
    tmp_path: Path,
) -> None:
    home, stick = tmp_path / "home", tmp_path / "stick"
    for name in "abc":
        put(home / name, name)
    put(stick / "b", "older copy")
    # Whatever is written to the next copy of b meets a full device.
    (stick / ".b.part").symlink_to("/dev/full")
    plan = Plan(copies=tuple(Copy(name, name, 1) for name in "abc"))
    result = copying.carry_out(plan, home, stick, lambda _: None)
    assert result == Progress(files=2, bytes=2, missing=Missing(no_room=("b",)))
    assert {path.name: path.read_text() for path in stick.iterdir()} == {
        "a": "a", "b": "older copy", "c": "c",
    }  # fmt: skip


def test_a_file_larger_than_the_room_that_is_left_is_not_even_begun(tmp_path: Path) -> None:
    with put(tmp_path / "home/huge", "").open("wb") as stream:
        stream.truncate(shutil.disk_usage(tmp_path).total + (1 << 30))
    (tmp_path / "stick").mkdir()
    plan = Plan(copies=(Copy("huge", "huge", 1),))
    result = copying.carry_out(plan, tmp_path / "home", tmp_path / "stick", lambda _: None)
    assert result.missing == Missing(no_room=("huge",))


def test_what_cannot_be_written_is_told_of_the_stick(tmp_path: Path) -> None:
    put(tmp_path / "home/a/b", "b")
    put(tmp_path / "stick/a", "a file where a directory should come")
    plan = Plan(copies=(Copy("a/b", "a/b", 1),))
    result = copying.carry_out(plan, tmp_path / "home", tmp_path / "stick", lambda _: None)
    assert result.missing == Missing(failed=("a/b",))


@pytest.mark.parametrize(("source", "target"), [("home", "pulled-out"), ("pulled-out", "home")])
def test_a_stick_that_was_pulled_out_ends_it(tmp_path: Path, source: str, target: str) -> None:
    put(tmp_path / "home/a", "a")
    plan = Plan(copies=(Copy("gone", "x", 1), Copy("a", "b", 1)))
    with pytest.raises(FileNotFoundError):
        copying.carry_out(plan, tmp_path / source, tmp_path / target, lambda _: None)
    assert [path.name for path in tmp_path.iterdir()] == ["home"]
    assert [path.name for path in (tmp_path / "home").iterdir()] == ["a"]


# --- what is said -------------------------------------------------------------------------------

COPIES = (Copy("a", "a", 1),)
ALL = {"ar": "كل ", "en": "ll your "}
SAID = {
    "unread": ("تعذّرت قراءة عنصرين من الجهاز: ", "2 items could not be read from the PC: "),
    "no_room": ("بقي ملفان لا تتسع لهما الذاكرة: ", "no room on the stick for 2 files: "),
    "failed": ("لم يُكتب ملفان على الذاكرة: ", "2 files could not be written to the stick: "),
    "too_large": ("(4 غيغابايت)", "(4 GB)"),
}


@pytest.mark.parametrize("tongue", ["ar", "en"])
def test_all_is_said_when_all_is_there(tongue: str) -> None:
    assert ALL[tongue] in backup_told.waiting_told(Plan(copies=(), same=3), tongue)
    done = Progress(files=1, bytes=1)
    assert ALL[tongue] in backup_told.result_told(TO_STICK, Plan(copies=COPIES), done, tongue)


@pytest.mark.parametrize("tongue", ["ar", "en"])
@pytest.mark.parametrize("reason", SAID)
def test_all_is_not_said_when_anything_is_missing(tongue: str, reason: str) -> None:
    missing = replace(Missing(), **{reason: (f"{DOCUMENTS}/lost.ods", f"{DOCUMENTS}/gone.ods")})
    planned = Plan(copies=COPIES, missing=missing)
    done = Progress(files=1, bytes=1)
    for told in (
        backup_told.waiting_told(Plan(copies=(), same=3, missing=missing), tongue),
        backup_told.waiting_told(Plan(copies=(), missing=missing), tongue),
        backup_told.waiting_told(planned, tongue),
        backup_told.result_told(TO_STICK, planned, done, tongue),
        backup_told.result_told(
            TO_STICK, Plan(copies=COPIES), replace(done, missing=missing), tongue
        ),
    ):
        assert ALL[tongue] not in told
        assert SAID[reason][tongue == "en"] in told
        assert "lost.ods" in told
        assert "gone.ods" in told


def test_each_reason_is_told_apart() -> None:
    missing = Missing(unread=("a",), failed=("b",))
    result = Progress(files=5, bytes=9, missing=missing)
    first, unread, failed = backup_told.result_told(
        TO_STICK, Plan(copies=COPIES), result, "en"
    ).splitlines()
    assert "5 files were copied" in first
    assert "not complete" in first
    assert "another stick" not in unread
    assert "another stick" in failed


def test_nothing_is_not_called_something() -> None:
    result = Progress(files=0, bytes=0, missing=Missing(failed=("a",)))
    told = backup_told.result_told(FROM_STICK, Plan(copies=COPIES), result, "en")
    assert told.startswith("No file was copied")
    assert "One file could not be written to the PC: " in told


def test_a_name_that_is_no_text_can_be_shown() -> None:
    missing = Missing(unread=(os.fsdecode(b"photo\xff.jpg"),))
    told = backup_told.waiting_told(Plan(copies=(), missing=missing), "ar")
    assert "photo\ufffd.jpg" in told
    assert told.encode()


def test_the_words_say_what_is_done_to_files() -> None:
    assert "لا يُحذف أي ملف. وإذا عدّلت ملفًا حلّت نسخته الجديدة محل القديمة" in words.say(
        "ar", "backup-why"
    )
    said = words.say("ar", "restore-done", files=1)
    assert "بقي كما هو، ووُضعت نسخة الذاكرة بجانبه وفي اسمها «من النسخة»" in said
