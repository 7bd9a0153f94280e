"""NVMe Sanitize: the controller erases all of its namespaces, and its log says how it goes.

Believed only when the log showed the command running, or is another log than before, then
reported a success, and the marks are gone. A success in the log without that may be an older
one. The command reaches every namespace, so it is used only with all of them in the plan.
"""

from __future__ import annotations

from functools import partial

from appliance.erasure import firmware
from appliance.erasure.firmware import Recipe, Step
from appliance.erasure.nvmesanitize import facts, leave_failure_mode, sanitize
from appliance.erasure.site import Site
from appliance.model import Attempt, MethodOption, Order
from appliance.tools.nvme import BLOCK_ERASE, CRYPTO_ERASE


def crypto_block(site: Site, option: MethodOption) -> Attempt:
    """Crypto erase, then block erase."""
    return _perform(site, option, (partial(_step, CRYPTO_ERASE), partial(_step, BLOCK_ERASE)))


def block(site: Site, option: MethodOption) -> Attempt:
    """Block erase alone."""
    return _perform(site, option, (partial(_step, BLOCK_ERASE),))


def crypto(site: Site, option: MethodOption) -> Attempt:
    """Crypto erase alone: nothing is promised of what the blocks read as afterwards."""
    return firmware.perform(site, option, Recipe(steps=(partial(_step, CRYPTO_ERASE),)))


def _perform(site: Site, option: MethodOption, steps: tuple[Step, ...]) -> Attempt:
    # A sanitize deallocates every block unless it is told not to (NDAS, which we leave 0), and
    # DLFEAT is the drive's own word for what a deallocated block reads as.
    constant = all(one.deallocated_reads != "unknown" for one in facts(site).namespaces)
    return firmware.perform(site, option, Recipe(steps=steps, constant=constant))


def _step(action: int, site: Site) -> Order:
    """A drive that failed is led out of its failure mode, so that another method can be tried;
    that makes nothing of this one."""
    order = sanitize(action, site)
    if order.reported == "failed":
        leave_failure_mode(site)
    return order
