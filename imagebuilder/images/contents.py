"""What is inside an image, in lists that machines and people read: packages and SBOM.

The SBOM is CycloneDX 1.6 in JSON, one component for each Debian package, with the SHA-256 of its
package file.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from imagebuilder.images.chroot import in_tree
from imagebuilder.images.lock import Lock
from imagebuilder.images.profile import Profile

_FORMAT = r"${Package}\t${Version}\t${Architecture}\t${source:Package}\t${Maintainer}\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    name: str
    version: str
    architecture: str
    source: str
    maintainer: str


def packages(tree: Path) -> tuple[Package, ...]:
    """The Debian packages of the tree, by name."""
    listing = in_tree(tree, ["dpkg-query", "-W", "-f", _FORMAT])
    rows = (line.split("\t") for line in listing.splitlines())
    found = (
        Package(name=name, version=version, architecture=arch, source=source, maintainer=maintainer)
        for name, version, arch, source, maintainer in rows
    )
    return tuple(sorted(found, key=lambda package: package.name))


def difference(found: tuple[Package, ...], lock: Lock) -> tuple[str, ...]:
    """Packages that the tree has and the lock has not, or the other way round; empty: none."""
    built = {f"{item.name} {item.version}" for item in found}
    return tuple(sorted(built ^ {f"{item.name} {item.version}" for item in lock.packages}))


def sbom(profile: Profile, version: str, lock: Lock, found: tuple[Package, ...]) -> str:
    """The CycloneDX document; the same packages and lock give the same text."""
    digests = {item.name: item.sha256 for item in lock.packages}
    listed = hashlib.sha256(
        "".join(f"{item.name}={item.version}\n" for item in found).encode()
    ).digest()[:16]
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.UUID(bytes=listed, version=5)}",
        "version": 1,
        "metadata": {
            "timestamp": datetime.fromtimestamp(lock.epoch, UTC).isoformat().replace("+00:00", "Z"),
            "component": {
                "type": "operating-system",
                "bom-ref": "image",
                "name": profile.name,
                "version": version,
                "description": profile.title.en,
            },
        },
        "components": [
            {
                "type": "library",
                "bom-ref": _purl(item, profile.release),
                "name": item.name,
                "version": item.version,
                "purl": _purl(item, profile.release),
                "supplier": {"name": item.maintainer},
                "hashes": [{"alg": "SHA-256", "content": digests[item.name]}],
                "properties": [{"name": "debian:source", "value": item.source}],
            }
            for item in found
        ],
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def _purl(item: Package, release: str) -> str:
    name, version = quote(item.name, safe=""), quote(item.version, safe="")
    return f"pkg:deb/debian/{name}@{version}?arch={item.architecture}&distro={release}"
