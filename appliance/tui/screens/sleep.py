"""Letting the machine sleep to free frozen drives: an act of its own, with a consent of its own.

The person is told first what may happen to the screen, and that nothing is erased by it.
"""

from __future__ import annotations

from appliance.i18n import _
from appliance.job.state import JobState
from appliance.tui.screens.byname import ByName


class Sleep(ByName):
    """The question, and the name of who answers it."""

    name = "sleep"
    method = "Suspend"

    def title(self) -> str:
        return _("Sleep")

    def sentence(self, state: JobState) -> str:
        return _("Let the machine sleep for some seconds, so that its drives are no longer frozen?")

    def label(self) -> str:
        return _("Sleep")

    def meaning(self) -> str:
        return _(
            "Nothing is erased by it. The machine wakes up by itself. On some machines the screen "
            "stays black then: wait a minute, then switch it off and on and go on without this."
        )
