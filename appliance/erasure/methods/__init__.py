"""The methods that this version performs, by the id of their row in `erasure.standards`."""

from __future__ import annotations

from collections.abc import Callable

from appliance.erasure.methods import ata_sanitize, ata_security, nvme_format, overwrite
from appliance.erasure.site import Site
from appliance.model import Attempt, MethodOption

PERFORMERS: dict[str, Callable[[Site, MethodOption], Attempt]] = {
    "overwrite": overwrite.perform,
    "ata-sanitize-crypto-block": ata_sanitize.crypto_block,
    "ata-sanitize-block": ata_sanitize.block,
    "ata-sanitize-crypto": ata_sanitize.crypto,
    "ata-sanitize-overwrite": ata_sanitize.overwrite,
    "ata-sanitize-crypto-overwrite": ata_sanitize.crypto_overwrite,
    "ata-erase-enhanced": ata_security.enhanced,
    "ata-erase": ata_security.normal,
    "nvme-format-user-data": nvme_format.perform,
}
