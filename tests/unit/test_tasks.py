"""The desktop's tasks: which are there, names of papers, texts, printing, scanning."""

from __future__ import annotations

import ast
import os
import re
import string
import zipfile
from datetime import date, timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest

from familypc.tasks import entries, layout, papers, photos, printing, scanning, words
from familypc.tasks.hijri import hijri_text
from familypc.tasks.latest import latest
from familypc.tasks.photos import Edit
from familypc.tasks.plaintext import decoded, text_paper
from familypc.tasks.printing import Printer
from familypc.tasks.scanning import Kind, Scanner
from familypc.tasks.session import language
from familypc.tasks.table import TASKS, entry_text, title_of, way_of
from imagebuilder.templates.table import TEMPLATES
from imagebuilder.templates.words import TONGUES

PACKAGE = Path(words.__file__).parent
DAY = date(2026, 11, 28)


# --- the table ----------------------------------------------------------------------------------


def test_a_task_is_done_by_the_best_program_that_is_there() -> None:
    mail = next(task for task in TASKS if task.name == "mail")
    for installed, command in [
        ({"python3", "thunderbird", "firefox-esr"}, "thunderbird"),
        ({"python3", "firefox-esr"}, "family-task page mail"),
    ]:
        way = way_of(mail, installed.__contains__)
        assert way is not None
        assert way.command == command


def test_a_task_without_its_program_has_no_button() -> None:
    scan = next(task for task in TASKS if task.name == "scan")
    assert way_of(scan, {"python3", "lp"}.__contains__) is None


def test_entries_are_written_for_what_is_installed_and_for_nothing_else(tmp_path: Path) -> None:
    programs, place = tmp_path / "local/bin", tmp_path / "applications"
    programs.mkdir(parents=True)
    for name in ("python3", "libreoffice", "welcome"):
        (programs / name).touch(0o755)
    entries.write_entries(place, str(programs))
    written = {path.stem for path in place.glob("*.desktop")}
    papers_and_own = {task.entry for task in TASKS if task.entry.startswith("tajdeed-paper-")}
    assert written == {
        *papers_and_own, "tajdeed-task-photo", "tajdeed-task-backup", "tajdeed-welcome",
    }  # fmt: skip


def test_programs_of_our_own_are_looked_for_where_they_are() -> None:
    ours = PACKAGE.parents[1] / "familypc/system-welcome/usr/local/bin/welcome"
    assert ours.is_file()
    assert "/usr/local/bin" in entries.SEARCHED.split(":")


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_an_entry_says_its_name_and_purpose_in_both_languages(task: object) -> None:
    found = next(one for one in TASKS if one is task)
    lines = entry_text(found, found.ways[0]).splitlines()
    said = dict(line.split("=", 1) for line in lines[1:])
    assert re.search("[\u0600-\u06ff]", said["Name[ar]"])
    assert re.search("[\u0600-\u06ff]", said["Comment[ar]"])
    assert said["Name"].isascii()
    assert said["Exec"].split()[0] in ("family-task", "thunderbird", "welcome")


def test_there_are_ten_tasks_and_beside_them_backup_and_help() -> None:
    assert len(TASKS) == 12
    assert {"backup", "welcome"} < {task.name for task in TASKS}
    assert len({title_of(task, "ar") for task in TASKS}) == 12
    assert len({title_of(task, "en") for task in TASKS}) == 12


@pytest.mark.parametrize("size", [(800, 560), (1024, 560), (1024, 728), (1366, 728), (1920, 1040)])
def test_the_board_fits_beside_the_icons_and_its_buttons_are_large(size: tuple[int, int]) -> None:
    found = layout.measures(*size, rows=3)
    left, top = layout.corner((0, 0, *size), found)
    # 100 pixels: what xfdesktop's icons of 56 need with their names
    assert left >= 0
    assert left + found.width <= size[0] - 100
    assert top + found.height <= size[1]
    assert found.icon >= 48
    assert found.width / layout.COLUMNS >= 2 * found.icon


def test_the_corners_are_cut_evenly() -> None:
    rectangles = layout.rounded(10, 20, 100, 80)
    assert sum(height for _, _, _, height in rectangles) == 80
    assert all(left - 10 == 110 - left - width for left, _, width, _ in rectangles)
    assert min(width for _, _, width, _ in rectangles) > 76


# --- the session --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"LANG": "ar_SA.UTF-8"}, "ar"),
        ({"LANG": "en_US.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8", "LANGUAGE": "ar:en"}, "ar"),
        ({"LANG": "ar_SA.UTF-8", "LC_ALL": "en_US.UTF-8"}, "en"),
        ({"LANG": "C", "LANGUAGE": "ar"}, "en"),
        ({}, "en"),
    ],
)
def test_the_language_is_the_one_that_gettext_takes(environ: dict[str, str], expected: str) -> None:
    assert language(environ) == expected


# --- texts --------------------------------------------------------------------------------------


def keys_in_code() -> set[str]:
    """Literal keys that the windows ask for; parts that are put together count by what is there."""
    found = set()
    for source in PACKAGE.glob("*.py"):
        if source.name == "words.py":  # where every one of them stands
            continue
        for node in ast.walk(ast.parse(source.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
    return found


def test_every_text_is_used() -> None:
    literal = keys_in_code()
    joined = {"print-printer", "print-copies", "photo-why", "print-why", "scan-why", "backup-why"}
    joined |= {"comma", "bytes", "kB", "MB", "GB", "TB"}  # asked for beside the texts
    assert words.all_keys() - literal <= joined


@pytest.mark.parametrize(
    "key", [key.split("/")[1] for key, row in words.TEXTS.rows() if isinstance(row, str)]
)
def test_a_text_says_the_same_facts_in_both_languages(key: str) -> None:
    arabic, english = words.texts(key)
    facts = [
        {name for _, name, _, _ in string.Formatter().parse(text) if name}
        for text in (arabic, english)
    ]
    assert facts[0] == facts[1]
    bare = re.sub(r"{\w+}", "", arabic)
    assert re.search("[\u0600-\u06ff]", bare) or not re.search(r"\w", bare)
    assert not re.search("[\u0600-\u06ff]", english)


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 bytes"), (999, "999 bytes"), (1500, "2 kB"), (4_700_000, "4.7 MB"),
     (15_990_000_000, "16 GB"), (999_600, "1.0 MB")],
)  # fmt: skip
def test_sizes_are_read_in_steps_of_a_thousand(size: int, text: str) -> None:
    assert words.size_text(size, "en").strip("\u2068\u2069").replace("\u00a0", " ") == text
    assert "بايت" in words.size_text(size, "ar")


# --- papers -------------------------------------------------------------------------------------


def template(path: Path, content: str = "empty") -> Path:
    kind = "application/vnd.oasis.opendocument.spreadsheet-template"
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as writing:
        writing.writestr("mimetype", kind)
        writing.writestr("META-INF/manifest.xml", f'<e full-path="/" media-type="{kind}"/>')
        writing.writestr("content.xml", content)
    return path


def test_papers_are_called_as_their_templates_are() -> None:
    assert {one.name for one in TEMPLATES} == set(papers.PAPERS)
    for one in TEMPLATES:
        assert (papers.PAPERS[one.name].ar, papers.PAPERS[one.name].en) == (one.ar, one.en)


def test_each_bill_is_a_file_of_its_own_by_its_day(tmp_path: Path) -> None:
    template(tmp_path / "templates/ar/bill.ots")

    def bill() -> Path:
        return papers.paper_file("bill", "ar", tmp_path / "docs", DAY, tmp_path / "templates")

    first = bill()
    assert first == tmp_path / "docs/الفواتير/فاتورة 2026-11-28.ods"
    with zipfile.ZipFile(first) as package:
        told = package.read("mimetype") + package.read("META-INF/manifest.xml")
        assert package.infolist()[0].filename == "mimetype"
    assert b"opendocument.spreadsheet" in told
    assert b"-template" not in told
    # Nothing was written into it: no second empty one beside it.
    assert bill() == first
    template(first, "three cakes")
    assert bill().name == "فاتورة 2026-11-28 (2).ods"


def test_a_book_is_opened_again_with_what_is_in_it(tmp_path: Path) -> None:
    template(tmp_path / "templates/en/order-book.ots")
    first = papers.paper_file("order-book", "en", tmp_path, DAY, tmp_path / "templates")
    template(first, "orders of a year")
    again = papers.paper_file(
        "order-book", "en", tmp_path, date(2027, 1, 1), tmp_path / "templates"
    )
    assert again == first == tmp_path / "Order book.ods"
    assert not papers.untouched(tmp_path / "templates/en/order-book.ots", again)


def test_a_paper_without_template_is_told_by_name(tmp_path: Path) -> None:
    with pytest.raises(papers.NoTemplate, match="bill"):
        papers.paper_file("bill", "ar", tmp_path, DAY, tmp_path)
    assert list(tmp_path.iterdir()) == []


# --- printing -----------------------------------------------------------------------------------


def test_the_default_printer_comes_first() -> None:
    names = "Canon_TS3400\nHP_LaserJet_1020\n"
    found = printing.printers_from(names, "system default destination: HP_LaserJet_1020\n")
    assert found == (Printer("HP_LaserJet_1020", True), Printer("Canon_TS3400"))
    assert found[0].label == "HP LaserJet 1020"


def test_no_printer_is_no_printer() -> None:
    assert printing.printers_from("", "no system default destination\n") == ()


def test_the_latest_printable_files_are_offered(tmp_path: Path) -> None:
    for number, name in enumerate(["a.ods", "b.PDF", "c.exe", ".d.pdf", "e.jpg"]):
        (tmp_path / name).write_bytes(b"x")
        os.utime(tmp_path / name, (number, number))
    assert [path.name for path in latest([tmp_path, tmp_path], printing.printable, 2)] == [
        "e.jpg",
        "b.PDF",
    ]


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where programs in the places of LibreOffice and `lp` keep what they are given."""
    programs, kept = tmp_path / "bin", tmp_path / "kept"
    programs.mkdir()
    kept.mkdir()
    last = 'for last; do :; done; cp "$last" '
    for name, script in {
        "libreoffice": f'{last} {kept}; cp "$last" "$5/$(basename "${{last%.*}}").pdf"',
        "lp": f"{last} {kept}; echo 'request id is Printer-7 (1 file(s))'",
    }.items():
        (programs / name).write_text(f"#!/bin/sh\n{script}\n")
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    return kept


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("ورقة.txt", {"ورقة.fodt", "ورقة.pdf"}),
        ("a.odt", {"a.odt", "a.pdf"}),
        ("b.PDF", {"b.PDF"}),
    ],
)
def test_text_reaches_the_printer_as_a_pdf_of_the_office(
    tmp_path: Path, kept: Path, name: str, given: set[str]
) -> None:
    (tmp_path / name).write_text("السلام عليكم")
    assert printing.print_file(tmp_path / name, "Printer", 1) == "Printer-7"
    assert {path.name for path in kept.iterdir()} == given
    assert all("السلام عليكم" in path.read_text() for path in kept.iterdir())


def test_each_line_of_a_text_begins_where_its_letters_do() -> None:
    paper = text_paper("طلب (3):\n12.5\nTotal <a> & b\n\n  x\ty\a")
    assert re.findall(r'<text:p text:style-name="(..)">(.*)</text:p>', paper) == [
        ("rl", "طلب (3):"),
        ("rl", "12.5"),
        ("lr", "Total &lt;a&gt; &amp; b"),
        ("lr", ""),
        ("lr", '<text:s text:c="2"/>x<text:tab/>y'),
    ]
    assert ElementTree.fromstring(paper).tag.endswith("}document")


@pytest.mark.parametrize("code", ["utf-8", "utf-8-sig", "utf-16", "windows-1256"])
def test_a_text_of_an_older_pc_is_read(code: str) -> None:
    assert decoded("كيك".encode(code)) == "كيك"


def test_a_damaged_byte_costs_one_letter_and_not_the_whole_text() -> None:
    order = "طلب كيك لثلاثين شخصًا"
    damaged = order.encode()[:-1]  # cut off in the middle of its last letter
    assert decoded(damaged) == order[:-1] + "\ufffd"
    assert decoded(order.encode("windows-1256")) == order


def test_the_job_is_known_by_what_lp_says() -> None:
    assert printing.job_from("request id is HP_LaserJet-12 (1 file(s))\n") == "HP_LaserJet-12"
    assert printing.job_from("") == ""


# --- scanning -----------------------------------------------------------------------------------

# `scanimage --help` of sane-backends 1.3.1's test backend and, shortened, of an escl scanner.
TEST_HELP = """\
    --mode Gray|Color [Gray]
    --depth 1|8|16 [8]
    --resolution 1..1200dpi (in steps of 1) [50]
    -l 0..200mm (in steps of 1) [0]
    -x 0..200mm (in steps of 1) [80]
    -y 0..200mm (in steps of 1) [100]
"""
ESCL_HELP = """\
    --mode Lineart|Gray|Color [Color]
    --resolution 75|150|200|600dpi [75]
    -x 0..215.9mm [215.9]
    -y 0..297.011mm [297.01]
"""


@pytest.mark.parametrize(
    ("helped", "words"),
    [
        (TEST_HELP, "--mode Color --resolution 300 -x 200 -y 200"),
        (ESCL_HELP, "--mode Color --resolution 200 -x 210 -y 297"),
        ("no options", ""),
    ],
)
def test_a_sheet_is_scanned_as_well_as_the_scanner_can(helped: str, words: str) -> None:
    assert scanning.page_options(helped) == words.split()


def test_cameras_are_no_scanners() -> None:
    listed = "v4l:/dev/video0\tNoname Camera\nairscan:e0:HP\tHP  OfficeJet_Pro\nbroken\n"
    assert scanning.scanners_from(listed) == (Scanner("airscan:e0:HP", "HP OfficeJet Pro"),)


def test_text_is_offered_only_where_it_can_be_read() -> None:
    assert scanning.kinds(True) == (Kind.PDF, Kind.PICTURE, Kind.TEXT)
    assert scanning.kinds(False) == (Kind.PICTURE,)


def test_sheets_get_names_that_are_free() -> None:
    taken = {"ورقة 2026-11-28.jpg", "ورقة 2026-11-28.pdf"}
    assert scanning.names_for(Kind.PDF, 3, "ar", DAY, taken) == ("ورقة 2026-11-28 (2).pdf",)
    assert scanning.names_for(Kind.PICTURE, 2, "en", DAY, taken) == (
        "Sheet 2026-11-28.jpg",
        "Sheet 2026-11-28 (2).jpg",
    )


# --- pictures -----------------------------------------------------------------------------------


def test_a_picture_is_turned_and_lit_within_bounds() -> None:
    edit = Edit()
    for _ in range(5):
        edit = photos.lit(photos.turned(edit), 1)
    assert edit == Edit(turns=1, light=4)
    assert photos.lit(edit, -20).light == -4


def test_lighter_and_darker_keep_black_and_white() -> None:
    for light in range(-4, 5):
        tones = photos.tones(light)
        assert (tones[0], tones[255], len(tones)) == (0, 255, 256)
        assert list(tones) == sorted(tones)
    assert photos.tones(0) == bytes(range(256))
    assert photos.tones(2)[100] > 100 > photos.tones(-2)[100]


def test_a_square_is_cut_from_the_middle_and_a_copy_is_small() -> None:
    assert photos.square_box(400, 300) == (50, 0, 300)
    assert photos.fitted(4000, 3000, photos.LONGEST) == (1600, 1200)
    assert photos.fitted(800, 600, photos.LONGEST) == (800, 600)
    assert photos.fitted(100_000, 3, 1600) == (1600, 1)


def test_a_copy_never_takes_the_name_of_another_file() -> None:
    first = photos.copy_name("كيكة.png", "ar", ())
    assert first == "كيكة (معدّلة).jpg"
    assert photos.copy_name("كيكة.png", "ar", {first}) == "كيكة (معدّلة 2).jpg"


# --- the Hijri date -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "arabic"),
    [
        # First days of Ramadan and of years, as the kingdom announced them
        (date(2024, 3, 11), "1 رمضان 1445 هـ"),
        (date(2025, 3, 1), "1 رمضان 1446 هـ"),
        (date(2025, 6, 26), "1 محرم 1447 هـ"),
        (date(2026, 2, 18), "1 رمضان 1447 هـ"),
        (date(2024, 6, 16), "10 ذو الحجة 1445 هـ"),
        (date(2026, 11, 28), "18 جمادى الآخرة 1448 هـ"),
    ],
)
def test_the_hijri_date_is_the_official_one(day: date, arabic: str) -> None:
    assert hijri_text(day, "ar") == arabic


def test_hijri_months_run_without_gap_or_double() -> None:
    day, before = date(2026, 1, 1), ""
    while day < date(2040, 1, 1):
        text = hijri_text(day, "en")
        number, _, month = text.partition(" ")
        if before.partition(" ")[2] == month:
            assert int(number) == int(before.partition(" ")[0]) + 1
        elif before:
            assert number == "1"
            assert before.partition(" ")[0] in ("29", "30")
        day, before = day + timedelta(days=1), text


def test_a_day_beyond_the_calendar_has_no_date() -> None:
    assert hijri_text(date(2100, 1, 1), "ar") == ""


# --- what is checked together -------------------------------------------------------------------


def test_what_decides_needs_no_screen() -> None:
    for name in (
        "table",
        "entries",
        "layout",
        "session",
        "words",
        "papers",
        "backup",
        "backup_told",
        "copying",
        "places",
        "photos",
        "plaintext",
        "printing",
    ):
        imports = ast.walk(ast.parse((PACKAGE / f"{name}.py").read_text()))
        assert not [
            node
            for node in imports
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("gi")
        ]


def test_the_pages_of_links_are_there_in_both_languages() -> None:
    place = PACKAGE.parents[1] / "files/family/usr/share/tajdeed/pages"
    for task in TASKS:
        for way in task.ways:
            if way.command.startswith("family-task page "):
                for tongue in TONGUES:
                    page = (place / f"{way.command.split()[2]}.{tongue.code}.html").read_text()
                    assert f'lang="{tongue.code}"' in page
                    assert not re.search(r'href="http:', page)
