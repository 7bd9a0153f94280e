"""The organisation's image key: it signs manifests, and sticks trust its public half.

The private key never lies in the repository: `${XDG_CONFIG_HOME:-~/.config}/tajdeed/image-key.pem`,
mode 0600, EC P-256. Whoever has it can put any system onto the office's machines: keep a copy
in a safe place, not on a stick.
"""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from appliance.imaging.manifest import key_id
from imagebuilder.console import say


class KeyProblem(Exception):
    """The image key cannot be used; says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageKey:
    private_pem: bytes
    public_pem: bytes

    @property
    def id(self) -> str:
        return key_id(self.public_pem)


def default_key_path() -> Path:
    """Where the image key is kept unless a path is given."""
    base = os.environ.get("XDG_CONFIG_HOME", "")
    return (Path(base) if base.startswith("/") else Path.home() / ".config") / (
        "tajdeed/image-key.pem"
    )


def image_key(path: Path) -> ImageKey:
    """The key of that file; makes one, and says so, if there is none."""
    if not path.exists():
        make_key(path)
        say(f"made a new image key: {path}; keep a copy of it in a safe place")
    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError, TypeError) as error:
        raise KeyProblem(f"{path}: not a private key without a passphrase: {error}") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise KeyProblem(f"{path}: not an EC key on P-256; make one with `./build.sh keygen`")
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return ImageKey(private_pem=path.read_bytes(), public_pem=public)


def make_key(path: Path) -> None:
    """A new key at `path`, readable by its owner only; `KeyProblem` if something is there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise KeyProblem(f"{path} exists: it is never overwritten") from error
    with os.fdopen(fd, "wb") as stream:
        stream.write(pem)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`keygen [--key FILE] [--public FILE]`."""
    parser.add_argument("--key", type=Path, default=default_key_path(), help="the key to make")
    parser.add_argument("--public", type=Path, help="also write its public half there")


def command(args: argparse.Namespace) -> int:
    """Make the image key and show its id."""
    try:
        make_key(args.key)
        key = image_key(args.key)
    except KeyProblem as problem:
        say(str(problem))
        return 2
    if args.public:
        args.public.write_bytes(key.public_pem)
    say(f"image key {key.id[:16]}: {args.key}")
    return 0
