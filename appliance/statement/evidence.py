"""Finding the signed statement inside what people keep: .jws, the .json copy, a PDF.

A PDF is scanned for its embedded files, not rendered and not trusted: more than one
statement in it is an ambiguity that nobody should have to resolve, and is refused.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance.statement import jws, strict_json
from appliance.statement.jws import NotGenuine, Unreadable

MAX_FILE = 64 << 20
MAX_ATTACHMENTS = 64
_STREAM = re.compile(rb"/Type\s*/EmbeddedFile(?P<dict>[^\0]{0,600}?)>>\s*stream\r?\n")
_HEADER = re.compile(rb"[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{86}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What lay in the file. kind: jws, json or pdf."""

    kind: str
    statement: bytes
    receipt: bytes | None = None


def read(file: Path) -> Evidence:
    """The statement in a file; OSError from the file, Unreadable as `found` says."""
    with file.open("rb") as stream:
        return found(stream.read(MAX_FILE + 1))


def found(data: bytes) -> Evidence:
    """The statement (and receipt) in a file's bytes; Unreadable where there is none."""
    if len(data) > MAX_FILE:
        raise Unreadable("file-too-large", bytes=len(data), limit=MAX_FILE)
    if data[:1024].lstrip().startswith(b"%PDF-"):
        return _from_pdf(data)
    if data.lstrip()[:1] == b"{":
        return _from_json(data)
    return Evidence(kind="jws", statement=data)


def _from_json(data: bytes) -> Evidence:
    try:
        copy = strict_json.loads(data)
    except strict_json.NotStrictJson as error:
        raise Unreadable("copy-unreadable", problem=str(error)[:200]) from error
    text = copy.get("jws") if isinstance(copy, dict) else None
    if not isinstance(text, str):
        raise Unreadable("copy-without-statement")
    receipt = copy.get("receipt_jws")
    return Evidence(
        kind="json",
        statement=text.encode(),
        receipt=receipt.encode() if isinstance(receipt, str) and receipt else None,
    )


def _from_pdf(data: bytes) -> Evidence:
    statements: set[bytes] = set()
    receipts: set[bytes] = set()
    for attached in _attachments(data):
        if _HEADER.fullmatch(attached):
            typ = _typ(attached)
            if typ == jws.STATEMENT:
                statements.add(attached)
            elif typ == jws.RECEIPT:
                receipts.add(attached)
    if not statements:
        raise Unreadable("pdf-without-statement")
    if len(statements) > 1 or len(receipts) > 1:
        raise NotGenuine("pdf-several-statements", count=len(statements))
    return Evidence(
        kind="pdf", statement=statements.pop(), receipt=receipts.pop() if receipts else None
    )


def _attachments(data: bytes) -> list[bytes]:
    files: list[bytes] = []
    view = memoryview(data)
    for match in _STREAM.finditer(data):
        if len(files) == MAX_ATTACHMENTS:
            raise Unreadable("pdf-damaged", problem=f"more than {MAX_ATTACHMENTS} files in it")
        if b"/FlateDecode" in match["dict"]:
            inflater = zlib.decompressobj()
            try:
                files.append(inflater.decompress(view[match.end() :], jws.MAX_BYTES + 1))
            except zlib.error as error:
                raise Unreadable("pdf-damaged", problem=str(error)) from error
        else:
            end = data.find(b"endstream", match.end())
            files.append(data[match.end() : end].rstrip(b"\r\n"))
    return files


def _typ(data: bytes) -> Any:
    try:
        header = strict_json.loads(jws.decoded(data.split(b".")[0]))
    except (Unreadable, strict_json.NotStrictJson):
        return None
    return header.get("typ") if isinstance(header, dict) else None
