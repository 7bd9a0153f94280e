"""Which image goes onto which machine, and what is said where none fits."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.imaging import gpt
from appliance.imaging.choice import choose
from appliance.imaging.identity import hostname
from appliance.model import ImageOffer, Policy
from tests.unit.machines import GIB, disk


def offer(profile: str, ram_mib: int, disk_gib: int) -> ImageOffer:
    return ImageOffer(
        profile=profile,
        version="2026.11.24",
        title_ar="نظام",
        title_en="System",
        manifest_digest="0" * 64,
        path=f"/images/{profile}",
        disk_bytes=3 * GIB,
        needs_ram_mib=ram_mib,
        needs_disk_bytes=disk_gib * GIB,
        built_at="2026-11-24T00:00:00Z",
        support_until="2030-06-30T00:00:00Z",
    )


LIGHT, BUSINESS = offer("family-light", 2048, 7), offer("family-business", 4096, 12)


def chosen(policy: Policy, ram_mib: int, *, size_bytes: int) -> str | None:
    choice = choose((LIGHT, BUSINESS), policy, ram_mib, disk(size_bytes=size_bytes))
    return choice.image.profile if choice.image else None


@pytest.mark.parametrize(
    ("ram_mib", "size_gib", "expected"),
    [
        (8000, 250, "family-business"),
        (3900, 250, "family-business"),
        (1900, 250, "family-light"),
        (8000, 8, "family-light"),
        (900, 250, None),
        (8000, 4, None),
    ],
)
def test_auto_takes_the_best_that_fits(ram_mib: int, size_gib: int, expected: str | None) -> None:
    assert chosen(Policy(), ram_mib, size_bytes=size_gib * GIB) == expected


def test_policy_decides_among_those_that_fit() -> None:
    room = 250 * GIB
    assert chosen(Policy(image_choose="none"), 8000, size_bytes=room) is None
    assert chosen(Policy(image_choose="family-light"), 8000, size_bytes=room) == "family-light"
    assert chosen(Policy(image_allow=("family-light",)), 8000, size_bytes=room) == "family-light"
    ordered = Policy(image_allow=("family-light", "family-business"))
    assert chosen(ordered, 8000, size_bytes=room) == "family-light"


def test_reasons_name_what_the_machine_lacks() -> None:
    drive = disk(size_bytes=4 * GIB, logical_block_bytes=4096)
    choice = choose((LIGHT,), Policy(), 1024, drive)
    assert choice.image is None
    facts = {reason.code: reason.facts for reason in choice.reasons}
    assert set(facts) == {"image-needs-memory", "image-needs-disk", "image-sector-size"}
    assert facts["image-needs-memory"]["needs_mib"] == 2048
    assert facts["image-needs-memory"]["has_mib"] == 1024
    assert facts["image-needs-disk"]["drive"] == drive.label


def test_no_image_and_unknown_image_have_reasons() -> None:
    empty = choose((), Policy(), 8000, disk())
    assert [reason.code for reason in empty.reasons] == ["image-none"]
    unknown = choose((LIGHT,), Policy(image_choose="training"), 8000, disk(size_bytes=99 * GIB))
    assert unknown.image is None
    assert unknown.reasons[-1].code == "image-not-there"


@pytest.mark.parametrize(
    ("tag", "expected"),
    [("TJ-0042-7", "tj-0042-7"), ("رقم", "tajdeed-pc"), ("--A b/9--", "a-b-9"), ("", "tajdeed-pc")],
)
def test_hostname_from_asset_tag(tag: str, expected: str) -> None:
    assert hostname(tag) == expected


@given(st.text(max_size=100))
def test_hostname_is_always_one_that_linux_takes(tag: str) -> None:
    name = hostname(tag)
    assert 1 <= len(name) <= 63
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert not name.startswith("-")
    assert not name.endswith("-")


partitions = st.lists(
    st.builds(
        gpt.GptPartition,
        type_guid=st.uuids(version=4),
        guid=st.uuids(),
        first_lba=st.integers(2048, 4000),
        last_lba=st.integers(4001, 100000),
        name=st.text("abcdefghijklmnop -", max_size=36),
        attributes=st.integers(0, 2**64 - 1),
    ),
    min_size=1,
    max_size=5,
)


@given(st.uuids(), partitions)
def test_gpt_round_trip(disk_guid: UUID, parts: list[gpt.GptPartition]) -> None:
    table = gpt.Gpt(disk_guid=disk_guid, partitions=tuple(parts))
    data = gpt.primary(table, 1 << 30, b"boot")
    assert gpt.parse(data) == table
    for place in (520, 600, 1024 + 40):
        damaged = bytearray(data)
        damaged[place] ^= 0x10
        with pytest.raises(gpt.GptError):
            gpt.parse(bytes(damaged))


def test_gpt_of_a_drive_that_is_too_small() -> None:
    part = gpt.GptPartition(
        type_guid=gpt.TYPE_ROOT, guid=gpt.TYPE_ESP, first_lba=2048, last_lba=9999, name="root"
    )
    table = gpt.Gpt(disk_guid=gpt.TYPE_ESP, partitions=(part,))
    with pytest.raises(gpt.GptError):
        gpt.fitted(table, 9999 * 512, (gpt.TYPE_ROOT, gpt.TYPE_ROOT))


def test_4kn_drive_takes_an_image_made_for_it_but_not_behind_a_bios() -> None:
    drive = disk(size_bytes=250 * GIB, logical_block_bytes=4096)
    fit = replace(LIGHT, sector_sizes=(512, 4096))
    assert choose((fit,), Policy(), 8000, drive).image == fit
    behind_bios = choose((fit,), Policy(), 8000, drive, bios=True)
    assert behind_bios.image is None
    assert [reason.code for reason in behind_bios.reasons] == ["image-needs-uefi"]
    assert choose((fit,), Policy(), 8000, disk(size_bytes=250 * GIB), bios=True).image == fit


def test_table_in_large_sectors_keeps_every_byte_where_it_was() -> None:
    part = gpt.GptPartition(
        type_guid=gpt.TYPE_ROOT, guid=gpt.TYPE_ESP, first_lba=2048, last_lba=8191, name="root"
    )
    small = gpt.Gpt(disk_guid=gpt.TYPE_ESP, partitions=(part,))
    large = gpt.in_sectors(small, 4096)
    (moved,) = large.partitions
    assert (moved.first_lba * 4096, moved.sectors * 4096) == (2048 * 512, 6144 * 512)
    size = (1 << 30) + 4096
    assert gpt.parse(gpt.primary(large, size, b""), 4096) == large
    assert gpt.backup_offset(size, 4096) + len(gpt.backup(large, size)) == size
    odd = replace(small, partitions=(replace(part, last_lba=8190),))
    with pytest.raises(gpt.GptError):
        gpt.in_sectors(odd, 4096)
