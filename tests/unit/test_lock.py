"""Package locks: what apt said becomes a lock; its file reads back, or is refused by line."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebuilder.images import pool
from imagebuilder.images.archive import Archive, candidates, locked_packages
from imagebuilder.images.lock import (
    Lock,
    LockedPackage,
    LockError,
    lock_from,
    lock_text,
    missing_from,
    read_lock,
)
from imagebuilder.run import ProgramError

# apt 3.0.3 (Debian 13), `apt-get -qq --print-uris install`, addresses changed
LISTING = """\
'http://mirror.example/debian/pool/main/g/glibc/libc6_2.41-12%2bdeb13u5_amd64.deb' \
libc6_2.41-12+deb13u5_amd64.deb 2850108 \
SHA256:b59b0625cd1a791375d40dab23a4d5d3d0641e3d0a773501becdc3725b7f99cf
'http://mirror.example/debian-security/pool/updates/main/o/openssl/openssl_3.5.6-1_amd64.deb' \
openssl_3.5.6-1_amd64.deb 1495000 \
SHA256:3c71917b490d1a17aed43196a2787a256ecf060526cdb20216a74bedc061b150
'http://mirror.example/debian/pool/main/a/apt/login_4.16.0-2_amd64.deb' \
login_1%3a4.16.0-2_amd64.deb 80000 \
SHA256:5b6825de4263824b78c4c51f6476414f3b4e89c2ab63e81dc8b9b5501e867cf6
"""
BASES = {
    "debian": "http://mirror.example/debian",
    "security": "http://mirror.example/debian-security",
}


def package(name: str, content: bytes = b"x") -> LockedPackage:
    return LockedPackage(
        name=name,
        version="1:2.0~rc1-1+deb13u1",
        architecture="all",
        archive="debian",
        path=f"pool/main/{name[0]}/{name}/{name}_2.0~rc1-1+deb13u1_all.deb",
        size_bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
    )


def locked(*packages: LockedPackage) -> Lock:
    return Lock(profile="small", release="trixie", epoch=1795535712, packages=packages)


def test_what_apt_lists_becomes_rows_by_name_with_their_archive() -> None:
    rows = locked_packages(LISTING, BASES)
    assert [(row.name, row.version, row.archive) for row in rows] == [
        ("libc6", "2.41-12+deb13u5", "debian"),
        ("login", "1:4.16.0-2", "debian"),
        ("openssl", "3.5.6-1", "security"),
    ]
    assert rows[0].path == "pool/main/g/glibc/libc6_2.41-12%2bdeb13u5_amd64.deb"
    assert rows[2].path == "pool/updates/main/o/openssl/openssl_3.5.6-1_amd64.deb"
    assert lock_from(lock_text(locked(*rows)), "a lock").packages == rows


@pytest.mark.parametrize("line", ["E: Broken packages", LISTING.replace("mirror.", "other.", 1)])
def test_what_apt_never_lists_is_an_error(line: str) -> None:
    with pytest.raises(ProgramError):
        locked_packages(line, BASES)


def test_only_a_name_with_a_candidate_can_be_installed() -> None:
    # apt 3.0.3, `apt-cache policy`; a virtual package has no candidate, an unknown one no lines
    text = """\
bash:
  Installed: (none)
  Candidate: 5.2.37-2+b9
  Version table:
     5.2.37-2+b9 500
        500 http://mirror.example/debian trixie/main amd64 Packages
mail-transport-agent:
  Installed: (none)
  Candidate: (none)
  Version table:
"""
    assert candidates(text) == {"bash"}


@given(
    st.lists(st.from_regex(r"[a-z0-9][a-z0-9+.-]{1,20}", fullmatch=True), min_size=1, unique=True)
)
def test_a_lock_reads_back(names: list[str]) -> None:
    lock = locked(*(package(name) for name in sorted(names)))
    assert lock_from(lock_text(lock), "a lock") == lock


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("# tajdeed-lock-1", "# tajdeed-lock-0", 1),
        ("epoch=1795535712", "epoch=now", 1),
        ("bash 1:2.0", "bash ../2.0", 2),
        ("pool/main/z", "../../main/z", 3),
        ("zlib 1:", "aaa 1:", 3),
        ("zlib 1:", "bash 1:", 3),
    ],
)
def test_a_bad_line_of_a_lock_is_named(tmp_path: Path, old: str, new: str, line: int) -> None:
    path = tmp_path / "small.lock"
    text = lock_text(locked(package("bash"), package("zlib")))
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(LockError) as caught:
        read_lock(path)
    assert str(caught.value).startswith(f"{path}:{line}: ")


def test_a_lock_that_is_not_there_or_empty(tmp_path: Path) -> None:
    assert read_lock(tmp_path / "none.lock") is None
    (tmp_path / "empty.lock").write_text("")
    with pytest.raises(LockError, match="update-lock"):
        read_lock(tmp_path / "empty.lock")


def test_packages_that_the_profile_has_got_since_are_named() -> None:
    assert missing_from(locked(package("bash")), ("bash", "gimp")) == ("gimp",)


def test_files_are_fetched_checked_and_continued(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Real apt over a local archive: one file is whole, one was altered, one broke off."""
    monkeypatch.setattr(pool, "pool_dir", lambda: tmp_path)
    served = tmp_path / "served"
    contents = {name: name.encode() * 5000 for name in ("bash", "dash", "zlib")}
    lock = locked(*(package(name, content) for name, content in sorted(contents.items())))
    for item in lock.packages:
        path = served / item.path
        path.parent.mkdir(parents=True)
        path.write_bytes(contents[item.name])
    bash, dash, zlib = lock.packages
    (tmp_path / bash.file_name).write_bytes(b"altered")
    (tmp_path / f"{dash.file_name}.part").write_bytes(contents["dash"][:100])
    (tmp_path / zlib.file_name).write_bytes(contents["zlib"])
    source = Archive(lines=(f"deb file://{served} trixie main",), place=tmp_path / "apt")
    pool.fetch(lock, source)
    for item in lock.packages:
        assert (tmp_path / item.file_name).read_bytes() == contents[item.name]
    # Everything is there: nothing is asked for, though the archive is gone.
    pool.fetch(lock, Archive(lines=("deb file:///nowhere trixie main",), place=tmp_path / "apt"))


def test_what_the_archive_no_longer_has_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "pool_dir", lambda: tmp_path)
    lock = locked(package("bash", b"right"), package("zlib", b"here"))
    for item, content in zip(lock.packages, (b"wrong", b"here"), strict=True):
        path = tmp_path / "served" / item.path
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
    source = Archive(lines=(f"deb file://{tmp_path}/served trixie main",), place=tmp_path / "apt")
    with pytest.raises(LockError, match=r"no longer has bash 1:2\.0"):
        pool.fetch(lock, source)
    assert not (tmp_path / lock.packages[0].file_name).exists()
