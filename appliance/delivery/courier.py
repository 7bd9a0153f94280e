"""`tajdeed courier`: carries statements to the central servers and brings receipts back.

Runs as its own user with network, without devices and without the station's key. It only
reads the outbox; what it learns stands in its own directory, where the engine looks for it.
It also fetches images from servers for workers, which have no network (see `images`).
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from appliance import settings
from appliance.delivery.link import Link
from appliance.delivery.outbox import COURIER_DIR, OUTBOX_DIR, Outbox, State
from appliance.delivery.timeserver import TimeServer
from appliance.delivery.wire import Wire
from appliance.errors import ConfigError
from appliance.i18n import _
from appliance.imaging.relay import RELAY_DIR
from appliance.model import Reason, to_json
from appliance.statement.trust import TRUST_DIR, Trust


class Courier:
    """All servers, one after the other; the first is the one whose receipts count."""

    def __init__(
        self,
        outbox: Outbox,
        links: Sequence[Link],
        problem: Reason | None = None,
        times: TimeServer | None = None,
    ) -> None:
        self._outbox = outbox
        self._links = tuple(links)
        self._problem = problem
        self._times = times
        self._told: dict[str, dict[str, Any]] = {}

    def round(self) -> None:
        """One look at every server, then the word about it for the engine."""
        for link in self._links:
            link.round()
        self._tell("status.json", self.status())
        source = "server"
        offset = next((li.offset_s for li in self._links if li.offset_s is not None), None)
        if offset is None and self._times is not None:
            self._times.round()
            source, offset = "ntp", self._times.offset_s
        if offset is not None:
            # To whole seconds: the file is written when it changes, not with every answer.
            self._tell("clock.json", {"source": source, "offset_s": float(round(offset))})

    def status(self) -> dict[str, Any]:
        """The JSON form of `appliance.job.state.Delivery`."""
        states = [entry.state for entry in self._outbox.entries()]
        first = self._links[0] if self._links else None
        return {
            "waiting": states.count(State.WAITING),
            "registered": states.count(State.REGISTERED),
            "held": states.count(State.HELD),
            "refused": states.count(State.REFUSED),
            "server": first.wire.url if first else "",
            "last_error": to_json(first.last_error if first else self._problem),
            "online": first.online if first else None,
        }

    def _tell(self, name: str, value: dict[str, Any]) -> None:
        if self._told.get(name) != value:
            self._outbox.notes.tell(name, value)
            self._told[name] = value


def links(
    servers: Sequence[dict[str, str]], outbox: Outbox, trust_dir: Path, proxy: str = ""
) -> list[Link]:
    """The links of the settings' servers. CA certificates come from the trust directory only.

    A server's `ca` names one file there; without it every pinned certificate counts.
    """
    made = []
    for index, server in enumerate(servers):
        name = Path(server.get("ca", "")).name
        files = [trust_dir / name] if name else sorted(trust_dir.glob("*.pem"))
        try:
            ca_pem = "\n".join(file.read_text("ascii") for file in files)
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError("server-ca-unreadable", url=server["url"], file=name) from error
        notes = outbox.mirror(server["url"]) if index else outbox.notes
        wire = Wire(server["url"], ca_pem, proxy)
        made.append(Link(wire, outbox, notes, lambda: Trust.read(trust_dir)))
    return made


def pass_on_images(chosen: settings.Settings, root: Path, trust_dir: Path) -> None:
    """Look for images on the servers of the settings, beside everything else; none is fine."""
    from appliance.delivery.images import watch

    wanted = chosen["image.choose"]
    names = () if wanted in ("auto", "none") else (wanted,)
    pinned = "\n".join(_text(file) for file in sorted(trust_dir.glob("*.pem")))
    watch(
        chosen["image.sources"] if wanted != "none" else (),
        names or chosen["image.allow"],
        root,
        pinned=pinned,
        proxy=chosen["network.proxy"],
    )


def _text(file: Path) -> str:
    """A certificate's text; an unreadable one pins nothing, and `links` says so."""
    try:
        return file.read_text("ascii")
    except (OSError, UnicodeDecodeError):
        return ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--outbox", type=Path, default=OUTBOX_DIR, help=_("statements to send"))
    parser.add_argument("--notes", type=Path, default=COURIER_DIR, help=_("the courier's files"))
    parser.add_argument("--trust", type=Path, default=TRUST_DIR, help=_("pinned CA certificates"))
    parser.add_argument("--config", type=Path, default=settings.STATION_FILE)
    parser.add_argument(
        "--relay", type=Path, default=Path(RELAY_DIR), help=_("where images are passed on")
    )
    parser.add_argument(
        "--once", action="store_true", help=_("look once at every server, then end")
    )


def run(args: argparse.Namespace) -> int:
    """Carry until ended. Exit 0; with --once 1 where something still waits."""
    outbox = Outbox(args.outbox, args.notes)
    outbox.notes.make()
    chosen = settings.read(args.config)
    made: list[Link] = []
    problem = None
    try:
        made = links(chosen["servers"], outbox, args.trust, chosen["network.proxy"])
    except ConfigError as error:
        # The engine goes on without us, and its screen shows why nothing is sent.
        problem = Reason(code=error.code, facts=error.facts)
    ntp = chosen["network.ntp"]
    courier = Courier(outbox, made, problem, TimeServer(ntp) if ntp else None)
    if not args.once:
        pass_on_images(chosen, args.relay, args.trust)
    while True:
        courier.round()
        if args.once:
            return 1 if courier.status()["waiting"] else 0
        time.sleep(1.0)
