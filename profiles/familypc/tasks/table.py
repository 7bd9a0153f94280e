"""The table of tasks: what is on the board, in its order, and which program does it.

A task has ways of doing it, the best first; the first one whose program is installed is taken,
and a task without any is not on the board. The desktop entries are written from here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from familypc.texts import Texts


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A command line, and the programs that must be installed for it."""

    command: str
    needs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One button. `title`, `comment`: in English, for `title_of` and `comment_of`.

    `entry`: its desktop entry's name, without `.desktop`; `icon`: by theme name.
    """

    name: str
    entry: str
    title: str
    comment: str
    icon: str
    categories: str
    ways: tuple[Way, ...]


def _own(command: str, *needs: str) -> Way:
    return Way(command=f"family-task {command}", needs=("python3", *needs))


def _paper(name: str, title: str, comment: str, icon: str) -> Task:
    # Takes the place of the entry that the build writes for each template.
    return Task(
        name=name,
        entry=f"tajdeed-paper-{name}",
        title=title,
        comment=comment,
        icon=icon,
        categories="Office;",
        ways=(_own(f"paper {name}", "libreoffice"),),
    )


TASKS = (
    _paper("bill", "Bill", "A new bill that works out its total", "accessories-calculator"),
    _paper("price-list", "Price list", "Your products and their prices", "x-office-spreadsheet"),
    _paper(
        "order-book", "Order book",
        "Who ordered what, and what is left to pay", "x-office-calendar",
    ),
    Task(
        name="photo",
        entry="tajdeed-task-photo",
        title="Photos",
        comment="Make pictures of your products ready to be shown",
        icon="multimedia-photo-manager",
        categories="Graphics;",
        ways=(_own("photo"),),
    ),
    _paper("flyer", "Flyer", "A sheet with a picture and a price", "tajdeed-flyer"),
    _paper(
        "accounts", "Accounts",
        "Income, costs and what each month leaves", "application-vnd.oasis.opendocument.chart",
    ),
    Task(
        name="mail",
        entry="tajdeed-task-mail",
        title="E-mail",
        comment="Read and write letters",
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
        title="Shop and WhatsApp",
        comment="WhatsApp and your shop on the internet",
        icon="tajdeed-shop",
        categories="Network;",
        ways=(_own("page shop", "firefox-esr"),),
    ),
    Task(
        name="print",
        entry="tajdeed-task-print",
        title="Print",
        comment="Print a file or a picture",
        icon="printer",
        categories="Utility;",
        ways=(_own("print", "lp"),),
    ),
    Task(
        name="scan",
        entry="tajdeed-task-scan",
        title="Scan",
        comment="Turn a sheet into a PDF or into text",
        icon="scanner",
        categories="Graphics;",
        ways=(_own("scan", "scanimage"),),
    ),
    Task(
        name="backup",
        entry="tajdeed-task-backup",
        title="Backup",
        comment="Copy your files to a USB stick",
        icon="drive-removable-media-usb",
        categories="Utility;",
        ways=(_own("backup"),),
    ),
    Task(
        name="welcome",
        entry="tajdeed-welcome",
        title="Help",
        comment="Where things are, how to save, print and get help",
        icon="help-browser",
        categories="Utility;",
        ways=(Way(command="welcome", needs=("welcome",)),),
    ),
)  # fmt: skip


TEXTS = Texts(
    "board",
    {task.name: task.title for task in TASKS}
    | {f"{task.name}-comment": task.comment for task in TASKS},
)


def title_of(task: Task, language: str) -> str:
    """What is written on a task's button, in `ar` or `en`."""
    return TEXTS.say(language, task.name)


def comment_of(task: Task, language: str) -> str:
    """What a task is for, in `ar` or `en`."""
    return TEXTS.say(language, f"{task.name}-comment")


def way_of(task: Task, installed: Callable[[str], bool]) -> Way | None:
    """The best way of doing a task with what is installed, or None."""
    return next((way for way in task.ways if all(map(installed, way.needs))), None)


def entry_text(task: Task, way: Way) -> str:
    """The desktop entry of a task done in that way, in both languages."""
    return (
        "[Desktop Entry]\nType=Application\n"
        f"Name={title_of(task, 'en')}\nName[ar]={title_of(task, 'ar')}\n"
        f"Comment={comment_of(task, 'en')}\nComment[ar]={comment_of(task, 'ar')}\n"
        f"Exec={way.command}\nIcon={task.icon}\n"
        f"Categories={task.categories}\nTerminal=false\n"
    )
