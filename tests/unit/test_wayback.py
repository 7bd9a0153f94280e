"""The way back of the family's PC: what is decided, on texts and names as a PC has them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from familypc.wayback.giving import Choice, choices, language
from familypc.wayback.keeping import Accounts, keep, with_people
from familypc.wayback.settling import asking_fstab, hostname_in, with_ids, with_name
from familypc.wayback.snapshots import steps
from familypc.wayback.words import all_keys, choice_text, say
from imagebuilder.images.rootkind import ROOT_KINDS

GIB = 1 << 30
FRESH = Accounts(
    passwd="root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n",
    shadow="root:*:20000:0:99999:7:::\ndaemon:*:20000:0:99999:7:::\n",
    group="root:x:0:\nsudo:x:27:\naudio:x:29:pulse\nlpadmin:x:101:\n",
    gshadow="root:*::\nsudo:*::\naudio:*::pulse\nlpadmin:!::\n",
)
OLD = Accounts(
    passwd=FRESH.passwd
    + "game:x:990:990::/:/usr/sbin/nologin\nmona:x:1000:1000:منى,,,:/home/mona:/bin/bash\n",
    shadow=FRESH.shadow + "mona:$y$j9T$abc:20400:0:99999:7:::\n",
    group="root:x:0:\nsudo:x:27:mona\naudio:x:29:pulse,mona\nlpadmin:x:101:mona\n"
    "vboxusers:x:120:mona\nmona:x:1000:\n",
    gshadow=FRESH.gshadow + "mona:!::\n",
)


def test_the_family_keeps_account_password_and_groups_and_nothing_else_comes_along() -> None:
    merged = with_people(FRESH, OLD)
    assert merged.passwd == FRESH.passwd + "mona:x:1000:1000:منى,,,:/home/mona:/bin/bash\n"
    assert merged.shadow == FRESH.shadow + "mona:$y$j9T$abc:20400:0:99999:7:::\n"
    assert merged.group == (
        "root:x:0:\nsudo:x:27:mona\naudio:x:29:pulse,mona\nlpadmin:x:101:mona\nmona:x:1000:\n"
    )
    assert merged.gshadow.splitlines()[-1] == "mona:!::"


def test_what_is_damaged_in_the_old_system_is_left_behind() -> None:
    broken = Accounts(passwd="\0\0mona:x\nmona:x:10O0:1:::\n", shadow="", group="::", gshadow="")
    assert with_people(FRESH, broken) == FRESH


def test_an_account_that_both_systems_have_stays_the_fresh_ones() -> None:
    merged = with_people(OLD, OLD)
    assert merged == OLD


def tree(place: Path, accounts: Accounts, locale: str) -> Path:
    (place / "etc/default").mkdir(parents=True)
    for name in ("passwd", "shadow", "group", "gshadow"):
        (place / "etc" / name).write_text(getattr(accounts, name))
    (place / "etc/default/locale").write_text(locale)
    return place


def test_language_place_and_wifi_stay_with_the_files(tmp_path: Path) -> None:
    old = tree(tmp_path / "old", OLD, "LANG=en_US.UTF-8\n")
    new = tree(tmp_path / "new", FRESH, "LANG=ar_SA.UTF-8\n")
    (old / "etc/localtime").symlink_to("/usr/share/zoneinfo/Asia/Kuwait")
    (new / "etc/localtime").symlink_to("/usr/share/zoneinfo/Asia/Riyadh")
    wifi = old / "etc/NetworkManager/system-connections/home.nmconnection"
    wifi.parent.mkdir(parents=True)
    wifi.write_text("[wifi]\n")
    wifi.chmod(0o600)
    (old / "etc/broken.conf").write_text("what broke it")
    keep(old, new)
    assert (new / "etc/default/locale").read_text() == "LANG=en_US.UTF-8\n"
    assert (new / "etc/localtime").readlink() == Path("/usr/share/zoneinfo/Asia/Kuwait")
    assert (new / wifi.relative_to(old)).stat().st_mode & 0o777 == 0o600
    assert "mona" in (new / "etc/passwd").read_text()
    assert not (new / "etc/broken.conf").exists()


def test_an_old_system_without_anything_keeps_no_one_from_the_factory_state(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    new = tree(tmp_path / "new", FRESH, "LANG=ar_SA.UTF-8\n")
    keep(tmp_path / "old", new)
    assert (new / "etc/passwd").read_text() == FRESH.passwd


TODAY = date(2026, 12, 3)


@pytest.mark.parametrize(
    ("there", "free_gib", "deleted", "taken"),
    [
        ([], 50, (), "@before-2026-12-03"),
        (["@before-2026-12-03"], 50, (), ""),
        (
            ["@before-2026-11-01", "@before-2026-11-20"],
            50,
            ("@before-2026-11-01",),
            "@before-2026-12-03",
        ),
        (["@before-2026-11-20"], 2, ("@before-2026-11-20",), ""),
        (["@", "@home", "@factory", "@home-factory", "@before-me"], 2, (), ""),
    ],
    ids=["first", "again-today", "third", "drive-nearly-full", "never-others"],
)
def test_snapshots_before_updates_are_few(
    there: list[str], free_gib: int, deleted: tuple[str, ...], taken: str
) -> None:
    found = steps(there, TODAY, free_gib * GIB)
    assert (found.delete, found.take) == (deleted, taken)


def test_the_mildest_choice_comes_first_and_deleting_last() -> None:
    names = ["@", "@before-2026-11-20", "@factory", "@before-2026-12-03", "@home"]
    assert choices(names) == (
        Choice(state="@before-2026-12-03", files_stay=True),
        Choice(state="@before-2026-11-20", files_stay=True),
        Choice(state="@factory", files_stay=True),
        Choice(state="@factory", files_stay=False),
    )


def test_every_text_is_there_in_both_languages_and_a_date_keeps_its_direction() -> None:
    for key in all_keys():
        facts = {"day": "2026-12-03", "what": "x"}
        arabic, english = say("ar", key, **facts), say("en", key, **facts)
        assert arabic and english and arabic != english
    assert "\u20662026-12-03\u2069" in choice_text("ar", choices(["@before-2026-12-03"])[0])


def test_it_asks_in_the_language_of_the_system() -> None:
    assert language("LANG=ar_SA.UTF-8\n") == "ar"
    assert language('LANG="en_US.UTF-8"\n') == "en"
    assert language("") == "ar"


def test_the_images_fstab_gets_the_drives_ids_and_the_copy_that_asks_is_its_own_root() -> None:
    own = with_ids(ROOT_KINDS["btrfs"].fstab, "0f4c9e1a-36fd", "1A2B-3C4D")
    assert "LABEL" not in own
    assert [line.split()[:2] for line in own.splitlines()] == [
        ["UUID=0f4c9e1a-36fd", "/"],
        ["UUID=0f4c9e1a-36fd", "/home"],
        ["UUID=1A2B-3C4D", "/boot/efi"],
    ]
    asking = asking_fstab(own).splitlines()
    assert [line.split()[1] for line in asking] == ["/", "/boot/efi"]
    assert "subvol=@asking," in asking[0]


def test_the_host_name_is_read_and_nothing_else_taken_for_one() -> None:
    assert hostname_in(b"tj-0042-7".ljust(63, b"\n")) == "tj-0042-7"
    assert hostname_in(bytes(63)) == ""
    assert hostname_in(b"\xff\xfe rm -rf".ljust(63, b"\n")) == ""
    hosts = "127.0.0.1 localhost\n127.0.1.1 tajdeed-pc\n"
    assert with_name(hosts, "tj-0042-7") == "127.0.0.1 localhost\n127.0.1.1 tj-0042-7\n"
