"""Consent: what was typed is compared with the plan; nothing starts without it. Pure."""

from __future__ import annotations

from appliance.errors import TajdeedError
from appliance.job import assettag
from appliance.model import Consent, JobPlan, digest


class ConsentError(TajdeedError):
    """The consent does not fit the plan; nothing was touched."""

    exit_code = 2


def check_typed(consent: Consent, plan: JobPlan) -> None:
    """A person's consent: a name, and the last four characters of each drive's serial.

    ConsentError `consent-no-name`, `consent-wrong-serial` (names the
    drive), `consent-other-drives`, `nothing-to-erase`.
    """
    if not consent.technician.strip():
        raise ConsentError("consent-no-name")
    if not any(item.erases for item in plan.drives):
        raise ConsentError("nothing-to-erase")
    wanted = {item.drive.key: item.drive for item in plan.drives if item.erases}
    if set(consent.typed) != set(wanted):
        raise ConsentError("consent-other-drives", wanted=len(wanted), found=len(consent.typed))
    for key, typed in consent.typed.items():
        if typed.strip().casefold() != wanted[key].identity.last4.casefold():
            raise ConsentError(
                "consent-wrong-serial", drive=wanted[key].label, path=wanted[key].path
            )


def scanned_tag(consent: Consent) -> str:
    """The asset tag that a person scanned from the machine's label.

    ConsentError `consent-tag-wrong` where it is missing or its check character does not fit.
    """
    tag = assettag.read(consent.asset_tag)
    if tag is None:
        raise ConsentError("consent-tag-wrong", found=consent.asset_tag.strip() or "–")
    return tag


def check_plan(consent: Consent, plan: JobPlan) -> None:
    """Any consent, typed or by ticket, is for the very plan that was shown.

    ConsentError `consent-other-plan`.
    """
    if consent.plan_digest != digest(plan):
        raise ConsentError("consent-other-plan")
