"""Runs inside a family's session: what a screen reader would find there, as JSON lines.

`screenreader.py NAME...`: every control or window of one of these names that is shown, with its
role, its place on the screen, and whether it can be used; without names, everything that is shown
and has one. Speaks AT-SPI over D-Bus itself, for the image has no library for that.
"""

import contextlib
import json
import sys
from collections.abc import Iterator
from typing import Any

from gi.repository import Gio, GLib

_ROOT = "/org/a11y/atspi/accessible/root"
_PREFIX = "org.a11y.atspi"
_REGISTRY = "org.a11y.atspi.Registry"
# Numbers of AtspiStateType and AtspiCoordType
_SENSITIVE, _SHOWING = 24, 25
_SCREEN = 0
_TIMEOUT_MS = 20_000


def call(bus: Any, name: str, path: str, interface: str, method: str, args: Any = None) -> Any:
    answer = bus.call_sync(
        name, path, interface, method, args, None, Gio.DBusCallFlags.NONE, _TIMEOUT_MS
    )
    return answer.unpack()


def accessibility_bus() -> Any:
    session = Gio.bus_get_sync(Gio.BusType.SESSION)
    switched = GLib.Variant("(ssv)", ("org.a11y.Status", "IsEnabled", GLib.Variant("b", True)))
    properties = "org.freedesktop.DBus.Properties"
    call(session, "org.a11y.Bus", "/org/a11y/bus", properties, "Set", switched)
    (address,) = call(session, "org.a11y.Bus", "/org/a11y/bus", "org.a11y.Bus", "GetAddress")
    kinds = Gio.DBusConnectionFlags
    bus = Gio.DBusConnection.new_for_address_sync(
        address, kinds.AUTHENTICATION_CLIENT | kinds.MESSAGE_BUS_CONNECTION, None, None
    )
    # GTK keeps its list of what is shown only while somebody listens.
    every = GLib.Variant("(sass)", ("object:", [], ""))
    call(bus, _REGISTRY, "/org/a11y/atspi/registry", _REGISTRY, "RegisterEvent", every)
    return bus


def shown(bus: Any) -> Iterator[tuple[str, str, str, int]]:
    """Program, path, name and low half of the states of everything that is shown."""
    (programs,) = call(bus, _REGISTRY, _ROOT, f"{_PREFIX}.Accessible", "GetChildren")
    for program, _ in programs:
        # One that is starting, ending or busy is looked at the next time.
        with contextlib.suppress(GLib.Error):
            yield from shown_by(bus, program)


def shown_by(bus: Any, program: str) -> Iterator[tuple[str, str, str, int]]:
    (items,) = call(bus, program, "/org/a11y/atspi/cache", f"{_PREFIX}.Cache", "GetItems")
    told = set()
    for item in items:
        (_, path), name, states = item[0], item[6], item[9]
        told.add(path)
        if name and states and states[0] >> _SHOWING & 1:
            yield program, path, name, states[0]
    # LibreOffice tells only its root at once; its windows are the root's children.
    (windows,) = call(bus, program, _ROOT, f"{_PREFIX}.Accessible", "GetChildren")
    for _, path in windows:
        if path not in told:
            (states,) = call(bus, program, path, f"{_PREFIX}.Accessible", "GetState")
            name = named(bus, program, path)
            if name and states[0] >> _SHOWING & 1:
                yield program, path, name, states[0]


def named(bus: Any, program: str, path: str) -> str:
    asked = GLib.Variant("(ss)", (f"{_PREFIX}.Accessible", "Name"))
    properties = "org.freedesktop.DBus.Properties"
    (name,) = call(bus, program, path, properties, "Get", asked)
    return str(name)


def described(bus: Any, program: str, path: str, name: str, states: int) -> dict[str, Any] | None:
    try:
        (place,) = call(
            bus,
            program,
            path,
            f"{_PREFIX}.Component",
            "GetExtents",
            GLib.Variant("(u)", (_SCREEN,)),
        )
        (role,) = call(bus, program, path, f"{_PREFIX}.Accessible", "GetRoleName")
    except GLib.Error:
        return None
    usable = bool(states >> _SENSITIVE & 1)
    return {"name": name, "role": role, "place": place, "usable": usable}


def main(names: list[str]) -> None:
    bus = accessibility_bus()
    for program, path, name, states in shown(bus):
        if not names or any(name == one or one in name for one in names):
            found = described(bus, program, path, name, states)
            if found is not None:
                print(json.dumps(found))


main(sys.argv[1:])
