"""`tajdeed recheck STATEMENT DEVICE`: does the drive still hold what the statement says?

Recomputes the overwrite stream from cipher and seed for every byte that no later statement
covers, and reads zeros where the statement says that the drive was zeroed or discarded. It
shares no code with the engine that wrote the stream, on purpose: a second opinion. It only
reads. Exit: 0 all as said; 1 something differs (where is printed); 2 bad input.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance.errors import TajdeedError, TrustError
from appliance.i18n import N_, _, ngettext
from appliance.model import ByteRange
from appliance.statement import evidence, verify
from appliance.statement.trust import TRUST_DIR, Trust
from appliance.statement.verify import Verified

CHUNK = 4 << 20
SECTOR = 512
MAX_SHOWN = 20


class RecheckError(TajdeedError):
    """The statement, its deployments and the device do not belong together."""

    exit_code = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Bytes that are not as stated: `found` is other, or unreadable with the system's words."""

    range: ByteRange
    found: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recheck:
    """What was read again, in bytes, and where it differs."""

    stream_bytes: int
    zero_bytes: int
    covered_bytes: int
    differences: tuple[Difference, ...]

    @property
    def good(self) -> bool:
        return not self.differences and self.stream_bytes + self.zero_bytes > 0


def stream(cipher: str, seed: bytes, offset: int) -> Any:
    """An encryptor whose output for zeros is the stream from `offset` (a multiple of 64).

    aes-256-ctr: the counter block is offset/16 as a 128-bit big-endian number. chacha20: the
    64-bit little-endian counter offset/64, then 8 zero bytes (RFC 8439's block function in
    its original layout, which OpenSSL's 16-byte "nonce" is).
    """
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    if cipher == "aes-256-ctr":
        counter = (offset // 16).to_bytes(16, "big")
        return Cipher(algorithms.AES(seed), modes.CTR(counter)).encryptor()
    if cipher == "chacha20":
        counter = (offset // 64).to_bytes(8, "little") + bytes(8)
        return Cipher(algorithms.ChaCha20(seed, counter), mode=None).encryptor()
    raise RecheckError("recheck-cipher-unknown", cipher=cipher)


def rest(size: int, covered: Iterable[ByteRange]) -> list[ByteRange]:
    """What is left of `size` bytes outside the covered ranges, in order. Pure."""
    left, position = [], 0
    for item in sorted(covered, key=lambda item: item.offset):
        if item.offset > position:
            left.append(ByteRange(offset=position, length=min(item.offset, size) - position))
        position = max(position, min(item.end, size))
        if position >= size:
            break
    if position < size:
        left.append(ByteRange(offset=position, length=size - position))
    return [item for item in left if item.length > 0]


def without(ranges: Iterable[ByteRange], covered: Sequence[ByteRange]) -> list[ByteRange]:
    """The parts of `ranges` outside the covered ones. Pure."""
    end = max((item.end for item in covered), default=0)
    found = []
    for item in ranges:
        gaps = rest(max(end, item.end), [*covered, ByteRange(offset=0, length=item.offset)])
        found += [
            ByteRange(offset=gap.offset, length=min(gap.end, item.end) - gap.offset)
            for gap in gaps
            if gap.offset < item.end
        ]
    return found


class Devices:
    """Open devices whose bytes follow one another: nearly always one, or the namespaces of an
    NVMe controller in the order of their NSIDs."""

    def __init__(self, descriptors: Sequence[int]) -> None:
        self._parts = [(one, os.lseek(one, 0, os.SEEK_END)) for one in descriptors]
        self.size = sum(size for _one, size in self._parts)

    def read(self, offset: int, length: int) -> bytes:
        """Exactly these bytes; OSError where one of them cannot be read."""
        parts = []
        for descriptor, size in self._parts:
            while length and 0 <= offset < size:
                part = os.pread(descriptor, min(length, size - offset), offset)
                if not part:
                    raise OSError(0, "the device ends here")
                parts.append(part)
                offset, length = offset + len(part), length - len(part)
            offset -= size
        if length:
            raise OSError(0, "the device ends here")
        return parts[0] if len(parts) == 1 else b"".join(parts)


def recheck(devices: Devices, body: dict[str, Any], written: Sequence[ByteRange]) -> Recheck:
    """Read the drive again. `body` is the drive statement's; `written` the later extents.

    RecheckError where the statement names no stream or the device has another size.
    """
    attempt = next((a for a in reversed(body["attempts"]) if a["stream"]), None)
    if attempt is None or attempt is not body["attempts"][-1]:
        raise RecheckError("recheck-no-stream", method=body["method"] or "-")
    size = body["drive"]["size_after_bytes"]
    if devices.size != size:
        raise RecheckError("recheck-size", stated=size, found=devices.size)
    emptied = without(_ranges(body["zeroed"]) + _ranges(body["discarded"]), written)
    streamed = rest(size, [*written, *emptied])
    cipher, seed = attempt["stream"]["cipher"], bytes.fromhex(attempt["stream"]["seed"])
    differences: list[Difference] = []
    for item in streamed:
        differences += _compare(devices, item, (cipher, seed))
    for item in emptied:
        differences += _compare(devices, item, None)
    stream_bytes = sum(item.length for item in streamed)
    zero_bytes = size - stream_bytes - sum(i.length for i in rest(size, rest(size, written)))
    return Recheck(
        stream_bytes=stream_bytes,
        zero_bytes=zero_bytes,
        covered_bytes=size - stream_bytes - zero_bytes,
        differences=tuple(_merged(differences)),
    )


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("statement", type=Path, help=_("the drive's statement"))
    parser.add_argument(
        "device",
        type=Path,
        nargs="+",
        help=_("the drive, or a copy of it in a file; all namespaces of an NVMe drive, in order"),
    )
    parser.add_argument(
        "--deployment",
        type=Path,
        action="append",
        default=[],
        help=_("a later statement: an image that was laid down there"),
    )
    parser.add_argument(
        "--trust", type=Path, default=TRUST_DIR, help=_("directory of trusted CA certificates")
    )


def run(args: argparse.Namespace) -> int:
    """Recheck and print; TajdeedError for bad input."""
    pinned = Trust.read(args.trust)
    erasure = _verified(args.statement, pinned, "drive")
    later = [_verified(file, pinned, "deployment") for file in args.deployment]
    written: list[ByteRange] = []
    for file, deployment in zip(args.deployment, later, strict=True):
        if deployment.statement.body["erasure"] != erasure.statement.id:
            raise RecheckError("recheck-other-drive", file=str(file))
        written += _ranges(deployment.statement.body["written"])
    descriptors: list[int] = []
    try:
        for path in args.device:
            descriptors.append(_opened(path))
        done = recheck(Devices(descriptors), erasure.statement.body, written)
    finally:
        for descriptor in descriptors:
            os.close(descriptor)
    if not all(item.trusted for item in (erasure, *later)):
        _say(_("Note: nobody whom you trust stands behind these statements."))
    for text, count in (
        (N_("read again, as the stream: {count} bytes"), done.stream_bytes),
        (N_("read again, as zeros: {count} bytes"), done.zero_bytes),
        (N_("covered by later statements, not read: {count} bytes"), done.covered_bytes),
    ):
        _say(_(text).format(count=count))
    for item in done.differences[:MAX_SHOWN]:
        _say(
            _("differs: bytes {first} to {last} ({found})").format(
                first=item.range.offset, last=item.range.end - 1, found=item.found
            )
        )
    if not done.good:
        count = len(done.differences)
        _say(
            ngettext(
                "DIFFERS in {count} range: this is not the drive as it was certified.",
                "DIFFERS in {count} ranges: this is not the drive as it was certified.",
                count,
            ).format(count=count)
        )
        return 1
    _say(_("AS STATED: every byte that was read again is what the statement says."))
    return 0


def _opened(path: Path) -> int:
    try:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise RecheckError(
            "file-unreadable", file=str(path), problem=error.strerror or ""
        ) from error


def _verified(file: Path, pinned: Trust, kind: str) -> Verified:
    try:
        held = evidence.read(file)
    except OSError as error:
        raise RecheckError(
            "file-unreadable", file=str(file), problem=error.strerror or ""
        ) from error
    verified = verify.statement(held.statement, pinned, receipt_data=held.receipt)
    if verified.statement.type != kind:
        raise TrustError(
            "statement-wrong-type", file=str(file), type=verified.statement.type, expected=kind
        )
    return verified


def _ranges(items: Iterable[dict[str, int]]) -> list[ByteRange]:
    return [ByteRange(offset=item["offset"], length=item["length"]) for item in items]


def _compare(
    devices: Devices, item: ByteRange, keyed: tuple[str, bytes] | None
) -> list[Difference]:
    """Read a range in chunks and compare; what cannot be read is a difference as well."""
    # Every chunk begins at a multiple of its size and has an encryptor of its own: ChaCha20's
    # counter is 32 bits wide in some libraries, and none of our chunks crosses that border.
    found: list[Difference] = []
    for chunk in range(item.offset - item.offset % CHUNK, item.end, CHUNK):
        offset, end = max(chunk, item.offset), min(chunk + CHUNK, item.end)
        expected = bytes(end - chunk)
        if keyed:
            expected = stream(*keyed, chunk).update(expected)
        expected = expected[offset - chunk :]
        try:
            actual = devices.read(offset, len(expected))
        except OSError as error:
            found += _piecewise(devices, offset, expected, error)
            continue
        if actual != expected:
            found += _differing(offset, expected, actual)
    return found


def _piecewise(devices: Devices, offset: int, expected: bytes, error: OSError) -> list[Difference]:
    """The chunk again in pieces of 64 KiB: only those that stay unreadable are named so."""
    found, piece = [], 64 << 10
    for start in range(0, len(expected), piece):
        wanted = expected[start : start + piece]
        try:
            actual = devices.read(offset + start, len(wanted))
        except OSError as again:
            problem = again.strerror or error.strerror or "?"
            where = ByteRange(offset=offset + start, length=len(wanted))
            found.append(Difference(range=where, found=problem))
        else:
            found += _differing(offset + start, wanted, actual)
    return found


def _differing(offset: int, expected: bytes, actual: bytes) -> list[Difference]:
    return [
        Difference(
            range=ByteRange(offset=offset + start, length=min(SECTOR, len(expected) - start)),
            found="other content",
        )
        for start in range(0, len(expected), SECTOR)
        if expected[start : start + SECTOR] != actual[start : start + SECTOR]
    ]


def _merged(differences: Iterable[Difference]) -> list[Difference]:
    merged: list[Difference] = []
    for item in sorted(differences, key=lambda item: item.range.offset):
        last = merged[-1] if merged else None
        if last and last.found == item.found and last.range.end >= item.range.offset:
            length = item.range.end - last.range.offset
            joined = ByteRange(offset=last.range.offset, length=length)
            merged[-1] = Difference(range=joined, found=last.found)
        else:
            merged.append(item)
    return merged


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
