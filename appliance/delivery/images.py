"""The courier's part in images from servers: fetch the manifests, pass the data on to workers.

The manifests go into files that the engine looks at, the data through a Unix socket that only
root may open. It judges nothing: whoever gets these bytes checks signature and SHA-256. Only
the servers that the settings name are asked, for nothing but images.
"""

from __future__ import annotations

import json
import os
import socketserver
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from appliance.delivery.download import Directory, steady
from appliance.delivery.patience import Patience
from appliance.imaging import relay
from appliance.imaging.errors import ImageSourceError
from appliance.imaging.manifest import DATA_NAME, MANIFEST_NAME
from appliance.imaging.remote import FOUND_NAME, INDEX_NAME, Found, folder
from appliance.model import Reason, to_json
from appliance.statement import durable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_MOST_INDEX_BYTES = 64 << 10
_MOST_MANIFEST_BYTES = 16 << 20
_MOST_IMAGES = 50
# A network that is not up yet is no news; after so long it is.
_HOPE_S = 45.0
_FIRST_WAIT_S, _LONGEST_WAIT_S = 2.0, 60.0


class Seeker:
    """Asks one server for its images until it has told all that it has.

    `names`: the images to ask for; without any, those of the server's own list.
    """

    def __init__(
        self, directory: Directory, names: Sequence[str], root: Path, *, hope_s: float = _HOPE_S
    ) -> None:
        self._directory, self._names, self._root = directory, tuple(names), root
        self._patience = Patience(_FIRST_WAIT_S, _LONGEST_WAIT_S)
        self._hope_until = time.monotonic() + hope_s
        self._done = False
        self._said: Found | None = None

    def round(self) -> None:
        """Ask if it is time to; what came, or why nothing did, is in the files afterwards."""
        now = time.monotonic()
        if self._done or not self._patience.due(now):
            return
        self._root.mkdir(mode=0o755, parents=True, exist_ok=True)
        lengths: dict[str, int] = {}
        reasons: list[Reason] = []
        try:
            for name in self._names or self._listed():
                try:
                    lengths[name] = self._fetch(name)
                except ImageSourceError as error:
                    # Of the names that were asked for a server need not have all.
                    if error.facts.get("status") != 404:
                        raise
                    reasons.append(_missing(self._directory.url, name))
        except (ImageSourceError, OSError) as error:
            self._patience.failed(now)
            asking = now < self._hope_until
            reasons.append(_why(error, self._directory.url))
            self._say(
                Found(source=self._directory.url, asking=asking, lengths={}, reasons=tuple(reasons))
            )
            return
        self._done = True
        self._say(
            Found(
                source=self._directory.url,
                asking=False,
                lengths=lengths,
                reasons=() if lengths else tuple(reasons),
            )
        )

    def go_on(self) -> None:
        """Ask until all is known."""
        while not self._done:
            self.round()
            time.sleep(0.5)

    def _listed(self) -> list[str]:
        """The names in the server's list; what cannot be one is passed over."""
        text = self._directory.small(INDEX_NAME, _MOST_INDEX_BYTES).decode("utf-8", "replace")
        names = [line.strip() for line in text.splitlines()]
        return [name for name in names if relay.NAME.fullmatch(name)][:_MOST_IMAGES]

    def _fetch(self, name: str) -> int:
        """Put an image's manifest into its folder; the length of its data, -1 if unknown."""
        manifest = self._directory.small(f"{name}/{MANIFEST_NAME}", _MOST_MANIFEST_BYTES)
        length = self._directory.length(f"{name}/{DATA_NAME}")
        place = self._root / name
        place.mkdir(mode=0o755, exist_ok=True)
        durable.write(place / MANIFEST_NAME, manifest, 0o644)
        return -1 if length is None else length

    def _say(self, found: Found) -> None:
        if found != self._said:
            durable.write(self._root / FOUND_NAME, json.dumps(to_json(found)).encode(), 0o644)
            self._said = found


def watch(
    sources: Sequence[str], names: Sequence[str], root: Path, *, pinned: str = "", proxy: str = ""
) -> None:
    """Seek images at the servers among `sources`, and pass their data on, in threads of our own."""
    directories = {
        place: Directory(source, pinned=pinned, proxy=proxy)
        for place, source in enumerate(sources)
        if relay.is_remote(source)
    }
    if not directories:
        return
    Passage(root / relay.SOCKET_NAME, list(directories.values())).start()
    seekers = [
        Seeker(directory, names, folder(root, place)) for place, directory in directories.items()
    ]
    for seeker in seekers:
        threading.Thread(target=seeker.go_on, name="images", daemon=True).start()


def _missing(source: str, image: str) -> Reason:
    return Reason(code="image-not-at-source", facts={"image": image, "source": source})


def _why(error: ImageSourceError | OSError, source: str) -> Reason:
    if isinstance(error, ImageSourceError):
        return Reason(code=error.code, facts=error.facts)
    return Reason(
        code="image-source-unreachable", facts={"source": source, "problem": str(error)[:200]}
    )


class Passage:
    """Passes the data of images on to workers, at a Unix socket."""

    def __init__(
        self,
        path: Path,
        directories: Sequence[Directory],
        *,
        patience_s: float = 1800.0,
        first_wait_s: float = 1.0,
    ) -> None:
        self._directories = {directory.url: directory for directory in directories}
        self._patience_s, self._first_wait_s = patience_s, first_wait_s
        path.unlink(missing_ok=True)
        passage = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                passage.serve(self.rfile.readline(relay.MAX_REQUEST), self.wfile.write)

        class Server(socketserver.ThreadingUnixStreamServer):
            daemon_threads = True

            def handle_error(self, request: object, client_address: object) -> None:
                """A worker that went away, or asked nonsense: it hears nothing more."""

        mask = os.umask(0o177)
        try:
            self._server = Server(str(path), Handler)
        finally:
            os.umask(mask)

    def start(self) -> None:
        threading.Thread(target=self._server.serve_forever, name="images", daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def serve(self, line: bytes, write: Callable[[bytes], object]) -> None:
        """Answer one request; ValueError for one that makes no sense."""
        part = relay.asked(line)
        try:
            for item in self._steady(part):
                if isinstance(item, Reason):
                    write(relay.told(relay.WAITING, item))
                else:
                    write(relay.message(relay.DATA, item))
        except ImageSourceError as error:
            write(relay.told(relay.ERROR, Reason(code=error.code, facts=error.facts)))
        else:
            write(relay.message(relay.END))

    def _steady(self, part: relay.Part) -> Iterator[bytes | Reason]:
        directory = self._directories.get(part.source)
        if directory is None:
            raise ImageSourceError("image-source-unknown", source=part.source)
        name = f"{part.image}/{DATA_NAME}"
        return steady(
            lambda at: directory.data(name, at, part.end, part.total),
            part.offset,
            part.end,
            source=part.source,
            patience_s=self._patience_s,
            first_wait_s=self._first_wait_s,
        )
