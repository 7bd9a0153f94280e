"""A btrfs that gets an id of its own without being mounted: what btrfs-progs says of it."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from appliance.imaging.btrfs import SUPERBLOCK_BYTES, SUPERBLOCKS, with_fsid
from imagebuilder.images.btrfsroot import make_btrfs
from imagebuilder.toolsroot import run_tool

FIXED, OWN = "8d7c0b5e-7a77-5a0e-9a55-0c5f0f6f2f10", "0f4c9e1a-36fd-4c3e-8d2b-6a1f3d5b7c9e"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small btrfs root as the builder makes it."""
    place = tmp_path_factory.mktemp("btrfs")
    tree = place / "tree"
    (tree / "home/mona").mkdir(parents=True)
    (tree / "etc").mkdir()
    (tree / "etc/hostname").write_text("pc\n")
    make_btrfs(tree, place / "root.img", 256 << 20, FIXED, "pc-of-nobody", 1_700_000_000)
    return place / "root.img"


def superblocks(image: Path) -> list[bytes]:
    whole = image.read_bytes()
    return [whole[place : place + SUPERBLOCK_BYTES] for place in SUPERBLOCKS]


def test_both_copies_with_another_id_are_whole_for_btrfs_progs(made: Path, tmp_path: Path) -> None:
    image = tmp_path / "root.img"
    data = bytearray(made.read_bytes())
    for place, block in zip(SUPERBLOCKS, superblocks(made), strict=True):
        data[place : place + SUPERBLOCK_BYTES] = with_fsid(block, uuid.UUID(OWN))
    image.write_bytes(data)
    told = run_tool(["btrfs", "inspect-internal", "dump-super", "--all", image]).text
    assert told.count("[match]") == told.count("csum_size") * 3 == 6
    assert [line.split()[1] for line in told.splitlines() if line.startswith("fsid")] == [OWN] * 2
    run_tool(["btrfs", "check", "--readonly", image])


def test_only_the_id_and_the_checksum_change(made: Path) -> None:
    (before, _) = superblocks(made)
    after = with_fsid(before, uuid.UUID(OWN))
    assert after[48:] == before[48:]
    assert with_fsid(after, uuid.UUID(FIXED)) == before


@pytest.mark.parametrize(
    ("place", "problem"),
    [(64, "no btrfs superblock"), (196, "other than CRC-32C"), (300, "damaged")],
)
def test_what_is_no_superblock_of_ours_is_refused(made: Path, place: int, problem: str) -> None:
    block = bytearray(superblocks(made)[0])
    block[place] ^= 0x01
    with pytest.raises(ValueError, match=problem):
        with_fsid(bytes(block), uuid.UUID(OWN))
