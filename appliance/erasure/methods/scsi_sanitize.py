"""SCSI SANITIZE (SBC-4 4.11): block erase, overwrite, or a cryptographic erase with an overwrite.

A drive that ends in the failure mode is led out of it, so that another method can follow.
"""

from __future__ import annotations

from appliance.erasure import scsisanitize
from appliance.erasure.firmware import Recipe, perform
from appliance.erasure.methods import overwrite
from appliance.erasure.site import Site
from appliance.erasure.stream import Pattern
from appliance.erasure.watching import Patience
from appliance.model import Attempt, MethodOption, Order
from appliance.tools import sg3


def block(site: Site, option: MethodOption) -> Attempt:
    """SANITIZE, BLOCK ERASE."""
    zeros = site.drive.scsi is not None and site.drive.scsi.zeros_after_erase
    return perform(site, option, Recipe(steps=(_Sanitize("block"),), constant=zeros))


def overwriting(site: Site, option: MethodOption) -> Attempt:
    """SANITIZE, OVERWRITE: one pass of zeros by the drive itself, read back in full."""
    return perform(site, option, Recipe(steps=(_Sanitize("overwrite"),), pattern=Pattern()))


def crypto_overwrite(site: Site, option: MethodOption) -> Attempt:
    """SANITIZE, CRYPTOGRAPHIC ERASE, then every block with a keyed stream from here."""
    return perform(site, option, Recipe(steps=(_Sanitize("crypto"),), then=overwrite.perform))


class _Sanitize:
    """One SANITIZE, sent and watched to its end."""

    def __init__(self, action: sg3.Action, patience: Patience | None = None) -> None:
        self._action = action
        self._patience = patience

    def __call__(self, site: Site) -> Order:
        order = scsisanitize.sanitize(self._action, site, self._patience)
        if order.reported == "failed":
            scsisanitize.leave_failure_mode(site)
        return order
