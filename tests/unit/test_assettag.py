"""Asset tags: a slip of the finger is noticed."""

from hypothesis import assume, given
from hypothesis import strategies as st

from appliance.job.assettag import ALPHABET, asset_tag, hostname, is_valid

tags = st.binary(min_size=8, max_size=8).map(asset_tag)


@given(tags)
def test_a_tag_is_valid_and_names_a_host(tag: str) -> None:
    assert is_valid(tag) and is_valid(f" {tag.lower()} ")
    assert hostname(tag).replace("-", "").isalnum() and len(hostname(tag)) <= 63


@given(tags, st.integers(0, 12), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_noticed(tag: str, place: int, char: str) -> None:
    assume(tag[place] not in ("-", char) and place > 2)
    assert not is_valid(tag[:place] + char + tag[place + 1 :])


@given(tags, st.sampled_from([3, 4, 5, 8, 9, 10]))
def test_two_swapped_neighbours_are_noticed(tag: str, place: int) -> None:
    assume(tag[place] != tag[place + 1])
    swapped = tag[:place] + tag[place + 1] + tag[place] + tag[place + 2 :]
    assert not is_valid(swapped)
