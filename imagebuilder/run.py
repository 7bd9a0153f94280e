"""The image builder's one door to other programs.

Every call names its program and arguments as a list, never a shell line; what the program printed
stands in the error when it fails. The appliance has a door of its own (`appliance.tools`).
"""

import os
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_TAIL_LINES = 25


class ProgramError(Exception):
    """A program failed, was killed or is missing; says which, how, and its last words."""

    def __init__(self, argv: Sequence[str], status: str, output: str) -> None:
        self.argv = tuple(argv)
        self.status = status
        self.output = output
        tail = "\n".join(output.strip().splitlines()[-_TAIL_LINES:])
        shown = shlex.join(self.argv)
        if len(shown) > 600:
            shown = f"{shown[:600]} ..."
        super().__init__(f"{shown}\n{status}\n{tail}".strip())


def run_visibly(
    argv: Sequence[str | Path], *, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> int:
    """Run a program whose output a person watches; its exit status.

    Raises `ProgramError` only when the program is missing.
    """
    words = [str(word) for word in argv]
    try:
        return subprocess.run(
            words,
            stdin=subprocess.DEVNULL,
            cwd=cwd,
            env={**os.environ, "LC_ALL": "C.UTF-8", **(env or {})},
            check=False,
        ).returncode
    except FileNotFoundError as error:
        raise ProgramError(words, f"not found: {error.filename}", "") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What a program that succeeded left: its standard output and its error stream."""

    stdout: bytes
    stderr: str

    @property
    def text(self) -> str:
        """Standard output as text."""
        return self.stdout.decode(errors="replace")


def run(
    argv: Sequence[str | Path],
    *,
    stdin: bytes | None = None,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    log: Path | None = None,
    timeout_s: float | None = None,
    shown: Sequence[str | Path] | None = None,
) -> Done:
    """Run a program to its end and return what it printed.

    `env` is added to this process's environment; the locale is always C.UTF-8. With `log`, both
    streams go to that file, whose end is quoted on failure. `shown` stands in errors
    for `argv`. Raises `ProgramError` when the program
    is missing, ends with a status other than 0 or takes longer than `timeout_s`.
    """
    words = [str(word) for word in argv]
    named = words if shown is None else [str(word) for word in shown]
    whole_env = {**os.environ, "LC_ALL": "C.UTF-8", **(env or {})}
    try:
        if log is not None:
            log.parent.mkdir(parents=True, exist_ok=True)
            with log.open("wb") as stream:
                done = subprocess.run(
                    words,
                    input=stdin,
                    stdin=None if stdin is not None else subprocess.DEVNULL,
                    stdout=stream,
                    stderr=subprocess.STDOUT,
                    cwd=cwd,
                    env=whole_env,
                    timeout=timeout_s,
                    check=False,
                )
            stdout, stderr = b"", ""
            if done.returncode:
                stderr = f"{log}:\n{log.read_text(errors='replace')}"
        else:
            done = subprocess.run(
                words,
                input=stdin,
                stdin=None if stdin is not None else subprocess.DEVNULL,
                capture_output=True,
                cwd=cwd,
                env=whole_env,
                timeout=timeout_s,
                check=False,
            )
            stdout, stderr = done.stdout, done.stderr.decode(errors="replace")
    except FileNotFoundError as error:
        raise ProgramError(named, f"not found: {error.filename}", "") from error
    except subprocess.TimeoutExpired as error:
        raise ProgramError(named, f"still running after {timeout_s} s: killed", "") from error
    if done.returncode:
        output = stderr or stdout.decode(errors="replace")
        raise ProgramError(named, f"exit status {done.returncode}", output)
    return Done(stdout=stdout, stderr=stderr)
