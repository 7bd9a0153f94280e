"""The methods that this version performs, by the id of their row in `erasure.standards`."""

from __future__ import annotations

from collections.abc import Callable

from appliance.erasure.methods import nvme_format, overwrite
from appliance.erasure.site import Site
from appliance.model import Attempt, MethodOption

PERFORMERS: dict[str, Callable[[Site, MethodOption], Attempt]] = {
    "overwrite": overwrite.perform,
    "nvme-format-user-data": nvme_format.perform,
}
