"""Frozen drives are freed by letting the machine sleep: an act of its own, before any plan.

Somebody consents to it by name, or the settings allow it for unattended work, because a screen
may stay black afterwards. It stands in the job's log before it happens. What was reached is
read from the drives, and the plan that follows is a new one.
"""

from __future__ import annotations

from dataclasses import replace

from appliance.errors import TajdeedError
from appliance.job.consent import ConsentError
from appliance.job.eventlog import Writer
from appliance.model import Machine, Reason, to_json
from appliance.settings import Settings
from appliance.tools import rtcwake

SLEEP_S = 8


def frozen(machine: Machine | None) -> tuple[str, ...]:
    """Keys of the drives whose security or sanitize commands are frozen; never the stick's."""
    if machine is None:
        return ()
    return tuple(
        drive.key
        for drive in machine.drives
        if drive.ata is not None
        and not drive.is_stick
        and (drive.ata.security_frozen or drive.ata.sanitize_frozen)
    )


def check(technician: str, machine: Machine | None, settings: Settings) -> None:
    """Whether the machine may be put to sleep now; ConsentError where not.

    Without a name, only for unattended work whose settings say so.
    """
    if not frozen(machine):
        raise ConsentError("sleep-not-needed")
    if not technician.strip():
        if settings["mode"] != "batch":
            raise ConsentError("consent-no-name")
        if not settings["policy.suspend_frozen"]:
            raise ConsentError("sleep-not-allowed")


class Sleep:
    """One sleep: what was frozen before it, and what it says afterwards."""

    def __init__(self, technician: str, machine: Machine | None) -> None:
        self._technician = technician.strip()
        self._before = frozen(machine)
        self._problem = ""

    def through(self, log: Writer) -> None:
        """Fall asleep and wake up; never raises for a machine that cannot."""
        log.add("sleep-intended", technician=self._technician, frozen=list(self._before))
        if not rtcwake.can_sleep():
            self._problem = "no suspend to memory"
        else:
            try:
                done = rtcwake.sleep(SLEEP_S)
            except TajdeedError as error:
                self._problem = error.code
            else:
                if done.status != 0:
                    self._problem = (done.stderr or done.stdout).strip()[-200:]
                log.add("command", run=to_json(done.run))
        log.add("slept", problem=self._problem)

    def told(self, machine: Machine) -> Machine:
        """The machine as it was found afterwards, with the warning that says what was reached."""
        reason = Reason(
            code="machine-slept",
            facts={"before": len(self._before), "after": len(frozen(machine))},
        )
        if self._problem:
            reason = Reason(code="machine-did-not-sleep", facts={"problem": self._problem})
        return replace(machine, warnings=(*machine.warnings, reason))
