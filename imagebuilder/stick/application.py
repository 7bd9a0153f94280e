"""The layer over the base: the appliance's code, the stick's own configuration, masked units.

Rebuilt in seconds whenever a file of it changes. Nothing of it belongs to one stick only.
"""

import json
import shutil
import sysconfig
import tomllib
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from imagebuilder.catalogues import compile_catalogues
from imagebuilder.console import step
from imagebuilder.run import ProgramError, run
from imagebuilder.stick import font
from imagebuilder.stick.base import compile_python, squash
from imagebuilder.toolsroot import tools_root

REPOSITORY = Path(__file__).resolve().parents[2]

# Pure Python, from the private environment: what Debian 13 does not have.
_VENDORED = {"pySMART": "pySMART", "hijridate": "hijridate"}

# Units of Debian's packages that something could still start (nothing is wanted by default any
# more): three keys pressed by chance, and shells.
_MASKED = (
    *("ctrl-alt-del.target", "debug-shell.service", "emergency.service", "rescue.service"),
    *("getty@.service", "serial-getty@.service", "modprobe@.service", "systemd-logind.service"),
    *("systemd-networkd-wait-online.service", "systemd-networkd-persistent-storage.service"),
    *("systemd-network-generator.service", "systemd-rfkill.service", "systemd-rfkill.socket"),
    *("systemd-udev-load-credentials.service", "systemd-update-utmp.service"),
    *("systemd-journal-flush.service", "systemd-backlight@.service"),
)


def application_layer(base: Path, directory: Path) -> Path:
    """Build the layer in `directory` (emptied before) and return its squashfs."""
    tree, target = directory / "app", directory / "app.squashfs"
    shutil.rmtree(tree, ignore_errors=True)
    tree.mkdir(parents=True)
    with step("stick: application"):
        _configuration(tree)
        package_root = tree / "usr/lib/tajdeed"
        _code(package_root)
        _vendored(package_root / "vendor")
        font.write(package_root / "fonts", tools_root() / font.FACES.relative_to("/"))
        (package_root / "build.json").write_text(_build_record(base))
        compile_python(tree, [package_root])
        squash(tree, target)
    return target


def _configuration(tree: Path) -> None:
    shutil.copytree(Path(__file__).parent / "rootfs", tree, symlinks=True, dirs_exist_ok=True)
    units = tree / "etc/systemd/system"
    for name in _MASKED:
        (units / name).symlink_to("/dev/null")
    for name in ("var/lib/tajdeed", "run", "tmp"):
        (tree / name).mkdir(parents=True, exist_ok=True)


def _code(target: Path) -> None:
    """The appliance's package as the repository has it, its catalogues compiled."""
    ignored = shutil.ignore_patterns("__pycache__", "*.pyc", "*.mo", ".mypy_cache")
    shutil.copytree(REPOSITORY / "appliance", target / "appliance", ignore=ignored)
    compile_catalogues(target / "appliance/locale")


def _vendored(target: Path) -> None:
    libraries = Path(sysconfig.get_paths()["purelib"])
    ignored = shutil.ignore_patterns("__pycache__", "tests")
    for name in _VENDORED:
        shutil.copytree(libraries / name, target / name, ignore=ignored)


def version() -> str:
    """The product's version, from pyproject.toml."""
    with (REPOSITORY / "pyproject.toml").open("rb") as stream:
        return str(tomllib.load(stream)["project"]["version"])


def commit() -> str:
    """The commit that is built, marked when files differ from it; "unknown" outside git."""
    git = ["git", "-c", f"safe.directory={REPOSITORY}", "-C", str(REPOSITORY)]
    try:
        head = run([*git, "rev-parse", "HEAD"]).text.strip()
        changed = run([*git, "status", "--porcelain", "--untracked-files=no"]).text.strip()
    except ProgramError:
        return "unknown"
    return f"{head}-changed" if changed else head


def _build_record(base: Path) -> str:
    tools = json.loads((base / "tools.json").read_text())
    for name, distribution in _VENDORED.items():
        tools[name] = metadata.version(distribution)
    record = {
        "version": version(),
        "commit": commit(),
        "built_at": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "tools": tools,
    }
    return json.dumps(record, indent=1, sort_keys=True) + "\n"
