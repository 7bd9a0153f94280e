"""The words of the page, in Arabic and English as equals.

Level and outcome always carry the English standard word beside the Arabic one. Whatever
runs left to right inside an Arabic line (serials, sizes, paths) is isolated, or "500 GB"
would read "GB 500".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from appliance import texts
from appliance.i18n import N_, Translator, translator
from appliance.model import Reason

DOMAIN = "statement"
# The organisation works in Saudi Arabia; the zone stands beside every time.
ZONE = timezone(timedelta(hours=3), "UTC+3")

LRI, FSI, PDI = "\u2066", "\u2068", "\u2069"

OUTCOMES = {
    "purged": N_("purged"),
    "cleared": N_("cleared"),
    "failed": N_("FAILED"),
    "unknown": N_("unknown"),
    "not-attempted": N_("not attempted"),
    "destroyed": N_("destroyed"),
    "no-media": N_("no drives, attested"),
}
HIDDEN = {
    "none": N_("none found"),
    "removed": N_("removed"),
    "erased": N_("erased"),
    "present": N_("still there"),
    "could-not-be-excluded": N_("could not be excluded"),
}
OWN_LOCKS = {
    "reverted": N_("found set up, and removed with the drive's PSID"),
    "closed": N_("closed"),
    "open": N_("set up and open"),
}
MEANINGS = {
    "purged": N_("The Purge procedure was performed, and reading back found what it must find."),
    "cleared": N_("The Clear procedure was performed, and reading back found what it must find."),
    "failed": N_("At least one drive is NOT erased. Its data must be taken as still there."),
    "unknown": N_("It is not known whether the data are gone. Take them as still there."),
    "not-attempted": N_("At least one drive was not erased. Its data are still there."),
    "destroyed": N_("The drives were destroyed."),
    "no-media": N_("A person attested that this machine holds no drive."),
}
LEVELS = {
    "none": N_("none reached"),
    "clear": N_("Clear"),
    "purge": N_("Purge"),
    "destroy": N_("Destroy"),
}
MEDIA = {"magnetic": N_("hard disk"), "flash": N_("flash"), "unknown": N_("unknown medium")}
TECHNIQUES = {
    "overwrite": N_("overwrite"),
    "block erase": N_("block erase"),
    "cryptographic erase": N_("cryptographic erase"),
    "cryptographic and block erase": N_("cryptographic and block erase"),
    "cryptographic erase and overwrite": N_("cryptographic erase and overwrite"),
    "overwrite by the firmware": N_("overwrite by the drive's firmware"),
    "firmware erase": N_("erase by the drive's firmware"),
    "": N_("none"),
}
CHECKS = {
    "keyed-stream": N_("read back"),
    "canaries": N_("canaries"),
    "old-samples": N_("samples of old data"),
    "constant": N_("read back"),
    "pattern": N_("read back"),
    "pass": N_("read back between two passes"),
    "after-erase": N_("read back"),
}
# What a good check says, by its kind.
FOUND_GOOD = {
    "keyed-stream": N_("{read} read back: every byte is this job's stream"),
    "canaries": N_("canaries ({read}): all gone"),
    "old-samples": N_("samples of old data ({read}): none left"),
    "constant": N_("{read} read back: all blocks constant, as the drive declares"),
    "pattern": N_("{read} read back: every block holds the pattern"),
    "pass": N_("{read} read back between two passes: as written"),
    "after-erase": N_("{read} read back: as the drive declares to read after an erase"),
}
ROLES = {
    "sanitizing": N_("erased by"),
    "verifying": N_("verified by"),
    "validating": N_("validated by"),
}
NOT_RECORDED = {
    "asset-tag": N_("asset tag"),
    "lot": N_("lot"),
    "donor": N_("donor"),
    "machine-serial": N_("machine's serial number"),
    "donor-asset-tag": N_("donor's own tag"),
    "confidentiality-categorization": N_("confidentiality category"),
    "media-destination": N_("destination of the media"),
    "person-sanitizing": N_("who erased"),
    "person-verifying": N_("who verified"),
    "person-validating": N_("who validated"),
    "world-wide-name": N_("drive's world wide name"),
    "smart-before": N_("SMART data before"),
    "smart-after": N_("SMART data after"),
    "concurrence": N_("concurrence"),
}


@dataclass(frozen=True, slots=True)
class Both:
    """A text in both languages."""

    ar: str
    en: str

    @property
    def same(self) -> bool:
        return self.ar == self.en


def both(text: str, **facts: object) -> Both:
    """A marked text in both languages, its facts isolated in the Arabic one."""
    arabic, english = _translator("ar")(text), _translator("en")(text)
    if not facts:
        return Both(arabic, english)
    isolated = {name: ltr(value) for name, value in facts.items()}
    return Both(arabic.format(**isolated), english.format(**facts))


def counted(one: str, many: str, count: int) -> Both:
    """A text with a number, in the right plural form of each language."""
    return Both(
        _translator("ar").plural(one, many, count).format(count=ltr(count)),
        _translator("en").plural(one, many, count).format(count=count),
    )


def word(table: dict[str, str], code: str) -> Both:
    """The word of a code; the code itself where the table does not know it."""
    return both(table[code]) if code in table else Both(ltr(code), code)


def reason(record: dict[str, Any]) -> Both:
    """An exception's words from the product's one table of codes."""
    said = Reason(code=record["code"], facts=record["facts"])
    isolated = Reason(
        code=said.code, facts={name: ltr(value) for name, value in said.facts.items()}
    )
    return Both(texts.short(isolated, "ar"), texts.short(said, "en"))


def ltr(value: object) -> str:
    """A value that runs left to right wherever it stands."""
    return f"{LRI}{value}{PDI}"


def free(value: object) -> str:
    """A value of unknown direction (a name), kept together wherever it stands."""
    return f"{FSI}{value}{PDI}"


def size(count: int) -> str:
    """Bytes as drive makers count: 500 GB is 500 * 10^9 bytes."""
    for unit, scale in (("TB", 10**12), ("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= scale:
            value = count / scale
            text = (
                f"{value:.0f}"
                if value >= 100
                else f"{value:.1f}"
                if value >= 10
                else f"{value:.2f}"
            )
            return f"{text} {unit}"
    return f"{count} B"


def moment(text: str) -> datetime:
    """A statement's time in the zone of the page."""
    return datetime.fromisoformat(text).astimezone(ZONE)


def clock_time(text: str) -> str:
    return moment(text).strftime("%Y-%m-%d %H:%M UTC+3")


def hijri(text: str) -> str:
    """The Umm al-Qura date of a statement's day, as YYYY-MM-DD; empty beyond the tables
    (before 1924, after 2077), which a wrong clock can reach."""
    from hijridate import Gregorian

    day = moment(text)
    try:
        return str(Gregorian(day.year, day.month, day.day).to_hijri().isoformat())
    except (ValueError, OverflowError):
        return ""


def _translator(language: str) -> Translator:
    return translator(language, DOMAIN)
