"""The JSON Schemas of statements: what a payload may say, and nothing beside it.

Every statement is checked against its schema before it is signed and after it was
received. Times are checked to be real dates too, which a pattern cannot do.
"""

from __future__ import annotations

import functools
import json
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from appliance.errors import TajdeedError

DIRECTORY = Path(__file__).parent / "schema"
TYPES = ("drive", "machine", "deployment", "batch-ticket")


class SchemaError(TajdeedError):
    """A payload has not the form of its type; facts name the place and the problem."""

    exit_code = 2


def check_statement(payload: object) -> None:
    """SchemaError unless this is a whole payload of a type that we know."""
    _check("statement", payload, "")
    payload = cast(dict[str, Any], payload)
    kind = payload["type"]
    if kind not in TYPES:
        raise SchemaError("statement-type-unknown", type=str(kind))
    _check(kind, payload["body"], "body")
    timestamp(payload["issued_at"])


def check_receipt(payload: object) -> None:
    """SchemaError unless this is a whole receipt."""
    _check("receipt", payload, "")
    payload = cast(dict[str, Any], payload)
    timestamp(payload["received_at"])
    timestamp(payload["registered_at"])


def timestamp(text: str) -> datetime:
    """A time of a statement as an aware datetime; SchemaError for a date that does not exist."""
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise SchemaError("statement-bad-form", path="time", problem=str(error)) from error


def _check(name: str, value: object, place: str) -> None:
    error = next(_validator(name).iter_errors(value), None)
    if error is not None:
        path = ".".join([place, *map(str, error.absolute_path)]).strip(".")
        raise SchemaError(
            "statement-bad-form", path=path or "statement", problem=error.message[:300]
        )


@functools.cache
def _validator(name: str) -> Any:
    import jsonschema
    from referencing import Registry, Resource

    common = Resource.from_contents(_file("common"))
    registry: Any = Registry().with_resource("urn:tajdeed:schema:common", common)
    return jsonschema.Draft202012Validator(_file(name), registry=registry)


def _file(name: str) -> Any:
    return json.loads((DIRECTORY / f"{name}.json").read_bytes())
