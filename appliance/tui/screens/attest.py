"""No drive was found: a person must look inside the machine and say so by name.

"Nothing found" is never a success by itself; this makes it a statement of `no-media`.
"""

from __future__ import annotations

from appliance.i18n import _
from appliance.job.state import JobState
from appliance.tui.screens.byname import ByName


class Attest(ByName):
    """The attestation that the machine holds no drive."""

    name = "attest"
    method = "AttestNoMedia"

    def title(self) -> str:
        return _("No drives")

    def sentence(self, state: JobState) -> str:
        return _("Attest that this machine holds no drive. The certificate will say: no media.")

    def label(self) -> str:
        return _("Attest")

    def meaning(self) -> str:
        return _(
            "Open the case and look: drive bays, M.2 slots, eMMC on the board, memory cards. "
            "A drive that is switched off in the firmware's setup, or behind a RAID controller, "
            "is not seen either. If there is one, make it visible and search again."
        )
