"""The Hijri date of a day by the Umm al-Qura calendar, as the kingdom's offices count it.

`python3 -m familypc.tasks.hijri` prints today's for the panel. The months come from hijridate's
table, which was compared with the printed calendars; ICU's differs from it on many days, the next
of them in August 2029. A day beyond the table (1343 to 1500 AH) has no date here.
"""

from __future__ import annotations

import os
from datetime import date

from hijridate import Gregorian

from familypc.tasks.session import language, today

_MONTHS = (
    ("محرم", "Muharram"),
    ("صفر", "Safar"),
    ("ربيع الأول", "Rabi I"),
    ("ربيع الآخر", "Rabi II"),
    ("جمادى الأولى", "Jumada I"),
    ("جمادى الآخرة", "Jumada II"),
    ("رجب", "Rajab"),
    ("شعبان", "Shaban"),
    ("رمضان", "Ramadan"),
    ("شوال", "Shawwal"),
    ("ذو القعدة", "Dhul-Qadah"),
    ("ذو الحجة", "Dhul-Hijjah"),
)


def hijri_text(day: date, tongue: str) -> str:
    """That day as people write it, in `ar` or `en`: `18 جمادى الآخرة 1448 هـ`; empty beyond."""
    try:
        found = Gregorian(day.year, day.month, day.day).to_hijri()
    except OverflowError:
        return ""
    arabic, english = _MONTHS[found.month - 1]
    if tongue == "ar":
        return f"{found.day} {arabic} {found.year} هـ"
    return f"{found.day} {english} {found.year} AH"


if __name__ == "__main__":
    print(hijri_text(today(), language(os.environ)))
