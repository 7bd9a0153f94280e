"""One HTTPS request to a central server, by requests: pinned, bounded, no surprises.

TLS always, against pinned CA certificates only. No redirects, no cookies, no credentials,
answers bounded in size, nothing from the environment. The server's word for the time is
measured on every answer. It does not know what a statement is. requests is imported at the
first request: it takes seconds on an old machine.
"""

from __future__ import annotations

import email.utils
import json
import ssl
import tempfile
import time
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from appliance.delivery import tls
from appliance.errors import ConfigError, DeliveryError

MAX_ANSWER = 16 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the server said; `offset_s` is its clock minus ours, None where it named no time."""

    status: int
    content_type: str
    body: bytes
    offset_s: float | None

    def json(self) -> dict[str, Any]:
        """The body as a JSON object; DeliveryError where it is none."""
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise DeliveryError("server-strange", status=self.status) from error
        if not isinstance(value, dict):
            raise DeliveryError("server-strange", status=self.status)
        return value

    @property
    def problem(self) -> dict[str, Any] | None:
        """The RFC 9457 problem document; None where the answer is not one.

        A captive portal or a wrong address answers 4xx as well, and says nothing about a
        statement by it.
        """
        if self.content_type != "application/problem+json":
            return None
        return self.json()


class Wire:
    """Requests to one server."""

    def __init__(self, url: str, ca_pem: str, proxy: str = "", timeout_s: float = 20.0) -> None:
        parts = urllib.parse.urlsplit(url)
        if parts.scheme != "https" or not parts.hostname or parts.username or parts.query:
            raise ConfigError("server-url-bad", url=url)
        if not ca_pem.strip():
            raise ConfigError("server-without-ca", url=url)
        self.url = url.rstrip("/")
        self._proxies = tls.proxies(proxy)
        self._timeout_s = timeout_s
        self._ca_pem = ca_pem

    def post(self, path: str, body: bytes, content_type: str) -> Answer:
        return self._request("POST", path, body, {"Content-Type": content_type})

    def get(self, path: str) -> Answer:
        return self._request("GET", path, None, {})

    def _request(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> Answer:
        """One request; DeliveryError `server-unreachable` or `server-untrusted`.

        A donated PC's clock is often years wrong. When only the validity dates of the
        server's certificate do not fit, the request is repeated without looking at them: the
        chain to our own pinned CA still holds, and what we send is signed by itself.
        """
        import requests

        check_time = True
        while True:
            try:
                return self._once(method, path, body, headers, check_time=check_time)
            except requests.exceptions.SSLError as error:
                cause = tls.certificate_error(error)
                if cause is None:
                    raise self._unreachable(error) from error
                if not check_time or cause.verify_code not in tls.TIME_ERRORS:
                    raise self._untrusted(cause) from error
                check_time = False
            except (requests.exceptions.RequestException, OSError) as error:
                raise self._unreachable(error) from error

    def _once(
        self,
        method: str,
        path: str,
        body: bytes | None,
        headers: Mapping[str, str],
        *,
        check_time: bool,
    ) -> Answer:
        begin = time.time()
        with (
            tempfile.NamedTemporaryFile(prefix="tajdeed-ca-", suffix=".pem") as ca,
            tls.session(self._proxies, check_time=check_time) as session,
        ):
            # requests takes the authorities that count as a file, and then no others.
            ca.write(self._ca_pem.encode())
            ca.flush()
            session.verify = ca.name
            response = session.request(
                method,
                self.url + path,
                data=body,
                headers={"User-Agent": "tajdeed-courier", **headers},
                timeout=self._timeout_s,
                allow_redirects=False,
                stream=True,
            )
            with response:
                data = b""
                for piece in response.iter_content(64 << 10):
                    data += piece
                    if len(data) > MAX_ANSWER:
                        raise DeliveryError("server-strange", status=response.status_code)
        middle = (begin + time.time()) / 2
        return Answer(
            status=response.status_code,
            content_type=response.headers.get("Content-Type", "").partition(";")[0].strip(),
            body=data,
            offset_s=_offset(response.headers.get("Date"), middle),
        )

    def _unreachable(self, error: Exception) -> DeliveryError:
        return DeliveryError("server-unreachable", server=self.url, problem=str(error)[:200])

    def _untrusted(self, error: ssl.SSLCertVerificationError) -> DeliveryError:
        return DeliveryError(
            "server-untrusted", server=self.url, problem=str(error.verify_message)[:200]
        )


def _offset(date: str | None, ours: float) -> float | None:
    """The server's clock minus ours, in seconds; its Date header counts whole seconds."""
    try:
        theirs = email.utils.parsedate_to_datetime(date or "")
    except ValueError:
        return None
    if theirs.tzinfo is None:
        theirs = theirs.replace(tzinfo=UTC)
    return round((theirs - datetime.fromtimestamp(ours, UTC)).total_seconds() + 0.5, 1)
