"""The PSIDs that somebody typed or scanned at consent: in memory only, for root only.

They lie in files of /run, one for each drive, until the machine is switched off: an engine that
starts again finds them there, and a worker reads its drive's. No log, plan, task or statement
holds one.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from appliance.erasure.psid import PSID_CHARACTERS, is_psid, takes_psid, tidied
from appliance.job.consent import ConsentError
from appliance.model import JobPlan


def checked(given: Any, plan: JobPlan) -> dict[str, str]:
    """PSIDs by drive key, tidied; those left empty are left out.

    ConsentError `call-unreadable`, `consent-psid-unused` for a drive that needs none,
    `consent-bad-psid`.
    """
    if not isinstance(given, Mapping):
        raise ConsentError("call-unreadable", problem="psids")
    wanted = {item.drive.key: item.drive for item in plan.drives if takes_psid(item)}
    found = {}
    for key, typed in given.items():
        if key not in wanted or not isinstance(typed, str):
            raise ConsentError("consent-psid-unused")
        psid = tidied(typed)
        if psid and not is_psid(psid):
            raise ConsentError(
                "consent-bad-psid",
                drive=wanted[key].label,
                wanted=PSID_CHARACTERS,
                found=len(psid),
            )
        if psid:
            found[key] = psid
    return found


def keep(folder: Path, psids: Mapping[str, str]) -> None:
    """Write them where only root reads them."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for key, psid in psids.items():
        # Its mode is there before its content.
        fd = os.open(folder / key, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(fd, "w") as file:
            file.write(psid)


def read(path: str) -> str:
    """A drive's PSID; empty where none was given."""
    try:
        return Path(path).read_text() if path else ""
    except OSError:
        return ""
