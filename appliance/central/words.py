"""The texts of this package: one catalogue of their own, in the language of the process."""

from __future__ import annotations

from appliance.i18n import language, translator

DOMAIN = "central"


def _(message: str) -> str:
    return translator(language(), DOMAIN)(message)
