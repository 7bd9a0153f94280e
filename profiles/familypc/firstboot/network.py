"""Wi-Fi and cable, through NetworkManager: what is near, joining it, whether it costs.

A joined network is kept for all accounts. Joining waits for NetworkManager's verdict and takes
the connection back when it is none, so that a mistyped password leaves nothing behind.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from gi.repository import GLib

from familypc.firstboot.bus import ServiceError, call, prop

_NAME, _PATH = "org.freedesktop.NetworkManager", "/org/freedesktop/NetworkManager"
_DEVICE = f"{_NAME}.Device"
# NMDeviceType, NMDeviceState, NMActiveConnectionState, NM80211ApFlags of NetworkManager's API
_ETHERNET, _WIFI = 1, 2
_CONNECTED = 100
_ACTIVATED, _DEACTIVATED = 2, 4
_PRIVACY = 1
_KEY_SAE = 0x400
_KEY_PSK = 0x100
_ANY_POINT = "/"
_JOIN_S = 45


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """A Wi-Fi network near by. `strength` in per cent; `point`: its strongest access point.

    A `hidden` one does not tell its name; NetworkManager finds its access point by itself.
    """

    name: str
    strength: int
    locked: bool
    simultaneous: bool
    device: str
    point: str
    hidden: bool = False


def hidden(name: str, key: str, device: str) -> Network:
    """A network that does not show itself, of which only its name and password are known."""
    return Network(
        name=name,
        strength=0,
        locked=bool(key),
        simultaneous=False,
        device=device,
        point=_ANY_POINT,
        hidden=True,
    )


def strongest(found: list[Network]) -> tuple[Network, ...]:
    """Each name once, with its strongest access point; the strongest first."""
    best: dict[str, Network] = {}
    for network in found:
        if network.name and (
            network.name not in best or network.strength > best[network.name].strength
        ):
            best[network.name] = network
    return tuple(sorted(best.values(), key=lambda network: (-network.strength, network.name)))


def settings(network: Network, key: str, *, metered: bool) -> dict[str, dict[str, tuple[str, Any]]]:
    """The connection's settings as NetworkManager names them, each with its D-Bus type."""
    wanted: dict[str, dict[str, tuple[str, Any]]] = {
        "connection": {
            "id": ("s", network.name),
            "type": ("s", "802-11-wireless"),
            # NMMetered: 1 yes; 0 lets NetworkManager guess
            "metered": ("i", 1 if metered else 0),
        },
        "802-11-wireless": {"ssid": ("ay", network.name.encode())},
    }
    if network.hidden:
        wanted["802-11-wireless"]["hidden"] = ("b", True)
    if network.locked:
        # A network that knows only WPA3 must be told so; for all others WPA-PSK is right.
        kind = "sae" if network.simultaneous else "wpa-psk"
        wanted["802-11-wireless-security"] = {"key-mgmt": ("s", kind), "psk": ("s", key)}
    return wanted


def wired() -> bool:
    """Whether a cable connects this PC already."""
    return any(
        prop(_NAME, device, _DEVICE, "DeviceType") == _ETHERNET
        and prop(_NAME, device, _DEVICE, "State") == _CONNECTED
        for device in _devices()
    )


def adapters() -> list[str]:
    """The Wi-Fi adapters of this PC, as NetworkManager names them."""
    return [device for device in _devices() if prop(_NAME, device, _DEVICE, "DeviceType") == _WIFI]


def networks() -> tuple[Network, ...]:
    """The Wi-Fi networks near by; empty without a Wi-Fi adapter. Takes some seconds."""
    found: list[Network] = []
    for device in adapters():
        wireless = f"{_DEVICE}.Wireless"
        try:
            call(_NAME, device, wireless, "RequestScan", "(a{sv})", {})
            time.sleep(3)
        except ServiceError:
            # It has just scanned by itself, or is switched off: what it knows must do.
            pass
        (points,) = call(_NAME, device, wireless, "GetAllAccessPoints")
        found += [_network(device, point) for point in points]
    return strongest(found)


def join(network: Network, key: str, *, metered: bool) -> None:
    """Join and keep the network; `ServiceError` where it does not let us in."""
    chosen = {
        group: {name: GLib.Variant(kind, value) for name, (kind, value) in entries.items()}
        for group, entries in settings(network, key, metered=metered).items()
    }
    kept, active = call(
        _NAME,
        _PATH,
        _NAME,
        "AddAndActivateConnection",
        "(a{sa{sv}}oo)",
        chosen,
        network.device,
        network.point,
    )
    deadline = time.monotonic() + _JOIN_S
    state = 0
    while state != _ACTIVATED and time.monotonic() < deadline:
        try:
            state = prop(_NAME, active, f"{_NAME}.Connection.Active", "State")
        except ServiceError:
            state = _DEACTIVATED
        if state == _DEACTIVATED:
            break
        time.sleep(0.5)
    if state != _ACTIVATED:
        call(_NAME, kept, f"{_NAME}.Settings.Connection", "Delete")
        raise ServiceError("NetworkManager", f"{network.name}: not connected")


def _devices() -> list[str]:
    (devices,) = call(_NAME, _PATH, _NAME, "GetDevices")
    return list(devices)


def _network(device: str, point: str) -> Network:
    interface = f"{_NAME}.AccessPoint"
    wpa = prop(_NAME, point, interface, "WpaFlags")
    rsn = prop(_NAME, point, interface, "RsnFlags")
    flags = prop(_NAME, point, interface, "Flags")
    return Network(
        name=bytes(prop(_NAME, point, interface, "Ssid")).decode(errors="replace"),
        strength=int(prop(_NAME, point, interface, "Strength")),
        locked=bool(wpa or rsn or flags & _PRIVACY),
        simultaneous=bool(rsn & _KEY_SAE) and not (wpa | rsn) & _KEY_PSK,
        device=device,
        point=point,
    )
