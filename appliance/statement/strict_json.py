"""JSON that has one meaning only, for bytes that come from a stranger.

Duplicate names, NaN, lone surrogates, control characters and absurd nesting are refused:
two programs that read the same signed bytes must see the same statement.
"""

from __future__ import annotations

import json
import re
from typing import Any

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_ESCAPED = {ord(c): f"\\x{ord(c):02x}" for c in map(chr, [*range(32), *range(127, 160)])}
_ESCAPED = {code: text for code, text in _ESCAPED.items() if code not in (0x09, 0x0A)}


class NotStrictJson(ValueError):
    """The bytes are no JSON, or JSON that could be read in two ways."""


def loads(data: bytes) -> Any:
    """The value that the bytes stand for; NotStrictJson with the problem otherwise."""
    try:
        value = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_single_names,
            parse_constant=_no_constant,
        )
        _clean(value)
    except RecursionError:
        raise NotStrictJson("nested too deeply") from None
    except UnicodeDecodeError as error:
        raise NotStrictJson("not UTF-8") from error
    except ValueError as error:
        raise NotStrictJson(str(error)) from error
    return value


def dumps(value: Any) -> bytes:
    """The canonical bytes: sorted names, no blanks, UTF-8."""
    return json.dumps(
        value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    ).encode()


def printable(value: Any) -> Any:
    """The same value with control characters in texts written out as `\\x..`.

    Drives return what they like as their serial number; a certificate must survive it.
    """
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode().translate(_ESCAPED)
    if isinstance(value, dict):
        return {printable(name): printable(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [printable(item) for item in value]
    return value


def _single_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NotStrictJson("a name stands twice in one object")
    return found


def _no_constant(name: str) -> Any:
    raise NotStrictJson(f"{name} is no JSON number")


def _clean(value: Any) -> None:
    if isinstance(value, str):
        if _CONTROL.search(value):
            raise NotStrictJson("control characters in a text")
    elif isinstance(value, dict):
        for name, item in value.items():
            _clean(name)
            _clean(item)
    elif isinstance(value, list):
        for item in value:
            _clean(item)
