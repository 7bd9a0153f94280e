"""What the stable codes mean, for the person at the machine, in two languages.

The table is `appliance.codes`: a short text, and advice (what to do next). Facts of the
reason or error fill the braces. Screens, paper and `plan --json` all print from here, so a
thing has the same words everywhere.
"""

from __future__ import annotations

from appliance.codes import TEXTS
from appliance.errors import TajdeedError
from appliance.i18n import translator
from appliance.model import Facts, Reason


class _Facts(dict[str, object]):
    """Formats a fact that is missing as `???`: unknown is shown, never left out."""

    def __missing__(self, key: str) -> str:
        return "???"


def _filled(template: str, facts: Facts, language: str) -> str:
    return translator(language)(template).format_map(_Facts(facts))


def short(what: Reason | TajdeedError, language: str) -> str:
    """The one-line text of a reason or error in a language."""
    text = TEXTS.get(what.code)
    if text is None:
        listed = ", ".join(f"{key}={value}" for key, value in what.facts.items())
        return f"{what.code} ({listed})" if listed else what.code
    return _filled(text.short, what.facts, language)


def advice(what: Reason | TajdeedError, language: str) -> str:
    """What it means and what to do next; empty where the short text says all."""
    text = TEXTS.get(what.code)
    return _filled(text.advice, what.facts, language) if text and text.advice else ""


def sentences(head: str, tail: str) -> str:
    """A short text and its advice as two sentences; only the advice carries a full stop."""
    if not tail:
        return head
    return f"{head} {tail}" if head.endswith((".", "!", "؟", "?", ":")) else f"{head}. {tail}"


def explained(what: Reason | TajdeedError) -> dict[str, str]:
    """Both languages at once, for machine-readable output."""
    return {
        language: sentences(short(what, language), advice(what, language))
        for language in ("ar", "en")
    }
