"""The Wi-Fi of station.yaml reaches iwd, or the fault is named."""

from pathlib import Path

import pytest

from appliance.errors import ConfigError
from appliance.tools import iwd


def test_a_network_is_known_under_the_name_that_iwd_expects(tmp_path: Path) -> None:
    (tmp_path / "psk").write_text("correct horse\\battery\n")
    iwd.know("شبكة", tmp_path / "psk", tmp_path / "iwd")
    (file,) = (tmp_path / "iwd").iterdir()
    assert file.name == "=" + "شبكة".encode().hex() + ".psk"
    assert file.read_text() == "[Security]\nPassphrase=correct horse\\\\battery\n"
    assert file.stat().st_mode & 0o777 == 0o600
    assert iwd.file_name("Office 2") == "Office 2.psk"


@pytest.mark.parametrize(
    "content", [None, b"short", b"x" * 64, b"\xff\xfe" * 8, b"line one\nline two"]
)
def test_a_wrong_password_file_is_named(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "psk").write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        iwd.know("net", tmp_path / "psk", tmp_path / "iwd")
    assert caught.value.facts["file"] == str(tmp_path / "psk")
    assert not (tmp_path / "iwd").exists()
