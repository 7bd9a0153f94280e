"""ATA SECURITY ERASE UNIT, enhanced and normal, as methods.

The normal one must leave zeros or ones everywhere (ACS-5 7.36); the enhanced one leaves what
the maker chose, one thing everywhere. Never used where the drive's security is frozen, locked
or in use.
"""

from __future__ import annotations

from appliance.erasure import atasecurity
from appliance.erasure.firmware import Recipe, perform
from appliance.erasure.site import Site
from appliance.model import Attempt, MethodOption


def enhanced(site: Site, option: MethodOption) -> Attempt:
    """Reaches reallocated sectors, too."""
    return perform(site, option, Recipe(steps=(atasecurity.erase(enhanced=True),), uniform=True))


def normal(site: Site, option: MethodOption) -> Attempt:
    """Every addressable block."""
    recipe = Recipe(steps=(atasecurity.erase(enhanced=False),), constant=True)
    return perform(site, option, recipe)
