"""Which Debian mirror to use: the one that this machine's own apt is configured with.

No host name stands in this repository. Where apt knows no Debian archive, mmdebstrap's own default
is taken by giving it none.
"""

import shlex
import tempfile
from pathlib import Path

from imagebuilder.run import ProgramError, run

RELEASE = "trixie"

# The apt settings of this machine that a fresh root needs to reach the archive as we do.
_CARRIED_SETTINGS = (
    "Acquire::http::Proxy",
    "Acquire::https::Proxy",
    "Acquire::Check-Valid-Until",
    "Acquire::Check-Date",
)


def archives() -> dict[str, str]:
    """Base addresses by Release label (`Debian`, `Debian-Security`), as apt knows them."""
    try:
        listing = run(
            ["apt-get", "indextargets", "--format", "$(LABEL)|$(REPO_URI)|$(ORIGIN)"]
        ).text
    except ProgramError:
        return {}
    found: dict[str, str] = {}
    for line in listing.splitlines():
        label, _, rest = line.partition("|")
        address, _, origin = rest.partition("|")
        if origin == "Debian" and address:
            found.setdefault(label, address)
    return found


def sources(components: str = "main") -> list[str]:
    """`deb` lines for our release to be given to mmdebstrap; empty for mmdebstrap's default."""
    known = archives()
    main = known.get("Debian")
    if main is None:
        return []
    lines = [f"deb {main} {suite} {components}" for suite in (RELEASE, f"{RELEASE}-updates")]
    security = known.get("Debian-Security")
    if security is not None:
        lines.append(f"deb {security} {RELEASE}-security {components}")
    return lines


def backports_hook(packages: str) -> str:
    """A setup hook for mmdebstrap: the same mirror's backports, for these packages only.

    `packages` is a list of patterns as in apt_preferences(5).
    """
    rewrite = f"s/^(deb .*) {RELEASE} (.*)/\\1 {RELEASE}-backports \\2/p"
    return (
        'mkdir -p "$1/etc/apt/preferences.d" "$1/etc/apt/sources.list.d"; '
        f'sed -nE "{rewrite}" "$1/etc/apt/sources.list" '
        '> "$1/etc/apt/sources.list.d/backports.list"; '
        f'printf "Package: {packages}\\nPin: release n={RELEASE}-backports\\n'
        'Pin-Priority: 600\\n" > "$1/etc/apt/preferences.d/backports"'
    )


def apt_options() -> list[str]:
    """mmdebstrap arguments that carry over what this machine's apt needs to reach its mirror."""
    return [f'--aptopt={name} "{value}"' for name, value in apt_settings().items()]


def apt_settings() -> dict[str, str]:
    """Settings of apt, by name: no recommendations, and how this machine reaches its mirror."""
    settings = {"APT::Install-Recommends": "false"}
    for name in _CARRIED_SETTINGS:
        try:
            value = run(["apt-config", "shell", "VALUE", name]).text
        except ProgramError:
            continue
        words = shlex.split(value.partition("=")[2])
        if words:
            settings[name] = words[0]
    return settings


def default_sources(components: str = "main") -> list[str]:
    """The `deb` lines that the release itself comes with, as mmdebstrap knows them.

    What an installed system is to use, wherever it was built. mmdebstrap writes them before it
    downloads anything, and is stopped there.
    """
    with tempfile.TemporaryDirectory(prefix="tajdeed-sources-") as directory:
        kept = Path(directory) / "sources.list"
        hook = f'--setup-hook=cp "$1/etc/apt/sources.list" "{kept}"; exit 9'
        words = ["mmdebstrap", "--mode=root", f"--components={components.replace(' ', ',')}", hook]
        try:
            run([*words, RELEASE, Path(directory) / "nothing.tar"])
        except ProgramError:
            if not kept.is_file():
                raise
        lines = kept.read_text().splitlines()
    return [line.strip() for line in lines if line.startswith("deb ")]
