"""Time zone and clock, through systemd-timedated."""

from __future__ import annotations

from familypc.firstboot.bus import call

_NAME, _PATH = "org.freedesktop.timedate1", "/org/freedesktop/timedate1"


def set_zone(zone: str) -> None:
    """The time zone of the PC; the clock is set by the net whenever there is one."""
    call(_NAME, _PATH, _NAME, "SetTimezone", "(sb)", zone, False)
    call(_NAME, _PATH, _NAME, "SetNTP", "(bb)", True, False)
