"""The Hijri date of a day by the Umm al-Qura calendar, from ICU's tables.

`python3 -m familypc.tasks.hijri` prints today's for the panel. ICU counts from midnight, as the
kingdom's offices do; its tables reach from 1300 to 1600 AH, and a day beyond has no date here.
"""

from __future__ import annotations

import os
from datetime import date, timedelta

import icu

from familypc.tasks.session import language, today

_FIRST, _LAST = date(1882, 11, 12), date(2174, 11, 25)
_CALENDAR = "@calendar=islamic-umalqura;numbers=latn"
_PATTERN = "d MMMM y"
_ERA = {"ar": "هـ", "en": "AH"}


def hijri_text(day: date, tongue: str) -> str:
    """That day as people write it, in `ar` or `en`: `8 جمادى الآخرة 1448 هـ`; empty beyond ICU."""
    if not _FIRST <= day <= _LAST:
        return ""
    locale = icu.Locale(f"{'ar_SA' if tongue == 'ar' else 'en_US'}{_CALENDAR}")
    pattern = icu.SimpleDateFormat(_PATTERN, locale)
    pattern.setTimeZone(icu.TimeZone.createTimeZone("UTC"))
    # Noon, so that no rounding of seconds can reach another day.
    noon = (day - date(1970, 1, 1)) / timedelta(seconds=1) + 43_200
    return f"{pattern.format(noon)} {_ERA[tongue]}"


if __name__ == "__main__":
    print(hijri_text(today(), language(os.environ)))
