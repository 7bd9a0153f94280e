"""The families of errors: each carries a stable code and facts, never a finished sentence.

The sentence is made for the person at the machine, in her language, from the table in
`appliance.texts`. `exit_code` says what the outermost `try` in `cli` returns: 2 means
"bad input, nothing was touched", 1 "done, but something failed".
"""

from __future__ import annotations


class TajdeedError(Exception):
    """Root of every error that we expect; anything else is a defect of the program."""

    exit_code = 1

    def __init__(self, code: str, **facts: str | int | float) -> None:
        self.code = code
        self.facts: dict[str, str | int | float] = facts
        listed = ", ".join(f"{key}={value}" for key, value in facts.items())
        super().__init__(f"{code}: {listed}" if listed else code)


class ConfigError(TajdeedError):
    """station.yaml, the kernel command line, a flag, a profile or a ticket is wrong."""

    exit_code = 2


class ToolError(TajdeedError):
    """An external program could not be started, timed out, or said something unreadable."""


class DriveError(TajdeedError):
    """A drive refused, vanished, or is not the drive that was planned for."""


class TrustError(TajdeedError):
    """A signature, certificate, ticket or image cannot be trusted."""

    exit_code = 2


class DeliveryError(TajdeedError):
    """A statement could not be handed over; it stays in the outbox."""


class StickGoneError(TajdeedError):
    """The stick that we run from was pulled out: nothing can be recorded or signed any more."""


class JournalError(TajdeedError):
    """An event log is broken or cannot be written."""
