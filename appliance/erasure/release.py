"""Taking down what holds a drive, after consent: tree, plan, show, do, look again.

The plan's `release` steps were shown to the person. Only steps that this version can undo
safely are done (unmounting, swap off); anything else leaves the drive refused, with the
reason. What counts in the end is a second look: nobody may hold the drive any more.
"""

from __future__ import annotations

from appliance.errors import ToolError
from appliance.hardware.holders import holder_tree
from appliance.model import DrivePlan, Reason
from appliance.tools import mounts

_DOERS = {"umount": mounts.unmount, "swapoff": mounts.swap_off}


def release(plan: DrivePlan) -> Reason | None:
    """Free the drive of a plan; a reason where it is still held. Never forces anything."""
    drive = plan.drive
    for step in plan.release:
        verb, _, target = step.partition(" ")
        doer = _DOERS.get(verb)
        if doer is None:
            return Reason(
                code="holder-not-ours", facts={"drive": drive.label, "holder": target, "kind": verb}
            )
        try:
            doer(target)
        except ToolError as error:
            return Reason(
                code="holder-stays",
                facts={"drive": drive.label, "holder": target, "problem": str(error)},
            )
    left = [found for part in drive.parts for found in holder_tree(part.path.removeprefix("/dev/"))]
    if left:
        return Reason(
            code="holder-stays",
            facts={"drive": drive.label, "holder": left[0].path, "problem": left[0].kind},
        )
    return None
