"""Why a reading-back does not hold, in the product's codes: pure functions of checks."""

from __future__ import annotations

from appliance.model import Check, Reason


def check_reasons(check: Check) -> list[Reason]:
    """Why a reading-back does not hold; empty when it does."""
    found = []
    wrong = [item for item in check.mismatches if item.kind != "unreadable"]
    unread = [item for item in check.mismatches if item.kind == "unreadable"]
    for code, items in (("readback-mismatch", wrong), ("readback-unreadable", unread)):
        if items:
            found.append(
                Reason(
                    code=code,
                    facts={
                        "ranges": len(items),
                        "bytes": sum(item.range.length for item in items),
                        "first_offset": items[0].range.offset,
                    },
                )
            )
    if not found and not check.good:
        found.append(
            Reason(
                code="readback-incomplete",
                facts={"read": check.read_bytes, "planned": check.planned_bytes},
            )
        )
    return found


def mark_reasons(check: Check) -> list[Reason]:
    """The same for canaries and old samples: what survived is told apart from what is unread.

    Honestly empty (a blank drive has no old data to look for) is no reason.
    """
    if check.kind == "old-samples" and check.planned_bytes == 0 and check.complete:
        return []
    survived = [item for item in check.mismatches if item.kind == "survived"]
    if survived:
        return [
            Reason(
                code=f"{check.kind}-survived",
                facts={"places": len(survived), "first_offset": survived[0].range.offset},
            )
        ]
    return check_reasons(check)


def mixture_reasons(check: Check) -> list[Reason]:
    """Why what an erase left behind is not one thing everywhere; empty when it is.

    A minority of blocks that are neither zeros nor ones, among others that are.
    """
    other = check.detail.get("bytes_other", 0)
    if isinstance(other, int) and 0 < other < check.read_bytes // 2:
        return [Reason(code="readback-mixed", facts={"bytes": other, "read": check.read_bytes})]
    return []
