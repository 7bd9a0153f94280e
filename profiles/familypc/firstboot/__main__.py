"""`python3 -m familypc.firstboot`: the assistant on the screen that it was started on, as root.

Ends at once where the PC already belongs to somebody. Exit status 0 means that an account is
there; anything else, that the assistant is to be shown again.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import gi

gi.require_version("Gtk", "3.0")
from gi.repository import Gtk  # noqa: E402

from familypc.firstboot import accounts, clock, locale, network  # noqa: E402
from familypc.firstboot.answers import Answers  # noqa: E402
from familypc.firstboot.applying import Names, apply, is_done  # noqa: E402
from familypc.firstboot.bus import ServiceError  # noqa: E402
from familypc.firstboot.window import Assistant  # noqa: E402

_PAUSES_S = (2, 8)
DONE = Path("/var/lib/tajdeed/first-boot-done")


class Services:
    """The system's services, in the forms that the window and `apply` ask for."""

    set_language = staticmethod(locale.set_language)
    set_keyboard = staticmethod(locale.set_keyboard)
    set_zone = staticmethod(clock.set_zone)
    make_account = staticmethod(accounts.make)
    wired = staticmethod(network.wired)
    networks = staticmethod(network.networks)

    def taken(self) -> tuple[str, ...]:
        """Login names that are not free."""
        return _names().taken

    def join(self, chosen: Any, key: str, metered: bool) -> None:
        """Join a Wi-Fi network for good."""
        network.join(chosen, key, metered=metered)

    def has_wifi(self) -> bool:
        """Whether there is an adapter: a network that does not show itself may be near."""
        return bool(network.adapters())

    def join_hidden(self, name: str, key: str, metered: bool) -> None:
        """Join a Wi-Fi network that is not listed, by the first adapter."""
        network.join(network.hidden(name, key, network.adapters()[0]), key, metered=metered)

    def try_keyboard(self, layouts: tuple[str, ...]) -> None:
        """These layouts on this very screen, to try them."""
        words = ["setxkbmap", "-layout", ",".join(layouts), "-option", "grp:alt_shift_toggle"]
        subprocess.run(words, check=False, capture_output=True)

    def finish(self, answers: Answers) -> None:
        """Put everything into the system, then mark it done."""
        for pause_s in _PAUSES_S:
            try:
                apply(answers, _names(), self)
                break
            except ServiceError as error:
                # A service that slept or was busy gets another chance before she is asked for one.
                print(f"first start: {error}; once more in {pause_s} s", file=sys.stderr)
                time.sleep(pause_s)
        else:
            apply(answers, _names(), self)
        _mark()


def _names() -> Names:
    return Names(all=accounts.login_names(), people=accounts.people())


def _mark() -> None:
    DONE.parent.mkdir(parents=True, exist_ok=True)
    DONE.touch()


def main() -> int:
    """Show the assistant to its end."""
    if is_done(_names()):
        _mark()
        return 0
    window = Assistant(Services())
    window.present()
    Gtk.main()
    return 0 if DONE.exists() else 1


if __name__ == "__main__":
    sys.exit(main())
