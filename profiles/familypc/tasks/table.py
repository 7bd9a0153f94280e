"""The table of tasks: what is on the board, in its order, and which program does it.

A task has ways of doing it, the best first; the first one whose program is installed is taken,
and a task without any is not on the board. The desktop entries are written from here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A command line, and the programs that must be installed for it."""

    command: str
    needs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One button. `entry`: its desktop entry's name, without `.desktop`; `icon`: by theme name."""

    name: str
    entry: str
    ar: str
    en: str
    ar_comment: str
    en_comment: str
    icon: str
    categories: str
    ways: tuple[Way, ...]


def _own(command: str, *needs: str) -> Way:
    return Way(command=f"family-task {command}", needs=("python3", *needs))


def _paper(name: str, ar: str, en: str, ar_comment: str, en_comment: str, icon: str) -> Task:
    # Takes the place of the entry that the build writes for each template.
    return Task(
        name=name,
        entry=f"tajdeed-paper-{name}",
        ar=ar,
        en=en,
        ar_comment=ar_comment,
        en_comment=en_comment,
        icon=icon,
        categories="Office;",
        ways=(_own(f"paper {name}", "libreoffice"),),
    )


TASKS = (
    _paper(
        "bill", "فاتورة", "Bill",
        "فاتورة جديدة تحسب المجموع", "A new bill that works out its total",
        "accessories-calculator",
    ),
    _paper(
        "price-list", "قائمة الأسعار", "Price list",
        "منتجاتك وأسعارها", "Your products and their prices",
        "x-office-spreadsheet",
    ),
    _paper(
        "order-book", "دفتر الطلبات", "Order book",
        "من طلب ماذا، وما بقي عليه", "Who ordered what, and what is left to pay",
        "x-office-calendar",
    ),
    Task(
        name="photo",
        entry="tajdeed-task-photo",
        ar="الصور",
        en="Photos",
        ar_comment="جهّز صور منتجاتك للعرض",
        en_comment="Make pictures of your products ready to be shown",
        icon="multimedia-photo-manager",
        categories="Graphics;",
        ways=(_own("photo"),),
    ),
    _paper(
        "flyer", "إعلان", "Flyer",
        "ورقة إعلان بصورة وسعر", "A sheet with a picture and a price",
        "tajdeed-flyer",
    ),
    _paper(
        "accounts", "الحسابات", "Accounts",
        "الدخل والمصروف وربح كل شهر", "Income, costs and what each month leaves",
        "application-vnd.oasis.opendocument.chart",
    ),
    Task(
        name="mail",
        entry="tajdeed-task-mail",
        ar="البريد الإلكتروني",
        en="E-mail",
        ar_comment="اقرأ رسائلك واكتبها",
        en_comment="Read and write letters",
        icon="internet-mail",
        categories="Network;",
        ways=(
            Way(command="thunderbird", needs=("thunderbird",)),
            _own("page mail", "firefox-esr"),
        ),
    ),
    Task(
        name="shop",
        entry="tajdeed-task-shop",
        ar="المتجر وواتساب",
        en="Shop and WhatsApp",
        ar_comment="واتساب ومتجرك على الإنترنت",
        en_comment="WhatsApp and your shop on the internet",
        icon="tajdeed-shop",
        categories="Network;",
        ways=(_own("page shop", "firefox-esr"),),
    ),
    Task(
        name="print",
        entry="tajdeed-task-print",
        ar="طباعة",
        en="Print",
        ar_comment="اطبع ملفًا أو صورة",
        en_comment="Print a file or a picture",
        icon="printer",
        categories="Utility;",
        ways=(_own("print", "lp"),),
    ),
    Task(
        name="scan",
        entry="tajdeed-task-scan",
        ar="مسح ضوئي",
        en="Scan",
        ar_comment="حوّل ورقة إلى ملف PDF أو نص",
        en_comment="Turn a sheet into a PDF or into text",
        icon="scanner",
        categories="Graphics;",
        ways=(_own("scan", "scanimage"),),
    ),
    Task(
        name="backup",
        entry="tajdeed-task-backup",
        ar="نسخة احتياطية",
        en="Backup",
        ar_comment="انسخ ملفاتك إلى ذاكرة USB",
        en_comment="Copy your files to a USB stick",
        icon="drive-removable-media-usb",
        categories="Utility;",
        ways=(_own("backup"),),
    ),
    Task(
        name="welcome",
        entry="tajdeed-welcome",
        ar="مساعدة",
        en="Help",
        ar_comment="أين الأشياء، وكيف تحفظ وتطبع وتطلب المساعدة",
        en_comment="Where things are, how to save, print and get help",
        icon="help-browser",
        categories="Utility;",
        ways=(Way(command="welcome", needs=("welcome",)),),
    ),
)  # fmt: skip


def way_of(task: Task, installed: Callable[[str], bool]) -> Way | None:
    """The best way of doing a task with what is installed, or None."""
    return next((way for way in task.ways if all(map(installed, way.needs))), None)


def entry_text(task: Task, way: Way) -> str:
    """The desktop entry of a task done in that way, in both languages."""
    return (
        "[Desktop Entry]\nType=Application\n"
        f"Name={task.en}\nName[ar]={task.ar}\n"
        f"Comment={task.en_comment}\nComment[ar]={task.ar_comment}\n"
        f"Exec={way.command}\nIcon={task.icon}\n"
        f"Categories={task.categories}\nTerminal=false\n"
    )
