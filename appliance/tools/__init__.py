"""External programs, one module each; `run` is the only door to them.

A wrapper is three small things: build the argument list, call `run`, parse the text into
a frozen record (a pure function, tested on recorded output). An exit status is a hint,
not a proof (hdparm prints an error and exits 0): state is read before and after.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from appliance.errors import ToolError
from appliance.model import CommandRun


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """What a program said. `status` is its exit status; text is UTF-8, damaged bytes escaped."""

    run: CommandRun
    status: int
    stdout: str
    stderr: str
    raw: bytes


def utc_now() -> str:
    """Now, RFC 3339, UTC, whole milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def run(
    argv: Sequence[str],
    *,
    timeout_s: float = 60.0,
    stdin: bytes = b"",
    ok: Sequence[int] | None = (0,),
    unsaid: str = "",
) -> Output:
    """Run a program and return what it said.

    `ok` lists the exit statuses that are no error; None accepts all. `unsaid`: a word of argv
    that stands in no record, no error and no text of the answer, only in its raw bytes. ToolError
    `tool-missing`, `tool-timeout` or `tool-failed` otherwise, with argv, status and the end of
    its error text. Nothing of our environment reaches it but PATH; stdin is closed.
    """
    import sh

    def text(raw: bytes) -> str:
        said = raw.decode("utf-8", "backslashreplace")
        return said.replace(unsaid, "***") if unsaid else said

    told = tuple("***" if unsaid and word == unsaid else word for word in argv)
    started_at, begin = utc_now(), time.monotonic()
    try:
        command = sh.Command(argv[0])
    except sh.CommandNotFound as error:
        raise ToolError("tool-missing", tool=argv[0]) from error
    try:
        # sh's defaults suit scripts: a terminal as stdout, strict decoding, bare text as
        # result, error text cut at 750 characters. All are set here, once.
        done = command(
            *argv[1:],
            _in=stdin or None,
            _tty_in=False,
            _tty_out=False,
            _decode_errors="backslashreplace",
            _encoding="utf-8",
            _return_cmd=True,
            _truncate_exc=False,
            _ok_code=list(range(256)),
            _timeout=timeout_s,
            _env={
                "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                "LC_ALL": "C.UTF-8",
            },
        )
    except sh.TimeoutException as error:
        raise ToolError("tool-timeout", tool=" ".join(told), seconds=timeout_s) from error
    except sh.SignalException as error:
        raise ToolError(
            "tool-failed", tool=" ".join(told), status=-1, problem=type(error).__name__
        ) from error
    result = Output(
        run=CommandRun(
            argv=told,
            status=done.exit_code,
            started_at=started_at,
            elapsed_s=round(time.monotonic() - begin, 3),
        ),
        status=done.exit_code,
        stdout=text(done.stdout),
        stderr=text(done.stderr),
        raw=done.stdout,
    )
    if ok is not None and result.status not in ok:
        raise ToolError(
            "tool-failed",
            tool=" ".join(told),
            status=result.status,
            problem=(result.stderr.strip() or result.stdout.strip())[-500:],
        )
    return result
