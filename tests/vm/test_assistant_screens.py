"""The assistant and the way back on a real X server, as small as old PCs have them: nothing is cut.

Pictures go to `dist/screens/first-start/`: a person looks at them (connected letters, direction,
no boxes instead of letters).
"""

from __future__ import annotations

import ast
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from familypc.firstboot.answers import PAGES
from familypc.firstboot.words import texts
from familypc.wayback.words import say
from imagebuilder.images.build import PROFILES, REPOSITORY
from imagebuilder.images.chroot import in_tree
from imagebuilder.images.layer import package_layer
from imagebuilder.images.profile import read_profile
from imagebuilder.images.tree import settled_tree

SCREENS = REPOSITORY / "dist/screens/first-start"
# As `first-boot-screen` starts it, but for the screen.
RUN = """\
rm -f /tmp/.X9-lock /tmp/.X11-unix/X9
Xvfb :9 -screen 0 $1x24 -nolisten tcp >/dev/null 2>&1 &
until [ -e /tmp/.X11-unix/X9 ]; do sleep 0.1; done
export DISPLAY=:9 LC_ALL=ar_SA.UTF-8 GDK_BACKEND=x11 GTK_THEME=Greybird NO_AT_BRIDGE=1
exec dbus-run-session -- sh -c \\
  'xfwm4 --compositor=off 2>/dev/null & exec python3 /tmp/"$2".py "$1"' run /tmp/"$2"-"$1" "$2"
"""
SCRIPTS = ("assistant_screens", "backup_choice", "wayback_screens")

# A system bus with Debian's rules in the order given, ours wherever a directory lists it.
BUS = """\
<busconfig>
  <type>session</type> <listen>unix:path=/tmp/bus</listen> <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/> <deny own="*"/> <deny send_type="method_call"/>
    <allow send_type="signal"/> <allow send_type="method_return"/> <allow send_type="error"/>
    <allow receive_type="method_return"/> <allow receive_type="error"/>
    <allow send_destination="org.freedesktop.DBus"/>
  </policy>
  <include>/usr/share/dbus-1/system.d/%s</include>
  <include>/usr/share/dbus-1/system.d/%s</include>
  <includedir>/etc/dbus-1/system.d</includedir>
  <servicedir>/tmp/services</servicedir>
</busconfig>
"""
ASK = """\
mkdir -p /tmp/services
printf '%s\\n' '[D-BUS Service]' Name=org.freedesktop.locale1 Exec=/bin/false \\
  >/tmp/services/locale1.service
printf %s "$1" >/tmp/bus.conf
rm -f /tmp/bus
dbus-daemon --config-file=/tmp/bus.conf --fork --print-pid >/tmp/bus.pid
dbus-send --bus=unix:path=/tmp/bus --print-reply --dest=org.freedesktop.locale1 \\
  /org/freedesktop/locale1 org.freedesktop.locale1.SetLocale >/tmp/answer 2>&1 || :
kill "$(cat /tmp/bus.pid)"
cat /tmp/answer
"""
RULES = ("org.freedesktop.locale1.conf", "systemd-localed-read-only.conf")


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    place = tmp_path_factory.mktemp("screen") / "tree"
    profile = read_profile(PROFILES / "test-screen.yaml")
    settled_tree(profile, package_layer(profile, None), place)
    for name in SCRIPTS:
        shutil.copyfile(Path(__file__).with_name(f"{name}.py"), place / f"tmp/{name}.py")
    yield place
    shutil.rmtree(place)


def shown(tree: Path, script: str, size: str) -> dict[str, Any]:
    """Run a script on a screen of that size: what it found; its pictures are kept."""
    in_tree(tree, ["sh", "-euc", RUN, "run", size, script])
    made = tree / f"tmp/{script}-{size}"
    shutil.copytree(made, SCREENS / size, dirs_exist_ok=True)
    found: dict[str, Any] = json.loads((made / "facts.json").read_text())
    return found


SIZES = pytest.mark.parametrize("size", ["800x600", "1024x600", "1280x800", "1366x768"])


@pytest.mark.timeout(900)
@SIZES
def test_every_page_stands_whole(tree: Path, size: str) -> None:
    shutil.rmtree(SCREENS / size, ignore_errors=True)
    found = shown(tree, "assistant_screens", size)
    # Two languages; the network's page also with many networks and with one that is not listed,
    # the account's with a complaint.
    assert len(found) == 2 * (len(PAGES) + 3)
    for page, facts in found.items():
        assert facts["size"] == [int(number) for number in size.split("x")], page
        assert facts["cut"] == [], page
        assert not facts["scrolls"], page
        onward = texts("finish" if "ready" in page else "next")[page.startswith("en")]
        assert onward in facts["buttons"], page


@pytest.mark.parametrize("rules", [RULES, RULES[::-1]], ids=["denied-last", "allowed-last"])
def test_language_and_keyboard_may_be_set_in_whatever_order_the_rules_are_read(
    tree: Path, rules: tuple[str, str]
) -> None:
    in_tree(tree, ["sh", "-euc", ASK, "ask", BUS % rules])
    answer = (tree / "tmp/answer").read_text()
    # The rules are asked first; then somebody is started who ends at once.
    assert "org.freedesktop.DBus.Error.Spawn" in answer, answer


# In Latin letters آدم is the name of a group of Debian's, which adduser(8) refuses for a person.
ADAM = """\
login=$(python3 -B -c '
from familypc.firstboot.accounts import login_names
from familypc.firstboot.loginname import login_name
print(login_name("آدم", login_names()))')
adduser --quiet --disabled-password --comment "" "$login"
id -un "$login" >/tmp/answer
deluser --quiet "$login"
rm -r "/home/$login"
"""


def test_somebody_whose_name_is_a_groups_gets_an_account(tree: Path) -> None:
    in_tree(tree, ["sh", "-euc", ADAM])
    assert (tree / "tmp/answer").read_text() == "adm2\n"


def test_a_network_that_is_not_listed_is_asked_for_by_its_name(tree: Path) -> None:
    ask = (
        "from familypc.firstboot.network import hidden, settings\n"
        "open('/tmp/answer', 'w').write("
        "repr(settings(hidden('بيتنا', 'tamr-9999', '/dev/1'), 'tamr-9999', metered=False)))"
    )
    in_tree(tree, ["python3", "-B", "-c", ask])
    told = ast.literal_eval((tree / "tmp/answer").read_text())
    assert told["802-11-wireless"] == {"ssid": ("ay", "بيتنا".encode()), "hidden": ("b", True)}
    assert told["802-11-wireless-security"]["psk"] == ("s", "tamr-9999")


@pytest.mark.timeout(900)
@SIZES
def test_the_way_back_stands_whole_and_files_never_go_by_one_key(tree: Path, size: str) -> None:
    found = shown(tree, "wayback_screens", size)
    assert found.pop("acted") == {"times": 0}
    assert len(found) == 4
    for page, facts in found.items():
        assert facts["size"] == [int(number) for number in size.split("x")], page
        assert facts["cut"] == [], page
        assert not facts["scrolls"], page
        language = page.partition("-")[0]
        assert facts["focus"] == say(language, "sure" if "go" in page else "cancel"), page


def test_a_backup_of_another_pc_is_chosen_and_brought_back(tree: Path) -> None:
    kept = tree / "root/.config/user-dirs.dirs"
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text('XDG_DOCUMENTS_DIR="$HOME/المستندات"\n')
    found = shown(tree, "backup_choice", "1024x600")
    assert found["documents"] == {"دفتر الطلبات.ods": "دفتر قديم"}
    assert found["usable"]
    assert found["line"].startswith("تم. عاد ملف واحد إلى مكانه.")
