"""The family's PC: laid down, started with 2 GiB under Secure Boot, the assistant to its end.

Pictures go to `dist/screens/family/`: a person looks at them (connected letters, direction,
nothing cut, no boxes). What a program can judge is judged here.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator

import pytest

from imagebuilder.demo.firststart import Family, first_start
from imagebuilder.demo.screen import settled_picture
from imagebuilder.images.build import REPOSITORY
from imagebuilder.vm.drive import Drive
from imagebuilder.vm.machine import Machine, MachineSpec
from tests.vm.guestshell import shell_by_credential, wait_until
from tests.vm.test_image import GIB, image_for_tests, laid_down

pytestmark = [pytest.mark.full, pytest.mark.timeout(3600)]

SCREENS = REPOSITORY / "dist/screens/family"
# All other than the image has them: she begins to type in Arabic, and lives in Kuwait.
FAMILY = Family(name="أم خالد العتيبي", password="tamr-99", layout="ara", zone=2)
LOGIN = "am"
LOCALED = "org.freedesktop.locale1 /org/freedesktop/locale1 org.freedesktop.locale1"


@pytest.fixture(scope="module")
def family_pc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A PC on whose desktop its family has just arrived, by keyboard alone and without the net."""
    place = tmp_path_factory.mktemp("family")
    raw = place / "drive.raw"
    laid_down(image_for_tests("family-light"), raw, 8 * GIB, "TJ-0042-7", bios=False)
    spec = MachineSpec(
        name="family",
        firmware="secureboot",
        memory_mib=2048,
        drives=(Drive(name="disk", source=raw, bus="sata"),),
        extra=shell_by_credential(),
    )
    with Machine(spec, place / "vm") as machine:
        first_start(machine, FAMILY, SCREENS)
        machine.shell.ready(120)
        wait_until(machine, "pgrep -x lightdm-gtk-gre", 900)
        settled_picture(machine, SCREENS / "log-in.png", 300, 1)
        machine.type_text(FAMILY.password)
        machine.press("ret")
        wait_until(machine, "pgrep -x xfce4-panel && pgrep -x xfdesktop", 1200)
        yield machine


def of_the_session(machine: Machine, command: str) -> str:
    """What a command prints that runs as the family's own, in its session."""
    run_there = f"""'exec runuser -u {LOGIN} -- env -i "$@" sh -c "$0"'"""
    environment = "/proc/$(pgrep -xo xfdesktop)/environ"
    words = f"xargs -0 -a {environment} sh -c {run_there} {shlex.quote(command)}"
    return machine.shell.check(words, 120)


def test_the_account_is_the_familys_and_there_is_no_other(family_pc: Machine) -> None:
    ask = family_pc.shell.check
    assert ask(f"getent passwd {LOGIN} | cut -d: -f5").rstrip(",") == FAMILY.name
    groups = set(ask(f"id -nG {LOGIN}").split())
    assert {"sudo", "audio", "video", "plugdev", "netdev", "lpadmin", "scanner"} <= groups
    shells = ask("getent passwd | grep -vE ':(/usr/sbin/nologin|/bin/false|/bin/sync)$'")
    assert sorted(line.split(":")[0] for line in shells.splitlines()) == sorted(["root", LOGIN])
    # Nobody logs in as root, and the family's password is a real one.
    assert ask("passwd -S root").split()[1] == "L"
    assert ask(f"passwd -S {LOGIN}").split()[1] == "P"


def test_language_keyboard_and_place_are_those_that_were_answered(family_pc: Machine) -> None:
    ask = family_pc.shell.check
    assert ask(f"busctl get-property {LOCALED} Locale") == 'as 1 "LANG=ar_SA.UTF-8"'
    assert ask(f"busctl get-property {LOCALED} X11Layout") == 's "ara,us"'
    assert ask("timedatectl show --property=Timezone --value") == "Asia/Kuwait"
    assert of_the_session(family_pc, "echo $LANG") == "ar_SA.UTF-8"
    layout = of_the_session(family_pc, "setxkbmap -query | grep layout:")
    assert layout.split()[1] == "ara,us"


def test_the_system_is_whole_and_has_the_whole_drive(family_pc: Machine) -> None:
    ask = family_pc.shell.check
    assert ask("systemctl --failed --plain --no-legend") == ""
    assert ask("hostname") == "tj-0042-7"
    assert int(ask("df -B1 --output=size / | tail -n 1")) > 7 * GIB


def test_the_welcome_page_opens_once_and_the_desktop_stands(family_pc: Machine) -> None:
    shown = "pgrep -fo 'firefox.*welcome/ar.html'"
    first = wait_until(family_pc, shown, 900)
    settled_picture(family_pc, SCREENS / "welcome.png", 300, 10)
    of_the_session(family_pc, "welcome --once")
    assert family_pc.shell.check(shown) == first
    family_pc.shell.check("pkill -f firefox")
    of_the_session(family_pc, "welcome --once")
    settled_picture(family_pc, SCREENS / "desktop.png", 300, 20)
    assert family_pc.shell.run(shown)[0] == 1
    used_kb = int(
        family_pc.shell.check("awk '/MemTotal/ {t=$2} /MemAvailable/ {print t-$2}' /proc/meminfo")
    )
    assert used_kb < 700_000
