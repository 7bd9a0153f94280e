"""A disk that is too full is said before the work, once for each file system."""

from pathlib import Path

from imagebuilder.room import Free, shortage

CACHE, OUTPUT = Path("/cache"), Path("/build")


def test_what_goes_onto_one_file_system_is_added_up() -> None:
    one = {path: Free(device=1, free_bytes=7_000_000_000) for path in (CACHE, OUTPUT)}
    (sentence,) = shortage({CACHE: 4, OUTPUT: 4}, one)
    assert "8.0 GB are needed under /cache and /build, 7.0 GB are free" in sentence
    assert not shortage({CACHE: 3, OUTPUT: 4}, one)


def test_each_file_system_is_looked_at_by_itself() -> None:
    two = {
        CACHE: Free(device=1, free_bytes=7_000_000_000),
        OUTPUT: Free(device=2, free_bytes=1_000_000_000),
    }
    (sentence,) = shortage({CACHE: 4, OUTPUT: 4}, two)
    assert "/build" in sentence
    assert "/cache" not in sentence
