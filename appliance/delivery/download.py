"""Files of an images directory on a server: small ones whole, an image's data by byte ranges.

Neither TLS nor the server is what an image is trusted by: its manifest's signature and its
frames' SHA-256 are, and others check them. So a range is asked for without If-Range: where two
mirrors name one file differently, that would only fetch everything again, and a file that was
exchanged in between fails its frame. Public authorities count beside those that the stick pins.
Redirects are followed, but never from https to http.
"""

from __future__ import annotations

import contextlib
import re
import time
import urllib.parse
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from appliance.delivery import tls
from appliance.imaging.errors import ImageSourceError
from appliance.model import Reason

if TYPE_CHECKING:
    import requests

_PIECE = 256 << 10
_MOST_REDIRECTS = 5
_AGAIN_STATUS = (408, 425, 429)
_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")

# What may be otherwise a moment later.
PASSING = ("image-source-unreachable", "image-source-busy")


class Directory:
    """The images directory at one address. `pinned`: more authorities, PEM."""

    def __init__(
        self, url: str, *, pinned: str = "", proxy: str = "", timeout_s: float = 30.0
    ) -> None:
        self.url = url
        self._base = url.rstrip("/") + "/"
        self._pinned, self._proxies, self._timeout_s = pinned, tls.proxies(proxy), timeout_s

    def small(self, name: str, most_bytes: int) -> bytes:
        """A whole file; ImageSourceError, `image-source-strange` where it is larger."""
        with self._get(name, {}) as response:
            self._good(response, (200,))
            data = bytearray()
            for piece in self._pieces(response):
                data += piece
                if len(data) > most_bytes:
                    raise ImageSourceError(
                        "image-source-strange", source=self.url, problem=f"{name}: too large"
                    )
        return bytes(data)

    def length(self, name: str) -> int | None:
        """How many bytes a file has; None where the server does not say."""
        with self._get(name, {"Range": "bytes=0-0"}) as response:
            self._good(response, (200, 206))
            if response.status_code == 206:
                return self._range(response)[1]
            return _number(response.headers.get("Content-Length"))

    def data(self, name: str, offset: int, end: int, total: int) -> Iterator[bytes]:
        """The bytes `offset` to `end` as they come, fewer where the server ends early.

        A server without ranges sends all of it, and what lies before is thrown away.
        ImageSourceError `image-other-length` where the file has not `total` bytes.
        """
        with self._get(name, {"Range": f"bytes={offset}-{end - 1}"}) as response:
            self._good(response, (200, 206, 416))
            begin, has = 0, _number(response.headers.get("Content-Length"))
            if response.status_code != 200:
                begin, has = self._range(response)
            if has is not None and has != total:
                raise ImageSourceError(
                    "image-other-length", source=self.url, file=name, has=has, needs=total
                )
            if begin > offset or response.status_code == 416:
                raise ImageSourceError(
                    "image-source-strange", source=self.url, problem=f"{name}: another range"
                )
            at = begin
            for piece in self._pieces(response):
                kept = piece[max(0, offset - at) : end - at]
                at += len(piece)
                if kept:
                    yield kept
                if at >= end:
                    return

    def _range(self, response: requests.Response) -> tuple[int, int | None]:
        """First byte, and length of the whole file, by Content-Range (RFC 9110, 14.4)."""
        said = response.headers.get("Content-Range", "")
        if response.status_code == 416:
            return 0, _number(said.removeprefix("bytes */"))
        found = _CONTENT_RANGE.fullmatch(said.strip())
        if found is None:
            raise ImageSourceError(
                "image-source-strange", source=self.url, problem=f"Content-Range: {said[:80]}"
            )
        return int(found[1]), _number(found[3])

    def _good(self, response: requests.Response, fine: tuple[int, ...]) -> None:
        status = response.status_code
        if status in fine:
            return
        busy = status >= 500 or status in _AGAIN_STATUS
        raise ImageSourceError(
            "image-source-busy" if busy else "image-source-refused",
            source=self.url,
            address=response.url or self.url,
            status=status,
        )

    def _pieces(self, response: requests.Response) -> Iterator[bytes]:
        import urllib3

        try:
            # Below requests: nothing is decoded, and no byte is lost when the line breaks.
            while piece := response.raw.read1(_PIECE, decode_content=False):
                yield piece
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise self._unreachable(error) from error

    @contextlib.contextmanager
    def _get(self, name: str, headers: dict[str, str]) -> Iterator[requests.Response]:
        """One answer, redirects followed; the server's clock need not fit ours (see `tls`)."""
        import requests

        check_time = True
        while True:
            try:
                session = tls.session(self._proxies, check_time=check_time, more_pem=self._pinned)
            except OSError as error:
                raise self._untrusted(str(error)) from error
            with contextlib.closing(session):
                try:
                    response = self._followed(session, self._base + name, headers)
                except requests.exceptions.SSLError as error:
                    cause = tls.certificate_error(error)
                    if cause is None:
                        raise self._unreachable(error) from error
                    if not check_time or cause.verify_code not in tls.TIME_ERRORS:
                        raise self._untrusted(cause.verify_message) from error
                    check_time = False
                    continue
                except (requests.exceptions.RequestException, OSError) as error:
                    raise self._unreachable(error) from error
                with contextlib.closing(response):
                    yield response
                return

    def _followed(
        self, session: requests.Session, url: str, headers: dict[str, str]
    ) -> requests.Response:
        for _ in range(_MOST_REDIRECTS + 1):
            response = session.get(
                url,
                headers={"User-Agent": "tajdeed", "Accept-Encoding": "identity", **headers},
                timeout=self._timeout_s,
                allow_redirects=False,
                stream=True,
            )
            if not response.is_redirect:
                return response
            before, url = url, urllib.parse.urljoin(url, response.headers["Location"])
            response.close()
            allowed = ("https",) if before.startswith("https:") else ("https", "http")
            if urllib.parse.urlsplit(url).scheme not in allowed:
                raise ImageSourceError("image-source-redirects", source=self.url, address=url)
        raise ImageSourceError("image-source-redirects", source=self.url, address=url)

    def _untrusted(self, problem: str) -> ImageSourceError:
        return ImageSourceError("image-source-untrusted", source=self.url, problem=problem[:200])

    def _unreachable(self, error: Exception) -> ImageSourceError:
        return ImageSourceError(
            "image-source-unreachable", source=self.url, problem=str(error)[:200]
        )


def _number(said: str | None) -> int | None:
    return int(said) if said is not None and said.isdecimal() else None


def steady(
    fetch: Callable[[int], Iterator[bytes]],
    offset: int,
    end: int,
    *,
    source: str,
    patience_s: float = 1800.0,
    first_wait_s: float = 1.0,
    longest_wait_s: float = 30.0,
) -> Iterator[bytes | Reason]:
    """The bytes `offset` to `end` of a file over a line that breaks: no byte is asked for twice.

    `fetch(at)` gives the bytes from there on. Before each wait a Reason says why. After
    `patience_s` without a byte, or for what will not pass, the ImageSourceError is raised.
    """
    at, wait_s, came = offset, first_wait_s, time.monotonic()
    while at < end:
        try:
            for piece in fetch(at):
                yield piece
                at, wait_s, came = at + len(piece), first_wait_s, time.monotonic()
            problem = ImageSourceError(
                "image-source-unreachable", source=source, problem=f"ended at byte {at}"
            )
        except ImageSourceError as error:
            if error.code not in PASSING:
                raise
            problem = error
        if at >= end:
            return
        if time.monotonic() - came > patience_s:
            raise problem
        yield Reason(code=problem.code, facts=problem.facts)
        time.sleep(wait_s)
        wait_s = min(2 * wait_s, longest_wait_s)
