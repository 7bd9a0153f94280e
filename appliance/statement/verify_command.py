"""`tajdeed verify FILE [--trust DIR]`: is this certificate genuine, and who vouches for it?

Exit: 0 genuine and issuer trusted; 1 not genuine; 2 unreadable; 3 consistent, but the
issuer is unknown here (or its certificate is over and no receipt is at hand). A PDF's page
is never judged: the verdict and the facts printed are those of the embedded statement.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from appliance import texts
from appliance.errors import TrustError
from appliance.i18n import N_, _, language
from appliance.statement import evidence, verify
from appliance.statement.evidence import Evidence
from appliance.statement.jws import NotGenuine, Unreadable
from appliance.statement.paper import words
from appliance.statement.trust import TRUST_DIR, Standing, Trust
from appliance.statement.verify import Verified

TRUSTED, NOT_GENUINE, UNREADABLE, UNKNOWN_ISSUER = range(4)

_VERDICTS = {
    TRUSTED: N_("GENUINE: the statement is unaltered and its issuer is trusted."),
    NOT_GENUINE: N_("NOT GENUINE: do not rely on this document."),
    UNREADABLE: N_("UNREADABLE: no statement could be found or read."),
    UNKNOWN_ISSUER: N_(
        "ISSUER UNKNOWN: the statement is consistent in itself, but nobody whom you trust "
        "stands behind it."
    ),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help=_("a .jws, .json or .pdf file"))
    parser.add_argument(
        "--trust", type=Path, default=TRUST_DIR, help=_("directory of trusted CA certificates")
    )
    parser.add_argument("--receipt", type=Path, help=_("the server's receipt (.jws)"))
    parser.add_argument("--json", action="store_true", help=_("answer in JSON"))


def run(args: argparse.Namespace) -> int:
    """Print the verdict and return its exit code."""
    held: Evidence | None = None
    try:
        held = evidence.read(args.file)
        receipt = args.receipt.read_bytes() if args.receipt else held.receipt
        pinned = Trust.read(args.trust)
        verified = verify.statement(held.statement, pinned, receipt_data=receipt)
    except NotGenuine as error:
        return _refused(args, NOT_GENUINE, error, held)
    except TrustError as error:
        return _refused(args, UNREADABLE, error, held)
    except OSError as error:
        problem = Unreadable(
            "file-unreadable", file=str(error.filename), problem=error.strerror or ""
        )
        return _refused(args, UNREADABLE, problem, held)
    verdict = TRUSTED if verified.trusted else UNKNOWN_ISSUER
    if args.json:
        _print_json(args, verdict, {**_facts(verified), "file": held.kind}, [])
    else:
        _print_text(verdict, held, verified)
    return verdict


def _refused(
    args: argparse.Namespace, verdict: int, error: TrustError, held: Evidence | None
) -> int:
    if args.json:
        kind = held.kind if held else None
        _print_json(args, verdict, {"file": kind}, [error])
        return verdict
    _say(_(_VERDICTS[verdict]))
    _say(texts.short(error, language()))
    if advice := texts.advice(error, language()):
        _say(advice)
    if held and held.kind == "pdf":
        _say(_("The page of a PDF is not signed: only the statement embedded in it is."))
    return verdict


def _print_text(verdict: int, held: Evidence, verified: Verified) -> None:
    payload = verified.statement.payload
    _say(_(_VERDICTS[verdict]))
    if verified.standing is Standing.EXPIRED:
        _say(_("Its issuer's certificate is over; with the server's receipt it can be judged."))
    if held.kind == "pdf":
        _say(
            _(
                "The page of a PDF is not signed. What follows is from the signed statement "
                "embedded in it: compare it with the page."
            )
        )
    for label, value in _summary(verified):
        _say(f"  {_(label)}: {value}")
    for line in _drive_lines(payload):
        _say(f"  {line}")


def _summary(verified: Verified) -> list[tuple[str, str]]:
    """(marked label, value) of what a person compares with the paper in her hand."""
    payload, body = verified.statement.payload, verified.statement.body
    lines = [
        (N_("Statement"), verified.statement.id),
        (N_("Kind"), payload["type"]),
        (N_("Signed by"), " ".join(verified.signer)),
        (N_("Issuer"), verified.chain[0].issuer.rfc4514_string()),
        (N_("Issued"), payload["issued_at"]),
        (N_("Job"), payload["job"]),
    ]
    if verified.receipt:
        server = verified.receipt.payload["server"]
        lines.append((N_("Registered"), f"{verified.receipt.registered_at} {server}"))
    if payload["type"] == "machine":
        machine = body["machine"]
        named = f"{machine['maker']} {machine['model']} {machine['serial']}"
        lines += [(N_("Machine"), named), (N_("Asset tag"), body["asset_tag"] or "-")]
    if payload["type"] in ("drive", "deployment"):
        lines.append((N_("Drive"), f"{body['drive']['model']} {body['drive']['serial']}"))
    if "outcome" in body:
        lines.append((N_("Outcome"), _outcome(body["outcome"])))
        lines.append((N_("Level"), _level(body["level"])))
    return lines


def _outcome(code: str) -> str:
    """The outcome in the person's language, the code beside it."""
    word = _said(words.word(words.OUTCOMES, code))
    return code.upper() if word.lower() == code.replace("-", " ") else f"{word} ({code.upper()})"


def _level(code: str) -> str:
    """The level's word, the standard's English one beside it."""
    level = words.word(words.LEVELS, code)
    return level.en if level.same or language() == "en" else f"{level.ar} ({level.en})"


def _said(text: words.Both) -> str:
    return text.ar if language() == "ar" else text.en


def _drive_lines(payload: dict[str, Any]) -> list[str]:
    if payload["type"] != "machine":
        return []
    lines = []
    for item in payload["body"]["drives"]:
        drive = item["drive"]
        lines.append(
            f"{_('Drive')}: {drive['model']} {drive['serial']}: {_outcome(item['outcome'])}, "
            f"{item['method'] or '-'}, {item['statement']}"
        )
    for item in payload["body"]["left_alone"]:
        drive = item["drive"]
        lines.append(
            f"{_('Drive')}: {drive['model']} {drive['serial']}: {_said(words.both('left alone'))}"
        )
    return lines


def _facts(verified: Verified) -> dict[str, Any]:
    return {
        "id": verified.statement.id,
        "standing": verified.standing.value,
        "grade": "registered" if verified.receipt else "signed" if verified.trusted else None,
        "signer": {"role": verified.signer[0], "name": verified.signer[1]},
        "receipt": verified.receipt.payload if verified.receipt else None,
        "statement": verified.statement.payload,
    }


def _print_json(
    args: argparse.Namespace, verdict: int, facts: dict[str, Any], errors: list[TrustError]
) -> None:
    answer = {
        "path": str(args.file),
        "exit": verdict,
        "verdict": ["genuine", "not-genuine", "unreadable", "issuer-unknown"][verdict],
        "page_signed": False,
        "problems": [
            {"code": error.code, "facts": error.facts, "text": texts.explained(error)}
            for error in errors
        ],
        **facts,
    }
    _say(json.dumps(answer, ensure_ascii=False, indent=2))


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
