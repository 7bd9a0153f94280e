"""The system bus, as far as the assistant needs it: call a method, read a property.

The one place that turns D-Bus errors into `ServiceError`, which says which service failed.
"""

from __future__ import annotations

from typing import Any

from gi.repository import Gio, GLib

# An account on a slow disk takes longer than D-Bus waits by itself (25 s): seen on a busy machine.
_TIMEOUT_MS = 300_000


class ServiceError(Exception):
    """A service of the system did not do what it was asked. `service`: its short name."""

    def __init__(self, service: str, problem: str) -> None:
        self.service, self.problem = service, problem
        super().__init__(f"{service}: {problem}")


def call(name: str, path: str, interface: str, method: str, kind: str = "()", *values: Any) -> Any:
    """Call a method of a service on the system bus; its results as Python values.

    `kind`: the D-Bus signature of all arguments in brackets.
    """
    try:
        bus = Gio.bus_get_sync(Gio.BusType.SYSTEM)
        arguments = GLib.Variant(kind, values)
        answer = bus.call_sync(
            name, path, interface, method, arguments, None, Gio.DBusCallFlags.NONE, _TIMEOUT_MS
        )
    except GLib.Error as error:
        raise ServiceError(name.rpartition(".")[2], error.message) from error
    return answer.unpack()


def prop(name: str, path: str, interface: str, what: str) -> Any:
    """A property of an object on the system bus."""
    properties = "org.freedesktop.DBus.Properties"
    (value,) = call(name, path, properties, "Get", "(ss)", interface, what)
    return value
