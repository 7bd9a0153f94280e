"""One way from frozen dataclasses to JSON and back.

`to_json` gives plain dicts, lists, strings and numbers; `from_json` reads them back and
refuses, with the path of the field (`drives[1].wwn`), whatever does not fit. It never
guesses: an unknown key, a missing key or a wrong type is an error, because these bytes
may come from a stick's FAT partition, from a log that was cut, or from the network.
"""

from __future__ import annotations

import dataclasses
import enum
import functools
import hashlib
import json
import types
import typing
from typing import Any, TypeVar

T = TypeVar("T")


class RecordError(ValueError):
    """A JSON value does not have the form that its class asks for.

    `path` names the field from the root, for example `drives[1].identity.serial`.
    """

    def __init__(self, path: str, problem: str) -> None:
        self.path = path
        self.problem = problem
        super().__init__(f"{path or 'document'}: {problem}")


def to_json(value: object) -> Any:
    """The JSON form of a record: fields at their default `None` are kept, nothing is dropped."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: to_json(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, tuple | list):
        return [to_json(item) for item in value]
    if isinstance(value, dict):
        return {str(key): to_json(item) for key, item in value.items()}
    if value is None or isinstance(value, str | int | float | bool):
        return value
    raise TypeError(f"no JSON form for {type(value).__name__}")


def canonical(value: object) -> bytes:
    """JSON bytes that are the same for the same value: sorted keys, no blanks, UTF-8."""
    return json.dumps(
        to_json(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    ).encode()


def digest(value: object) -> str:
    """SHA-256 (64 hex digits) of the canonical JSON form."""
    return hashlib.sha256(canonical(value)).hexdigest()


@functools.cache
def _hints(cls: type) -> dict[str, Any]:
    return typing.get_type_hints(cls)


def from_json(cls: type[T], data: Any, path: str = "") -> T:
    """Read a record of class `cls` from its JSON form; `RecordError` names the bad field."""
    return typing.cast(T, _read(cls, data, path))


def _read(kind: Any, data: Any, path: str) -> Any:
    origin = typing.get_origin(kind)
    if kind is Any:
        return data
    if origin in (typing.Union, types.UnionType):
        return _read_union(typing.get_args(kind), data, path)
    if origin is tuple:
        return _read_tuple(typing.get_args(kind), data, path)
    if origin is dict:
        key_kind, value_kind = typing.get_args(kind)
        if not isinstance(data, dict):
            raise RecordError(path, "must be an object")
        return {
            _read(key_kind, key, path): _read(value_kind, item, f"{path}.{key}")
            for key, item in data.items()
        }
    if origin is typing.Literal:
        if data not in typing.get_args(kind):
            raise RecordError(path, f"must be one of {', '.join(map(str, typing.get_args(kind)))}")
        return data
    if dataclasses.is_dataclass(kind):
        return _read_dataclass(typing.cast(type, kind), data, path)
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        try:
            return kind(data)
        except ValueError:
            allowed = ", ".join(str(member.value) for member in kind)
            raise RecordError(path, f"must be one of {allowed}") from None
    if kind is float and isinstance(data, int) and not isinstance(data, bool):
        return float(data)
    if isinstance(kind, type) and isinstance(data, kind):
        if kind is int and isinstance(data, bool):
            raise RecordError(path, "must be a whole number")
        return data
    raise RecordError(path, f"must be {getattr(kind, '__name__', kind)}")


def _read_union(kinds: tuple[Any, ...], data: Any, path: str) -> Any:
    if data is None and type(None) in kinds:
        return None
    rest = [kind for kind in kinds if kind is not type(None)]
    if len(rest) == 1:
        return _read(rest[0], data, path)
    for kind in rest:
        try:
            return _read(kind, data, path)
        except RecordError:
            continue
    raise RecordError(path, "has none of the allowed forms")


def _read_tuple(kinds: tuple[Any, ...], data: Any, path: str) -> tuple[Any, ...]:
    if not isinstance(data, list):
        raise RecordError(path, "must be a list")
    if len(kinds) == 2 and kinds[1] is Ellipsis:
        return tuple(_read(kinds[0], item, f"{path}[{i}]") for i, item in enumerate(data))
    if len(kinds) != len(data):
        raise RecordError(path, f"must have {len(kinds)} items")
    return tuple(
        _read(kind, item, f"{path}[{i}]")
        for i, (kind, item) in enumerate(zip(kinds, data, strict=True))
    )


def _read_dataclass(kind: type, data: Any, path: str) -> Any:
    if not isinstance(data, dict):
        raise RecordError(path, "must be an object")
    fields = {f.name: f for f in dataclasses.fields(kind)}
    for key in data:
        if key not in fields:
            raise RecordError(f"{path}.{key}".lstrip("."), "is not known here")
    hints = _hints(kind)
    values: dict[str, Any] = {}
    for name, field in fields.items():
        where = f"{path}.{name}".lstrip(".")
        if name in data:
            values[name] = _read(hints[name], data[name], where)
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise RecordError(where, "is missing")
    return kind(**values)
