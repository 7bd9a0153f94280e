"""`tajdeed central`: the central server, with an embedded database unless DATABASE_URL is set.

The first start makes the CA, the receipt and office keys and the HTTPS certificate in the
data directory. It listens on loopback unless told otherwise, and with HTTPS always.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from appliance.central.home import DEFAULT_DIR
from appliance.central.words import _
from appliance.errors import ConfigError

DEFAULT_LISTEN = "127.0.0.1:8443"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, default=DEFAULT_DIR, help=_("the server's directory"))
    parser.add_argument(
        "--listen", default=DEFAULT_LISTEN, metavar="HOST:PORT", help=_("where to listen")
    )
    parser.add_argument(
        "--name",
        action="append",
        default=[],
        metavar="HOST",
        help=_("a name or address that sticks and people reach this server by; the first is shown"),
    )
    parser.add_argument(
        "--proxy",
        action="append",
        default=[],
        metavar="ADDRESS",
        help=_("a reverse proxy's address: its X-Forwarded-For says who sends"),
    )
    parser.add_argument(
        "--organisation", default="Tajdeed", help=_("name of the CA, at the first start")
    )


def run(args: argparse.Namespace) -> int:
    """Serve until ended by a signal."""
    import uvicorn

    from appliance.central.app import application
    from appliance.central.connections import Crowd, Patient, listeners
    from appliance.central.context import Context
    from appliance.central.database import Database
    from appliance.central.home import Home
    from appliance.statement import durable

    host, port = listening(args.listen)
    try:
        bound = listeners(host, port, Crowd(args.proxy))
    except OSError as error:
        raise ConfigError(
            "listen-failed", listen=args.listen, problem=error.strerror or ""
        ) from error
    home = Home.create(args.data, args.organisation)
    names = list(args.name) or [host]
    certificate, key = home.tls(names)
    context = Context(home, Database(home.database_url), address(names[0], port))
    durable.write(home.directory / "url", context.url.encode(), 0o644)
    sys.stdout.write(f"{context.url}  data: {home.directory}\n")
    sys.stdout.flush()
    server = uvicorn.Server(
        uvicorn.Config(
            application(context),
            http=Patient,
            # uvloop would accept connections without asking the listener.
            loop="asyncio",
            ssl_certfile=certificate,
            ssl_keyfile=key,
            log_level="warning",
            server_header=False,
            h11_max_incomplete_event_size=64 << 10,
            timeout_keep_alive=15,
            proxy_headers=bool(args.proxy),
            forwarded_allow_ips=args.proxy,
        )
    )
    server.run(sockets=list(bound))
    return 0


def listening(text: str) -> tuple[str, int]:
    """(host, port) of HOST:PORT; ConfigError `listen-bad` otherwise."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise ConfigError("listen-bad", listen=text)
    return host.strip("[]"), int(port)


def address(name: str, port: int) -> str:
    """The https address of a host name or address."""
    host = f"[{name}]" if ":" in name else name
    return f"https://{host}" if port == 443 else f"https://{host}:{port}"
