"""ATA SANITIZE DEVICE as methods: on flash scramble and erase blocks, on disks overwrite.

Never a sanitize overwrite on flash. After a failure the drive takes no reads and no writes, so
it is led out of that state before anything else is tried on it.
"""

from __future__ import annotations

import secrets

from appliance.erasure import atasanitize
from appliance.erasure.firmware import Recipe, Step, perform, without_end
from appliance.erasure.methods import overwrite as host
from appliance.erasure.site import Site
from appliance.erasure.stream import Pattern
from appliance.model import Attempt, MethodOption

_CRYPTO = atasanitize.sanitize("crypto-scramble")
_BLOCK = atasanitize.sanitize("block-erase")


def crypto_block(site: Site, option: MethodOption) -> Attempt:
    """Scramble the keys, then erase the blocks."""
    return _performed(site, option, _erasing(site, _CRYPTO, _BLOCK))


def block(site: Site, option: MethodOption) -> Attempt:
    """Erase the blocks."""
    return _performed(site, option, _erasing(site, _BLOCK))


def crypto(site: Site, option: MethodOption) -> Attempt:
    """Scramble the keys and no more: the maker's word."""
    return _performed(site, option, Recipe(steps=(_CRYPTO,)))


def overwrite(site: Site, option: MethodOption) -> Attempt:
    """The firmware writes a pattern of ours over everything that it has."""
    # Four equal bytes: makers differ in the order in which they write the 32 bits. Not zeros
    # or ones, which an erase that never happened could also leave.
    pattern = bytes((1 + secrets.randbelow(254),)) * 4
    step = atasanitize.sanitize("overwrite", pattern)
    return _performed(site, option, Recipe(steps=(step,), pattern=Pattern(pattern)))


def crypto_overwrite(site: Site, option: MethodOption) -> Attempt:
    """Scramble the keys, then write our keyed stream from here."""
    return _performed(site, option, Recipe(steps=(_CRYPTO,), then=host.perform))


def _performed(site: Site, option: MethodOption, recipe: Recipe) -> Attempt:
    """A way out of the failure that has no end itself may still be at work: nothing may follow."""
    attempt = perform(site, option, recipe)
    if attempt.orders and attempt.orders[-1].reported == "failed":
        left = atasanitize.recover(site)
        if left is not None and left.accepted and left.reported == "unknown":
            return without_end(attempt, left)
    return attempt


def _erasing(site: Site, *steps: Step) -> Recipe:
    """Whether blocks without data read as zeros is declared for trimmed ones (ACS-5 word 69), and
    an erased block is mapped no more than a trimmed one; undeclared, it is one thing everywhere."""
    zeros = site.drive.ata is not None and site.drive.ata.zeros_after_trim
    return Recipe(steps=steps, constant=zeros, uniform=True)
