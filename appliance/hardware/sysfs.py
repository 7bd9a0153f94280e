"""Reading sysfs: "not there" and "could not look" are both None, never an empty text."""

from __future__ import annotations

from pathlib import Path

SYS = Path("/sys")


def printable(raw: str | bytes) -> str:
    """A drive's own string, stripped, with everything that is not plain text escaped.

    Model and serial come from firmware and may hold control characters, terminal escapes,
    damaged UTF-8 or bidirectional controls; nobody after this function has to think of it.
    """
    text = raw.decode("utf-8", "surrogateescape") if isinstance(raw, bytes) else raw
    text = " ".join(text.replace("\0", " ").split(" ")).strip()
    text = " ".join(part for part in text.split(" ") if part)
    return "".join(char if char.isprintable() and char != "\\" else _escaped(char) for char in text)


def _escaped(char: str) -> str:
    """`\\x1b` for a byte (also one that was no UTF-8, PEP 383), `\\u202e` for other characters."""
    if "\udc80" <= char <= "\udcff":
        return f"\\x{ord(char) - 0xDC00:02x}"
    return f"\\x{ord(char):02x}" if char < "\x80" else f"\\u{ord(char):04x}"


def text(path: Path) -> str | None:
    """The content of an attribute, printable; None where it cannot be read."""
    try:
        return printable(path.read_bytes())
    except OSError:
        return None


def number(path: Path) -> int | None:
    """A whole number (decimal, or hexadecimal with 0x); None where there is none."""
    content = text(path)
    try:
        return int(content, 0) if content is not None else None
    except ValueError:
        return None


def link_name(path: Path) -> str | None:
    """The last part of a symbolic link's target, as sysfs names drivers and subsystems."""
    try:
        return path.readlink().name
    except OSError:
        return None
