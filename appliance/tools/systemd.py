"""systemd-run(1) and systemctl(1): transient units, and the confinement of a worker."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from appliance.tools import run

PROGRAM = "/usr/bin/tajdeed"
_SERVICES = Path("/sys/fs/cgroup/system.slice")


def worker_properties(
    nodes: Sequence[str], *, writable: Sequence[str], readable: Sequence[str]
) -> tuple[str, ...]:
    """systemd.resource-control(5) and systemd.exec(5) for a worker on a drive.

    DevicePolicy=closed: besides /dev/null and its like the kernel refuses every node that
    is not listed, also to root, also one made with mknod (which is refused as well).
    """
    properties = [
        "DevicePolicy=closed",
        *(f"DeviceAllow={node} rw" for node in nodes),
        "PrivateNetwork=yes",
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "ProtectHome=yes",
        "PrivateTmp=yes",
        "RestrictAddressFamilies=AF_UNIX AF_NETLINK",
        "InaccessiblePaths=-/var/lib/tajdeed/station",
        *(f"ReadWritePaths={path}" for path in writable),
        *(f"ReadOnlyPaths=-{path}" for path in readable),
        # Never ended from outside while it has a drive in its hands.
        "OOMScoreAdjust=-900",
        "TimeoutStopSec=infinity",
        "KillMode=process",
    ]
    return tuple(properties)


def copy_properties(folder: str) -> tuple[str, ...]:
    """For a unit that makes reading copies: no devices, no network, last in the queue.

    A nice value counts within one unit only; CPUWeight= stands between it and the workers.
    """
    return (
        "PrivateDevices=yes",
        "PrivateNetwork=yes",
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "ProtectHome=yes",
        "PrivateTmp=yes",
        "InaccessiblePaths=-/var/lib/tajdeed/station",
        f"ReadWritePaths={folder}",
        "CPUWeight=idle",
        "OOMScoreAdjust=500",
    )


def start_transient(unit: str, properties: Sequence[str], argv: Sequence[str]) -> None:
    """Start a program as a transient unit and return at once; ToolError if that fails."""
    options = [word for item in properties for word in ("--property", item)]
    run(("systemd-run", "--quiet", "--collect", f"--unit={unit}", *options, "--", *argv))


def is_running(unit: str) -> bool:
    """Whether a unit is active or on its way up or down."""
    state = run(("systemctl", "is-active", unit), ok=None).stdout.strip()
    return state in ("active", "activating", "deactivating", "reloading")


def has_processes(unit: str) -> bool:
    """Whether the kernel knows a process of a service (cgroups(7), `cgroup.events`).

    Costs next to nothing, while systemctl takes an old processor a tenth of a second. It says less
    than `is_running`: what a service left behind counts, too.
    """
    try:
        events = (_SERVICES / unit / "cgroup.events").read_text()
    except OSError:
        return False
    return "populated 1" in events.splitlines()


def start(unit: str) -> None:
    """Start a unit and wait for it, whatever it says."""
    run(("systemctl", "start", unit), timeout_s=120, ok=None)


def power_off() -> None:
    """Ask systemd to power the machine off."""
    run(("systemctl", "poweroff"), ok=None)


def device_nodes_exist(nodes: Sequence[str]) -> bool:
    """Whether every node is still there: systemd drops a DeviceAllow= of a missing one."""
    return all(Path(node).exists() for node in nodes)
