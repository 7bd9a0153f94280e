"""Time zone and clock, through systemd-timedated."""

from __future__ import annotations

from familypc.firstboot.bus import call, prop

_NAME, _PATH = "org.freedesktop.timedate1", "/org/freedesktop/timedate1"


def set_zone(zone: str) -> None:
    """The time zone of the PC; the clock is set by the net whenever there is one."""
    call(_NAME, _PATH, _NAME, "SetTimezone", "(sb)", zone, False)
    # Enabling makes systemd read all units anew; what is to be woken meanwhile may be forgotten.
    if not prop(_NAME, _PATH, _NAME, "NTP"):
        call(_NAME, _PATH, _NAME, "SetNTP", "(bb)", True, False)
