"""Numbers and states in words, in the language of this face.

Digits are 0-9 in both languages. Sizes are decimal (500 GB), as printed on drives' labels.
"""

from __future__ import annotations

from dataclasses import replace

from appliance import texts
from appliance.erasure.standards import BY_ID
from appliance.errors import TajdeedError
from appliance.i18n import N_, _, language
from appliance.job.state import DrivePhase
from appliance.model import Bus, Level, Media, Outcome, Reason
from appliance.tui.text import UNKNOWN, isolated, settled

PHASES = {
    DrivePhase.WAITING: N_("waiting"),
    DrivePhase.RELEASING: N_("releasing"),
    DrivePhase.ERASING: N_("erasing"),
    DrivePhase.VERIFYING: N_("verifying"),
    DrivePhase.DECIDED: N_("decided"),
    DrivePhase.LAYING_DOWN: N_("installing"),
    DrivePhase.CHECKING_IMAGE: N_("checking"),
    DrivePhase.FINISHED: N_("finished"),
    DrivePhase.LEFT_ALONE: N_("left alone"),
}

OUTCOMES = {
    Outcome.PURGED: (N_("purged"), "good", "✓"),
    Outcome.CLEARED: (N_("cleared"), "good", "✓"),
    Outcome.FAILED: (N_("failed"), "bad", "✗"),
    Outcome.UNKNOWN: (N_("unknown"), "doubt", "?"),
    Outcome.NOT_ATTEMPTED: (N_("not attempted"), "doubt", "–"),
    Outcome.DESTROYED: (N_("destroyed"), "good", "✓"),
    Outcome.NO_MEDIA: (N_("no media"), "doubt", "–"),
}

LEVELS = {
    Level.NONE: N_("none"),
    Level.CLEAR: N_("Clear"),
    Level.PURGE: N_("Purge"),
    Level.DESTROY: N_("Destroy"),
}

MEDIA = {Media.MAGNETIC: N_("hard disk"), Media.FLASH: N_("flash"), Media.UNKNOWN: UNKNOWN}

BUSES = {
    Bus.SATA: "SATA",
    Bus.SAS: "SAS",
    Bus.NVME: "NVMe",
    Bus.MMC: "MMC",
    Bus.USB: "USB",
    Bus.VIRTIO: "virtio",
    Bus.UNKNOWN: UNKNOWN,
}

_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")


def size(size_bytes: float) -> str:
    """Decimal, three significant digits at most: 500 GB, 1.02 TB, 67.1 MB."""
    value = float(size_bytes)
    for unit in _UNITS:
        if value < 999.5 or unit == _UNITS[-1]:
            break
        value /= 1000
    digits = 0 if value >= 99.95 or unit == "B" else 1 if value >= 9.995 else 2
    text = f"{value:.{digits}f}"
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text} {unit}"


def memory(mib: int) -> str:
    """Binary, as memory is sold: 8 GiB, 3.7 GiB."""
    return f"{mib / 1024:.1f}".removesuffix(".0") + " GiB"


def rate(bytes_s: float) -> str:
    """Bytes per second, or blank while nothing moves."""
    return f"{size(bytes_s)}/s" if bytes_s > 0 else ""


def duration(seconds: float | None) -> str:
    """h:mm:ss; `???` where it is not known."""
    if seconds is None:
        return UNKNOWN
    whole = max(0, round(seconds))
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"


def percent(done: int, total: int) -> str:
    """Never 100.0 % before everything is done."""
    if total <= 0:
        return ""
    tenths = min(1000, done * 1000 // total)
    return f"{tenths / 10:.1f} %"


def phase(which: DrivePhase) -> str:
    return _(PHASES[which])


def outcome(which: Outcome) -> tuple[str, str]:
    """(sign and word, role)."""
    word, role, sign = OUTCOMES[which]
    return f"{sign} {_(word)}", role


def level(which: Level) -> str:
    """The level; in Arabic the English word stands beside it."""
    return settled(_(LEVELS[which]))


def kind(bus: Bus, media: Media) -> str:
    """How it is attached and what it is: "SATA hard disk"."""
    return settled(_("{bus} {media}").format(bus=isolated(BUSES[bus]), media=_(MEDIA[media])))


def method(name: str) -> str:
    """The method's title where the table of standards has it, else its id."""
    known = BY_ID.get(name)
    return settled(_(known.title)) if known else isolated(name)


def _guarded(what: Reason | TajdeedError) -> Reason:
    """The same code, with facts that can neither reorder nor break the line."""
    reason = what if isinstance(what, Reason) else Reason(code=what.code, facts=what.facts)
    return replace(
        reason,
        facts={
            name: _fact(name, fact) if isinstance(fact, str) else fact
            for name, fact in reason.facts.items()
        },
    )


def _fact(name: str, fact: str) -> str:
    """A fact in words where it is one of our own terms, else isolated."""
    if name in ("level", "asked", "fallback") and fact in set(Level):
        return level(Level(fact))
    if name == "bus" and fact in set(Bus):
        return isolated(BUSES[Bus(fact)])
    return method(fact) if name == "method" else isolated(fact)


def told(what: Reason | TajdeedError) -> str:
    """The short text of a reason or error."""
    return settled(texts.short(_guarded(what), language()))


def advice(what: Reason | TajdeedError) -> str:
    """What it means and what to do; may be empty."""
    return texts.advice(_guarded(what), language())
