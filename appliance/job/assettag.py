"""Asset tags with a check character: one that was misread or mistyped is noticed.

Form `TJ-XXXX-XXXX-C`: eight random characters of Crockford's Base32 (no I, L, O, U), and
a check character,
the position-weighted sum modulo 31: single errors and swapped neighbours are found.
"""

from __future__ import annotations

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
PREFIX = "TJ"
_MODULUS = 31  # prime, and one less than the alphabet: every weight has an inverse


def asset_tag(entropy: bytes) -> str:
    """The tag for at least five random bytes; the same bytes give the same tag."""
    number = int.from_bytes(entropy[:5], "big")
    # 31 of the 32 characters are used, so that every character counts in the sum modulo 31.
    body = ""
    for _ in range(8):
        number, digit = divmod(number, _MODULUS)
        body += ALPHABET[digit]
    return f"{PREFIX}-{body[:4]}-{body[4:]}-{_check(body)}"


def read(typed: str) -> str | None:
    """The tag in its own form as it was typed or scanned; None where it is not one of ours."""
    tag = typed.strip().upper()
    return tag if is_valid(tag) else None


def is_valid(tag: str) -> bool:
    """Whether a typed or scanned tag is one of ours, undamaged."""
    parts = tag.strip().upper().split("-")
    if len(parts) != 4 or parts[0] != PREFIX or [len(part) for part in parts[1:]] != [4, 4, 1]:
        return False
    body = parts[1] + parts[2]
    usable = ALPHABET[:_MODULUS]
    return all(char in usable for char in body) and _check(body) == parts[3]


def hostname(tag: str) -> str:
    """A host name (RFC 1123) made of a tag."""
    prefix, *rest = tag.lower().split("-")
    return f"{prefix}-{''.join(rest)}"


def _check(body: str) -> str:
    total = sum((place + 2) * ALPHABET.index(char) for place, char in enumerate(body))
    return ALPHABET[total % _MODULUS]
