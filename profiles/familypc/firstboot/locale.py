"""Language and keyboard of the whole PC, through systemd-localed."""

from __future__ import annotations

from familypc.firstboot.bus import call

_NAME, _PATH = "org.freedesktop.locale1", "/org/freedesktop/locale1"
# As the image has them: both Alt-Shift orders switch, the lamp shows the second layout.
_MODEL, _OPTIONS = "pc105", "grp:alt_shift_toggle,grp_led:scroll"


def set_language(locale: str) -> None:
    """The language of everything that starts from now on."""
    call(_NAME, _PATH, _NAME, "SetLocale", "(asb)", [f"LANG={locale}"], False)


def set_keyboard(layouts: tuple[str, ...]) -> None:
    """The keyboard's layouts, the first one first in use."""
    values = (",".join(layouts), _MODEL, "", _OPTIONS, True, False)
    call(_NAME, _PATH, _NAME, "SetX11Keyboard", "(ssssbb)", *values)
