"""The way back's exchanges of subvolumes on a real btrfs: no virtual machine, a loop device."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from appliance.imaging import btrfs
from imagebuilder.images.btrfsroot import make_btrfs
from imagebuilder.images.rootkind import ROOT_KINDS
from imagebuilder.toolsroot import run_tool
from tests.vm.test_image import GIB, loop_device

PROFILES = Path(__file__).resolve().parents[2] / "profiles"
FILES = {
    "fstab": ROOT_KINDS["btrfs"].fstab,
    "hostname": "tajdeed-pc\n",
    "hosts": "127.0.1.1 tajdeed-pc\n",
    "passwd": "root:x:0:0:root:/root:/bin/bash\n",
    "shadow": "root:*:20000:0:99999:7:::\n",
    "group": "root:x:0:\n",
    "gshadow": "root:*::\n",
}
UUID = "8d7c0b5e-7a77-5a0e-9a55-0c5f0f6f2f10"
KEPT = ["@", "@factory", "@home", "@home-factory"]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    place = tmp_path_factory.mktemp("wayback")
    tree, image = place / "tree", place / "root.img"
    (tree / "etc").mkdir(parents=True)
    (tree / "home").mkdir()
    for name, text in FILES.items():
        (tree / "etc" / name).write_text(text)
    make_btrfs(tree, image, GIB, UUID, "tj-0042-7", 1_700_000_000)
    with image.open("r+b") as stream:
        stream.truncate(6 * GIB)
    assert btrfs.SUPERBLOCKS[-1] < image.stat().st_size
    script = Path(__file__).with_name("wayback_steps.py")
    with loop_device(image, 512) as device:
        run_tool(["sh", "-euc", _GROWN, "grow", device])
        told = run_tool(["python3", "-I", script, PROFILES, device]).text
    facts: dict[str, Any] = json.loads(told)
    return facts


# What systemd-growfs does at the first start.
_GROWN = """\
place=$(mktemp -d)
mount -o subvolid=5 "$1" "$place"
btrfs -q filesystem resize max "$place"
umount "$place"
rmdir "$place"
"""


def test_first_start_names_the_machine_and_keeps_the_factory_state(found: dict[str, Any]) -> None:
    first = found["first start"]
    assert first["volumes"] == KEPT
    assert first["hostname"] == "tj-0042-7\n"
    assert first["fstab"].count(f"UUID={UUID} ") == 3
    assert first["settled"]


def test_the_copy_that_asks_is_its_own_root(found: dict[str, Any]) -> None:
    assert "subvol=@asking," in found["asking"]
    assert " /home " not in found["asking"]


def test_files_and_accounts_stay_and_what_was_broken_is_gone(found: dict[str, Any]) -> None:
    assert found["files stay"]["accounts"] == ["root", "mona"]
    assert found["files stay"]["files"] == ["mona", "mona/letter"]
    assert not found["files stay"]["broken"]
    assert found["files stay"]["hostname"] == "tj-0042-7\n"
    # The next start settles what is left, the copy that asked among it.
    assert not found["files stay"]["settled"]
    assert found["updated"]["settled"]
    assert found["updated"]["volumes"] == sorted(
        [*KEPT, "@before-2026-12-02", "@before-2026-12-03"]
    )


def test_the_state_before_an_update_comes_back_with_all_files(found: dict[str, Any]) -> None:
    assert found["updated"]["broken"]
    assert not found["before the update"]["broken"]
    assert found["before the update"]["files"] == ["mona", "mona/letter"]


def test_without_files_nothing_of_the_family_is_left_even_if_the_system_was_lost(
    found: dict[str, Any],
) -> None:
    assert found["files go"]["volumes"] == KEPT
    assert found["files go"]["accounts"] == ["root"]
    assert found["files go"]["files"] == []
