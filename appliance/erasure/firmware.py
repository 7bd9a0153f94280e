"""The frame around every erase that a drive's own firmware does.

Old samples are remembered and canaries planted before; then the orders, each watched to its
end; then the canaries, the samples and the whole drive are read. The exit status of a tool
alone proves nothing: tools in the field "formatted" for years and erased nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from appliance.erasure.canaries import Canaries, check_canaries, plant_canaries
from appliance.erasure.device import geometry
from appliance.erasure.joining import joined, part_report
from appliance.erasure.plausibility import doubts
from appliance.erasure.readback import verify_after_erase, verify_source
from appliance.erasure.reasons import check_reasons, mark_reasons, mixture_reasons
from appliance.erasure.samples import (
    OldSamples,
    check_old_samples,
    sampled_ranges,
    take_old_samples,
)
from appliance.erasure.site import Area, Site
from appliance.erasure.stream import Source
from appliance.model import Attempt, Check, Facts, MethodOption, Order, Reason, to_json
from appliance.tools import utc_now

Step = Callable[[Site], Order]
"""One firmware command: confirms nothing, sends it, watches it to its end, never raises for
what the drive does. It says itself what it sends (`Site.ran`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What a method does between planting and looking again.

    `constant`: the drive declares that erased blocks read as zeros or ones. `uniform`: it does not
    declare what they read as, but it is one thing everywhere, so a few blocks that hold something
    among zeros or ones were left out; not so where keys were changed. `pattern`: what
    the firmware was told to write everywhere, where it was told. `then`: what the host does
    after the orders (an overwrite), whose attempt's checks and stream are taken over.
    """

    steps: Sequence[Step]
    constant: bool = False
    uniform: bool = False
    pattern: Source | None = None
    then: Callable[[Site, MethodOption], Attempt] | None = None


def perform(site: Site, option: MethodOption, recipe: Recipe) -> Attempt:
    """Samples, canaries, orders, checks; failed or unknown with the reason at every doubt."""
    started_at = utc_now()
    site.confirm_identity()
    marks = [_marked(site, area) for area in site.areas]
    unusable = sum(len(one.canaries.failed) for one in marks if not one.canaries.usable)
    if any(not one.canaries.usable for one in marks):
        reason = Reason(code="canaries-impossible", facts={"places": unusable})
        return _attempt(option, started_at, "failed", (reason,))
    orders: list[Order] = []
    for step in recipe.steps:
        site.confirm_identity()
        order = step(site)
        orders.append(order)
        site.say("order-ended", order=to_json(order))
        if problem := _order_reason(order):
            return _attempt(option, started_at, _result(order), (problem,), orders)
        found = doubts(order, site.drive)
        if found:
            return _attempt(option, started_at, "failed", found, orders)
    site.confirm_identity()
    looked = (
        joined([(one.area.base, check_canaries(one.area.fd, one.canaries)) for one in marks]),
        joined([(one.area.base, check_old_samples(one.area.fd, one.old)) for one in marks]),
    )
    reasons = tuple(found for check in looked for found in mark_reasons(check))
    if reasons:
        site.say("checked", checks=to_json(looked))
        return _attempt(option, started_at, "failed", reasons, orders, looked)
    if recipe.then is not None:
        host = recipe.then(site, option)
        return Attempt(
            method=option.method,
            result=host.result,
            level=option.level,
            started_at=started_at,
            ended_at=utc_now(),
            written_bytes=host.written_bytes,
            reasons=host.reasons,
            errors=host.errors,
            checks=(*looked, *host.checks),
            stream=host.stream,
            orders=tuple(orders),
            scheme=host.scheme,
            passes=host.passes,
        )
    whole = _read_all(site, recipe)
    checks = (*looked, whole)
    site.say("checked", checks=to_json(checks))
    found_wrong = tuple(check_reasons(whole))
    if recipe.uniform and not found_wrong:
        found_wrong = tuple(mixture_reasons(whole))
    result = "failed" if found_wrong else "done"
    return _attempt(option, started_at, result, found_wrong, orders, checks)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Marks:
    """What is looked for again in one part of the drive."""

    area: Area
    old: OldSamples
    canaries: Canaries


def _marked(site: Site, area: Area) -> _Marks:
    shape = geometry(area.fd)
    old = take_old_samples(area.fd, shape=shape)
    canaries = plant_canaries(area.fd, shape=shape, avoid=old.ranges)
    site.say(
        "canaries-planted",
        node=area.part.path,
        places=len(canaries.planted),
        seed=canaries.seed,
        samples=len(old),
    )
    return _Marks(area=area, old=old, canaries=canaries)


def _read_all(site: Site, recipe: Recipe) -> Check:
    report = site.reporter("verifying")
    found = []
    for area in site.areas:
        shape = geometry(area.fd)
        ranges = sampled_ranges(shape) if site.policy.verify == "sampled" else None
        part = part_report(report, area.base, site.drive.size_bytes)
        if recipe.pattern is not None:
            pattern = recipe.pattern.shifted(area.base)
            check = verify_source(area.fd, pattern, ranges=ranges, shape=shape, report=part)
        else:
            check = verify_after_erase(
                area.fd, constant=recipe.constant, ranges=ranges, shape=shape, report=part
            )
        found.append((area.base, check))
    return joined(found)


def without_end(attempt: Attempt, order: Order) -> Attempt:
    """The attempt when an order that was sent after it, to lead the drive out, has no end."""
    reasons = (*attempt.reasons, *filter(None, (_order_reason(order),)))
    return replace(
        attempt,
        result=_result(order),
        reasons=reasons,
        orders=(*attempt.orders, order),
        ended_at=utc_now(),
    )


def _result(order: Order) -> str:
    return "unknown" if order.accepted and order.reported == "unknown" else "failed"


def _order_reason(order: Order) -> Reason | None:
    """Why an order proves nothing; None for one that was seen to succeed."""
    facts: Facts = {"command": order.command, "problem": order.problem}
    if not order.accepted:
        return Reason(code="order-refused", facts=facts)
    if order.reported == "unknown":
        return Reason(code="order-without-end", facts=facts)
    if order.reported == "failed":
        return Reason(code="order-failed", facts=facts)
    if order.reported == "idle":
        return Reason(code="order-idle", facts=facts)
    if not order.seen:
        return Reason(code="order-not-seen", facts=facts)
    return None


def _attempt(
    option: MethodOption,
    started_at: str,
    result: str,
    reasons: Sequence[Reason],
    orders: Sequence[Order] = (),
    checks: Sequence[Check] = (),
) -> Attempt:
    return Attempt(
        method=option.method,
        result=result,
        level=option.level,
        started_at=started_at,
        ended_at=utc_now(),
        reasons=tuple(reasons),
        checks=tuple(checks),
        orders=tuple(orders),
    )
