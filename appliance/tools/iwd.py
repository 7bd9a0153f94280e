"""iwd(8): a known Wi-Fi network, as iwd.network(5) wants it written; iwd joins by itself."""

from __future__ import annotations

import string
from pathlib import Path

from appliance.errors import ConfigError

KNOWN = Path("/var/lib/iwd")
_PLAIN = frozenset(string.ascii_letters + string.digits + "-_ ")
_PASSPHRASE = range(8, 64)


def file_name(ssid: str) -> str:
    """The name of a network's file: plain where iwd allows it, else `=` and hexadecimal."""
    return f"{ssid if set(ssid) <= _PLAIN else '=' + ssid.encode().hex()}.psk"


def know(ssid: str, password_file: Path, known: Path = KNOWN) -> None:
    """Let iwd join a WPA network; ConfigError `wifi-password` where the password's file is
    missing or holds no passphrase of 8 to 63 characters."""
    try:
        passphrase = password_file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError("wifi-password", file=str(password_file), ssid=ssid) from error
    if len(passphrase) not in _PASSPHRASE or not passphrase.isprintable():
        raise ConfigError("wifi-password", file=str(password_file), ssid=ssid)
    # iwd reads its files as key files, where a backslash begins an escape.
    content = passphrase.replace("\\", "\\\\")
    known.mkdir(mode=0o700, parents=True, exist_ok=True)
    target = known / file_name(ssid)
    target.touch(mode=0o600)
    target.write_text(f"[Security]\nPassphrase={content}\n")
