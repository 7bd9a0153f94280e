"""What a task needs to know of the session: its language, and the day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime


def language(environ: Mapping[str, str]) -> str:
    """`ar` or `en`, as gettext(3) would choose."""
    chosen = next(
        (environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environ.get(name)), ""
    )
    if chosen.split(".")[0] not in ("", "C", "POSIX"):
        # Only then is LANGUAGE looked at.
        chosen = environ.get("LANGUAGE") or chosen
    return "ar" if chosen.startswith("ar") else "en"


def today() -> date:
    """The day where the PC is."""
    return datetime.now().astimezone().date()
