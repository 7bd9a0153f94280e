"""The methods that this version performs, by the id of their row in `erasure.standards`."""

from __future__ import annotations

from collections.abc import Callable

from appliance.erasure.methods import (
    ata_sanitize,
    ata_security,
    mmc_erase,
    nvme_format,
    nvme_sanitize,
    overwrite,
    scsi_sanitize,
)
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
    "nvme-sanitize-crypto-block": nvme_sanitize.crypto_block,
    "nvme-sanitize-block": nvme_sanitize.block,
    "nvme-sanitize-crypto": nvme_sanitize.crypto,
    "nvme-format-crypto": nvme_format.cryptographic,
    "nvme-format-user-data": nvme_format.user_data,
    "mmc-erase-sanitize": mmc_erase.erase_and_sanitize,
    "scsi-sanitize-block": scsi_sanitize.block,
    "scsi-sanitize-crypto-overwrite": scsi_sanitize.crypto_overwrite,
    "scsi-sanitize-overwrite": scsi_sanitize.overwriting,
}
